"""/api/v1/interviews/<id>: what interviewers decide about those in the room."""

from typing import Literal

from pydantic import Field
from quart import Blueprint, Response

from rooms.moderation import Change
from rooms.participant import Role
from rooms.text import clean
from web.api.interview import InterviewAnswer, answer
from web.api.room import ActingBody
from web.auth import panelroom, public_base, require_principal
from web.body import Answer, documented, read_body

blueprint = Blueprint("participant", __name__, url_prefix="/api/v1/interviews/<interview_id>")

_MAX_REASON = 200


class ReasonedBody(ActingBody):
    reason: str | None = Field(
        None, description="Up to 200 characters; for the interviewers and for the person whom it concerns"
    )

    @property
    def cleaned_reason(self) -> str:
        return clean(self.reason or "", "reason", _MAX_REASON)


class ChangeBody(ReasonedBody):
    role: Literal[Role.INTERVIEWER, Role.OBSERVER] | None = Field(None, description="Of members only")
    muted: bool | None = Field(None, description="Whether this person may neither edit nor chat")


class RemoveBody(ReasonedBody):
    device: str | None = Field(None, description="Id of a device of the candidate, who is never removed as a person")


class ReadmitBody(ActingBody):
    device: str | None = Field(None, description="Id of a removed device of the candidate; without it, all of them")


class ParticipantAnswer(Answer):
    id: str
    name: str
    role: Role
    muted: bool
    muted_reason: str | None


@blueprint.post("/admit")
@documented(body=ActingBody, answers={200: InterviewAnswer})
async def admit(interview_id: str) -> InterviewAnswer:
    """Let candidate and guests in, who wait in the lobby until then."""
    base = public_base()
    principal = await require_principal()
    body = await read_body(ActingBody)
    return await answer(await panelroom().rooms.moderation.admit(principal, interview_id, body.on_behalf_of), base)


@blueprint.patch("/participants/<participant_id>")
@documented(body=ChangeBody, answers={200: ParticipantAnswer})
async def change(interview_id: str, participant_id: str) -> ParticipantAnswer:
    """Change a member's role, or mute somebody."""
    principal = await require_principal()
    body = await read_body(ChangeBody)
    changed = await panelroom().rooms.moderation.change(
        principal,
        interview_id,
        participant_id,
        Change(body.role, body.muted, body.cleaned_reason),
        body.on_behalf_of,
    )
    return ParticipantAnswer(
        id=changed.id,
        name=changed.name,
        role=changed.role,
        muted=changed.muted_reason is not None,
        muted_reason=changed.muted_reason,
    )


@blueprint.post("/participants/<participant_id>/remove")
@documented(body=RemoveBody, answers={204: "The participant, or the device, is out and does not come back"})
async def remove(interview_id: str, participant_id: str) -> Response:
    """Remove somebody from the room, or one device of the candidate's."""
    principal = await require_principal()
    body = await read_body(RemoveBody)
    await panelroom().rooms.moderation.remove(
        principal,
        interview_id,
        participant_id,
        device_id=body.device,
        reason=body.cleaned_reason,
        on_behalf_of=body.on_behalf_of,
    )
    return Response(status=204)


@blueprint.post("/participants/<participant_id>/readmit")
@documented(body=ReadmitBody, answers={204: "The participant, or the device, may join again"})
async def readmit(interview_id: str, participant_id: str) -> Response:
    """Undo a removal: whoever was removed may come by the link again, and gets the seat that is due then."""
    principal = await require_principal()
    body = await read_body(ReadmitBody)
    await panelroom().rooms.moderation.readmit(
        principal, interview_id, participant_id, device_id=body.device, on_behalf_of=body.on_behalf_of
    )
    return Response(status=204)

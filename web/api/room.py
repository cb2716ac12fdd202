"""/api/v1/interviews/<id>: coming in, leaving, finish and reopen."""

from pydantic import Field
from quart import Blueprint, Response, request
from werkzeug.http import dump_cookie

from rooms.errors import OnBehalfMissing, ScopeMissing
from rooms.key import Scope
from rooms.member import Member
from rooms.participant import MEMBERS_ONLY, Role
from rooms.policy import State
from rooms.principal import Principal
from rooms.service import Joined
from rooms.text import clean_name
from web.api.interview import InterviewAnswer, answer
from web.auth import (
    came_to,
    came_to_known_host,
    optional_principal,
    panelroom,
    public_base,
    require_principal,
)
from web.body import Answer, Body, documented, read_body
from web.browser import browser_of
from web.moment import Moment
from web.origin import Arrival
from web.problem import TooManyRequests

blueprint = Blueprint("room", __name__, url_prefix="/api/v1/interviews/<interview_id>")

DEVICE_COOKIE = "panelroom_device"
_DEVICE_S = 400 * 86_400  # browsers keep nothing for longer
_SOCKET_SCHEMES = {"http": "ws", "https": "wss"}


class JoinBody(Body):
    role: Role = Field(alias="as")
    name: str | None = None
    on_behalf_of: str | None = Field(None, description="A member's e-mail address; keys only")
    resume: str | None = Field(None, description="An earlier ticket")


class AdmissionAnswer(Answer):
    state: State
    place: int | None
    reason: str | None


class OpenedDocument(Answer):
    id: str
    url: str
    may_write: bool


class JoinAnswer(Answer):
    """A participant's ticket, and where to use it."""

    participant_id: str
    role: Role
    admission: AdmissionAnswer
    documents: list[OpenedDocument]
    events_url: str
    ticket: str
    expires_at: Moment


class LeaveBody(Body):
    ticket: str
    done: bool = Field(False, description="Whether this was the person's part of the interview")


class ActingBody(Body):
    on_behalf_of: str | None = Field(None, description="An interviewer's e-mail address; needed with a key")


@blueprint.post("/join")
@documented(body=JoinBody, answers={200: JoinAnswer})
async def join(interview_id: str) -> tuple[JoinAnswer, int, dict[str, str]]:
    """Come in. Without credentials as candidate or guest."""
    try:
        joined = await _join(interview_id)
    except Exception as error:
        panelroom().metrics.joined(error)
        raise
    panelroom().metrics.joined(joined.admission.state)
    arrived = came_to_known_host()
    headers = {} if joined.device is None else {"Set-Cookie": _device_cookie(joined.device, arrived)}
    return _admitted(joined, arrived), 200, headers


async def _join(interview_id: str) -> Joined:
    wait_s = panelroom().joins.wait_s(came_to().address)
    if wait_s:
        raise TooManyRequests(wait_s)
    came_to_known_host()
    body = await read_body(JoinBody)
    # However many come at once, the candidate waits for one of them at most.
    async with panelroom().door.taken(first=body.role is Role.CANDIDATE):
        principal = await optional_principal()
        member = await _member(principal, body)
        return await panelroom().rooms.join(
            interview_id,
            body.role,
            name=clean_name(body.name or ""),
            member=member,
            session_id=None if principal is None else principal.session_id,
            resume=body.resume,
            device=request.cookies.get(DEVICE_COOKIE),
            browser=browser_of(request.headers.get("User-Agent", "")),
        )


def _device_cookie(secret: str, arrived: Arrival) -> str:
    """By which this browser is known again."""
    is_secure = arrived.scheme == "https"
    return dump_cookie(DEVICE_COOKIE, secret, _DEVICE_S, secure=is_secure, httponly=True, samesite="Lax")


async def _member(principal: Principal | None, body: JoinBody) -> Member | None:
    """On whose authority it is asked; None for a visitor."""
    if principal is None:
        if body.on_behalf_of is not None:
            raise ScopeMissing("Only a key joins on behalf of somebody.")
        return None
    people = panelroom().rooms.people
    if principal.kind == "member":
        return await people.acting_member(principal, body.on_behalf_of)
    if body.on_behalf_of is None:
        if body.role in MEMBERS_ONLY:
            raise OnBehalfMissing("A key says with on_behalf_of which member joins.")
        return None
    if not principal.has_scope(Scope.COMPANY_WRITE):
        raise ScopeMissing("Joining on behalf of a member needs a key with the scope liveInterview.company.write.")
    return await people.acting_member(principal, body.on_behalf_of)


def _admitted(joined: Joined, arrived: Arrival) -> JoinAnswer:
    interview_id = joined.participant.interview_id
    sockets = f"{_SOCKET_SCHEMES[arrived.scheme]}://{arrived.host}/ws"
    documents = []
    for opening in joined.openings:
        document_id = opening.part.document_id(interview_id)
        url = f"{sockets}/{document_id}?ticket={joined.ticket}"
        documents.append(OpenedDocument(id=document_id, url=url, may_write=opening.may_write))
    return JoinAnswer(
        participant_id=joined.participant.id,
        role=joined.participant.role,
        admission=AdmissionAnswer(
            state=joined.admission.state, place=joined.admission.place, reason=joined.admission.reason
        ),
        documents=documents,
        events_url=f"{arrived.base}/api/v1/interviews/{interview_id}/events?ticket={joined.ticket}",
        ticket=joined.ticket,
        expires_at=joined.expires_at_ms,
    )


@blueprint.post("/leave")
@documented(body=LeaveBody, answers={204: "The participant has left"})
async def leave(interview_id: str) -> Response:
    """Say good-bye: the seat is free at once."""
    body = await read_body(LeaveBody)
    await panelroom().rooms.leave(interview_id, body.ticket, is_done=body.done)
    return Response(status=204)


@blueprint.post("/finish")
@documented(body=ActingBody, answers={200: InterviewAnswer})
async def finish(interview_id: str) -> InterviewAnswer:
    """Finish an active interview: nothing is written any more, and every socket closes."""
    base = public_base()
    principal = await require_principal()
    body = await read_body(ActingBody)
    return await answer(await panelroom().rooms.lifecycle.finish(principal, interview_id, body.on_behalf_of), base)


@blueprint.post("/reopen")
@documented(body=ActingBody, answers={200: InterviewAnswer})
async def reopen(interview_id: str) -> InterviewAnswer:
    """Undo a finish, within PANELROOM_REOPEN_S seconds."""
    base = public_base()
    principal = await require_principal()
    body = await read_body(ActingBody)
    return await answer(await panelroom().rooms.lifecycle.reopen(principal, interview_id, body.on_behalf_of), base)

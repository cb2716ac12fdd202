"""/api/v1/invitations: who is to become a member."""

from typing import Any

from pydantic import Field
from quart import Blueprint, Response

from rooms.invitation import Invitation, InvitationState
from rooms.member import MemberRole
from web.auth import panelroom, public_base, require_principal
from web.body import Answer, Body, documented, read_body
from web.moment import Moment

blueprint = Blueprint("invitation", __name__, url_prefix="/api/v1/invitations")


class NewInvitation(Body):
    email: str
    name: str = ""
    role: MemberRole


class Inviter(Answer):
    id: str
    name: str


class InvitationAnswer(Answer):
    """An invitation; its link is only in the answer that makes or renews it."""

    id: str
    email: str
    name: str
    role: MemberRole
    state: InvitationState
    invited_by: Inviter
    created_at: Moment
    expires_at: Moment
    accepted_at: Moment | None


class OpenInvitation(InvitationAnswer):
    """With the link by which it is accepted, this once."""

    url: str = Field(description="For the person who is invited, and nobody else")


class InvitationList(Answer):
    """The newest first, up to a thousand."""

    items: list[InvitationAnswer]


def _fields(invitation: Invitation) -> dict[str, Any]:
    return {
        "id": invitation.id,
        "email": invitation.email,
        "name": invitation.name,
        "role": invitation.role,
        "state": invitation.state(panelroom().clock.now_ms()),
        "invited_by": Inviter(id=invitation.invited_by, name=invitation.inviter),
        "created_at": invitation.created_at_ms,
        "expires_at": invitation.expires_at_ms,
        "accepted_at": invitation.accepted_at_ms,
    }


@blueprint.get("")
@documented(answers={200: InvitationList})
async def index() -> InvitationList:
    """Those that are pending, and what became of the others."""
    found = await panelroom().rooms.invitations.all(await require_principal())
    return InvitationList(items=[InvitationAnswer(**_fields(each)) for each in found])


@blueprint.post("")
@documented(body=NewInvitation, answers={201: OpenInvitation})
async def invite() -> tuple[OpenInvitation, int]:
    """Invite somebody, for seven days; hand on the link."""
    base = public_base()
    principal = await require_principal()
    body = await read_body(NewInvitation)
    invitation, token = await panelroom().rooms.invitations.invite(principal, body.email, body.name, body.role)
    return OpenInvitation(**_fields(invitation), url=_url(base, token)), 201


@blueprint.post("/<invitation_id>/renew")
@documented(answers={200: OpenInvitation})
async def renew(invitation_id: str) -> OpenInvitation:
    """Another link, for seven days from now; the one before it is dead."""
    base = public_base()
    invitation, token = await panelroom().rooms.invitations.renew(await require_principal(), invitation_id)
    return OpenInvitation(**_fields(invitation), url=_url(base, token))


@blueprint.delete("/<invitation_id>")
@documented(answers={204: "Its link is dead"})
async def revoke(invitation_id: str) -> Response:
    """Revoke an invitation that has not been accepted."""
    await panelroom().rooms.invitations.revoke(await require_principal(), invitation_id)
    return Response(status=204)


def _url(base: str, token: str) -> str:
    return f"{base}/invitation?token={token}"

"""Who is planned to interview, and whether each can: members can, whoever has only been invited cannot yet."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from rooms import schema
from rooms.interview import Interview
from rooms.invitation import InvitationState, open_invitations


class AssignedState(StrEnum):
    MEMBER = "member"
    DEACTIVATED = "deactivated"
    PENDING = "pending"  # invited
    EXPIRED = "expired"  # the invitation
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Assigned:
    email: str
    name: str  # "" where nobody has said it
    state: AssignedState


async def assigned_to(
    connection: AsyncConnection, organisation_id: str, interviews: Iterable[Interview], now_ms: int
) -> dict[str, Assigned]:
    """By e-mail address: everybody who is planned in one of these interviews."""
    emails = sorted({email for interview in interviews for email in interview.interviewers})
    found = {email: Assigned(email, "", AssignedState.UNKNOWN) for email in emails}
    if not emails:
        return found
    for invitation in await open_invitations(connection, organisation_id, emails):
        is_pending = invitation.state(now_ms) is InvitationState.PENDING
        state = AssignedState.PENDING if is_pending else AssignedState.EXPIRED
        found[invitation.email] = Assigned(invitation.email, invitation.name, state)
    members = schema.members.c
    known = select(members.email, members.name, members.deactivated_at_ms).where(
        members.organisation_id == organisation_id, members.email.in_(emails)
    )
    for email, name, deactivated_at_ms in await connection.execute(known):
        state = AssignedState.MEMBER if deactivated_at_ms is None else AssignedState.DEACTIVATED
        found[email] = Assigned(email, name, state)
    return found

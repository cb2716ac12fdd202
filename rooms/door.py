"""Who may come into a room at all, whatever seats are free."""

from sqlalchemy.ext.asyncio import AsyncConnection

from rooms import store
from rooms.device import removal_of
from rooms.errors import Removed, RoleFixed, ScopeMissing, Unauthenticated
from rooms.interview import Interview
from rooms.member import Member
from rooms.participant import MEMBERS_ONLY, Role, Ticket
from rooms.principal import Principal


async def check_member(connection: AsyncConnection, interview: Interview, role: Role, member: Member | None) -> None:
    """Raises Unauthenticated, ScopeMissing, Removed, RoleFixed."""
    if member is None:
        return
    now = await store.member(connection, id=member.id)
    if now is None or not now.is_active:
        raise Unauthenticated("Your account was deactivated. Ask an owner or an admin of your organisation.")
    if role in MEMBERS_ONLY and not Principal.of_member(now).can_see(interview):
        raise ScopeMissing("This interview is not assigned to you. Ask an owner or an admin of your organisation.")
    for participant in await store.participants_of(connection, interview.id, member.id):
        if participant.removed_reason is not None:
            raise Removed(participant.removed_reason, participant.removed_by)
        if participant.is_role_set and role in MEMBERS_ONLY and role is not participant.role:
            raise RoleFixed(f"An interviewer has made you {participant.role} in this room.")
        if participant.is_role_set and role not in MEMBERS_ONLY:
            raise RoleFixed(f"An interviewer has set your role in this room: you cannot be its {role}.")
        if participant.muted_reason is not None and role not in {*MEMBERS_ONLY, participant.role}:
            raise RoleFixed(f"An interviewer has muted you in this room: you cannot be its {role}.")


async def check_device(
    connection: AsyncConnection, interview_id: str, role: Role, ticket: Ticket | None, device_id: str | None
) -> None:
    """Visitors are known by it. Raises Removed."""
    if role in MEMBERS_ONLY:
        return
    if ticket is not None and ticket.participant.removed_reason is not None:
        raise Removed(ticket.participant.removed_reason, ticket.participant.removed_by)
    known = {device_id, None if ticket is None else ticket.device_id} - {None}
    removal = await removal_of(connection, interview_id, known)
    if removal is not None:
        raise Removed(*removal)

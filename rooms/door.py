"""Who may come into a room at all, whatever seats are free."""

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from collab.journal import Transaction
from collab.wire import CloseCode
from rooms import schema, session, store
from rooms.device import removal_of
from rooms.errors import Removed, RoleFixed, ScopeMissing, Unauthenticated
from rooms.interview import Interview
from rooms.member import Member
from rooms.participant import MEMBERS_ONLY, Role, Ticket
from rooms.principal import Principal
from rooms.seat import Seats


async def check_member(  # noqa: PLR0917 - who wants to come in where, as what, by what
    connection: AsyncConnection,
    interview: Interview,
    role: Role,
    member: Member | None,
    session_id: str | None,
    now_ms: int,
) -> None:
    """Raises Unauthenticated, ScopeMissing, Removed, RoleFixed."""
    if member is None:
        return
    if session_id is not None and not await session.is_there(connection, session_id, now_ms):
        raise Unauthenticated("Your session has ended. Sign in again.")
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


async def turn_out(transaction: Transaction, seats: Seats, before: Interview, after: Interview) -> None:
    """Those to whom it is not assigned any more and who saw it for no other reason: their tickets are revoked."""
    connection, tickets = transaction.connection, schema.tickets.c
    for email in set(before.interviewers) - set(after.interviewers):
        member = await store.member(connection, email=email)
        if member is None or Principal.of_member(member).can_see(after):
            continue
        for participant in await store.participants_of(connection, after.id, member.id):
            if participant.role in MEMBERS_ONLY:
                own = update(schema.tickets).where(
                    tickets.participant_id == participant.id, tickets.revoked_at_ms.is_(None)
                )
                await connection.execute(own.values(revoked_at_ms=transaction.now_ms))
                reason = "this interview is not assigned to you any more"
                await seats.give_up(transaction, after, participant, CloseCode.TICKET, reason)

"""Where the SQL of rooms lives: rows to and from what they mean.

The functions take a connection and leave transactions to their callers.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import RowMapping, Select, bindparam, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collab.record import entries
from rooms import schema
from rooms.interview import Interview, Kind, Series, Status
from rooms.member import Member, MemberRole
from rooms.organisation import Organisation
from rooms.participant import Participant, Role, Ticket
from rooms.policy import Limits, OverLimit

# Built once: building one takes as long as running it.
_INTERVIEW = select(schema.interviews).where(schema.interviews.c.id == bindparam("id"))
_TICKET = (
    select(
        schema.participants, schema.tickets.c.device_id, schema.tickets.c.expires_at_ms, schema.tickets.c.revoked_at_ms
    )
    .join_from(schema.tickets, schema.participants, schema.tickets.c.participant_id == schema.participants.c.id)
    .where(schema.tickets.c.token_hash == bindparam("token_hash"))
)
_OPENED_BY = (
    select(schema.participants.c.interview_id)
    .join_from(schema.tickets, schema.participants, schema.tickets.c.participant_id == schema.participants.c.id)
    .join(schema.interviews, schema.interviews.c.id == schema.participants.c.interview_id)
    .where(
        schema.tickets.c.token_hash == bindparam("token_hash"),
        schema.tickets.c.revoked_at_ms.is_(None),
        schema.tickets.c.expires_at_ms > bindparam("at_ms"),
        schema.interviews.c.status != Status.CANCELLED.value,
    )
)


async def one(connection: AsyncConnection, query: Select[Any], **parameters: Any) -> RowMapping | None:
    row: RowMapping | None = (await connection.execute(query, parameters)).mappings().first()
    return row


def limits_row(limits: Limits) -> dict[str, Any]:
    return {
        "max_interviewers": limits.interviewers,
        "max_observers": limits.observers,
        "max_guests": limits.guests,
        "over_limit": limits.over_limit.value,
        "lobby": limits.lobby,
    }


def _limits(row: Mapping[Any, Any]) -> Limits:
    return Limits(
        row["max_interviewers"],
        row["max_observers"],
        row["max_guests"],
        OverLimit(row["over_limit"]),
        bool(row.get("lobby")),  # an answer to an old Idempotency-Key does not have it
    )


def member_of_row(row: RowMapping) -> Member:
    return Member(
        row["id"],
        row["organisation_id"],
        row["email"],
        row["name"],
        MemberRole(row["role"]),
        row["time_zone"],
        row["created_at_ms"],
        row["seen_at_ms"],
        row["deactivated_at_ms"],
    )


def interview_of_row(row: Mapping[Any, Any]) -> Interview:
    return Interview(
        id=row["id"],
        organisation_id=row["organisation_id"],
        title=row["title"],
        status=Status(row["status"]),
        candidate_name=row["candidate_name"],
        candidate_email=row["candidate_email"],
        interviewers=tuple(row["interviewers"]),
        scheduled_at_ms=row["scheduled_at_ms"],
        time_zone=row["time_zone"],
        language=row["language"],
        limits=_limits(row),
        instructions=row.get("instructions") or "",
        meeting_url=row.get("meeting_url"),
        external_ref=row["external_ref"],
        created_by=row["created_by"],
        created_at_ms=row["created_at_ms"],
        opened_at_ms=row.get("opened_at_ms"),
        active_at_ms=row["active_at_ms"],
        finished_at_ms=row["finished_at_ms"],
        finished_by=row["finished_by"],
        kind=Kind(row.get("kind") or Kind.INTERVIEW),
        series=Series(row["series"], row["block"], row["blocks"]) if row.get("series") else None,
    )


def participant_of_row(row: RowMapping) -> Participant:
    return Participant(
        id=row["id"],
        interview_id=row["interview_id"],
        role=Role(row["role"]),
        name=row["name"],
        joined_as=row["joined_as"],
        member_id=row["member_id"],
        joined_at_ms=row["joined_at_ms"],
        entered_at_ms=row["entered_at_ms"],
        is_role_set=row["is_role_set"],
        muted_reason=row["muted_reason"],
        removed_reason=row["removed_reason"],
        removed_by=row["removed_by"],
    )


async def organisation(connection: AsyncConnection, organisation_id: str | None = None) -> Organisation | None:
    """The one with this id, or the first."""
    query = select(schema.organisations).order_by(schema.organisations.c.created_at_ms).limit(1)
    if organisation_id is not None:
        query = query.where(schema.organisations.c.id == organisation_id)
    row = await one(connection, query)
    return None if row is None else Organisation(row["id"], row["name"], _limits(row), row["time_zone"])


async def member(connection: AsyncConnection, *, id: str | None = None, email: str | None = None) -> Member | None:
    query = select(schema.members).where(
        schema.members.c.id == id if email is None else schema.members.c.email == email
    )
    row = await one(connection, query)
    return None if row is None else member_of_row(row)


async def first_owner(connection: AsyncConnection) -> Member | None:
    query = (
        select(schema.members)
        .where(schema.members.c.role == MemberRole.OWNER, schema.members.c.deactivated_at_ms.is_(None))
        .order_by(schema.members.c.created_at_ms)
        .limit(1)
    )
    row = await one(connection, query)
    return None if row is None else member_of_row(row)


async def count_owners(connection: AsyncConnection, organisation_id: str) -> int:
    """Those who are active."""
    columns = schema.members.c
    query = select(func.count()).where(
        columns.organisation_id == organisation_id,
        columns.role == MemberRole.OWNER,
        columns.deactivated_at_ms.is_(None),
    )
    return (await connection.execute(query)).scalar_one()


async def has_anybody_signed_in(connection: AsyncConnection) -> bool:
    """By a link, also where its session is gone, or in another way."""
    link = select(schema.sign_in_links.c.token_hash).where(schema.sign_in_links.c.used_at_ms.is_not(None)).limit(1)
    member = select(schema.members.c.id).where(schema.members.c.seen_at_ms.is_not(None)).limit(1)
    return await one(connection, link) is not None or await one(connection, member) is not None


async def session_member(connection: AsyncConnection, token_hash: str, now_ms: int) -> tuple[Member, int, str] | None:
    """Whose session this is, when it ends and its id; None also where its member was deactivated."""
    row = await one(
        connection,
        select(schema.members, schema.sessions.c.expires_at_ms, schema.sessions.c.id.label("session_id"))
        .join_from(schema.sessions, schema.members, schema.sessions.c.member_id == schema.members.c.id)
        .where(
            schema.sessions.c.token_hash == token_hash,
            schema.sessions.c.expires_at_ms > now_ms,
            schema.members.c.deactivated_at_ms.is_(None),
        ),
    )
    return None if row is None else (member_of_row(row), row["expires_at_ms"], row["session_id"])


async def interview(connection: AsyncConnection, interview_id: str) -> Interview | None:
    row = await one(connection, _INTERVIEW, id=interview_id)
    return None if row is None else interview_of_row(row)


async def interviews_with(connection: AsyncConnection, interview: Interview) -> list[Interview]:
    """Those of its series, in their order; itself where it is of none. Cancelled ones too."""
    columns, series = schema.interviews.c, interview.series
    own = columns.id == interview.id if series is None else columns.series == series.id
    rows = await connection.execute(select(schema.interviews).where(own).order_by(columns.block))
    return [interview_of_row(row) for row in rows.mappings()]


async def interview_of_ref(connection: AsyncConnection, organisation_id: str, external_ref: str) -> Interview | None:
    row = await one(
        connection,
        select(schema.interviews).where(
            schema.interviews.c.organisation_id == organisation_id,
            schema.interviews.c.external_ref == external_ref,
            schema.interviews.c.status != Status.CANCELLED,
        ),
    )
    return None if row is None else interview_of_row(row)


async def participant(connection: AsyncConnection, participant_id: str) -> Participant | None:
    row = await one(connection, select(schema.participants).where(schema.participants.c.id == participant_id))
    return None if row is None else participant_of_row(row)


async def participants_of(
    connection: AsyncConnection, interview_id: str, member_id: str | None = None
) -> list[Participant]:
    """In order of joining; all of them, or those that one member is."""
    query = (
        select(schema.participants)
        .where(schema.participants.c.interview_id == interview_id)
        .order_by(schema.participants.c.joined_as)
    )
    if member_id is not None:
        query = query.where(schema.participants.c.member_id == member_id)
    return [participant_of_row(row) for row in (await connection.execute(query)).mappings()]


async def participant_as(
    connection: AsyncConnection, interview_id: str, role: Role, member_id: str | None
) -> Participant | None:
    """The candidate of the interview, or the one that this member is in this role; other visitors are strangers."""
    if role is not Role.CANDIDATE and member_id is None:
        return None
    query = select(schema.participants).where(
        schema.participants.c.interview_id == interview_id, schema.participants.c.role == role
    )
    if role is not Role.CANDIDATE:
        query = query.where(schema.participants.c.member_id == member_id)
    row = await one(connection, query.order_by(schema.participants.c.is_role_set.desc()))
    return None if row is None else participant_of_row(row)


async def have_entered(connection: AsyncConnection, interview_id: str, roles: Iterable[Role]) -> bool:
    """Whether somebody has entered in each of these roles."""
    entered = select(schema.participants.c.role).where(
        schema.participants.c.interview_id == interview_id, schema.participants.c.entered_at_ms.is_not(None)
    )
    return set(roles) <= {Role(role) for (role,) in await connection.execute(entered)}


async def is_interviewer(connection: AsyncConnection, interview: Interview, member_id: str, email: str | None) -> bool:
    """Whether the member has joined as an interviewer, or is planned as one and has not only watched; and was not
    removed.
    """
    joined = await participants_of(connection, interview.id, member_id)
    if any(participant.removed_reason is not None for participant in joined):
        return False
    roles = {participant.role for participant in joined}
    return Role.INTERVIEWER in roles or (email in interview.interviewers and Role.OBSERVER not in roles)


async def ticket(connection: AsyncConnection, token_hash: str) -> Ticket | None:
    row = await one(connection, _TICKET, token_hash=token_hash)
    if row is None:
        return None
    return Ticket(participant_of_row(row), row["device_id"], row["expires_at_ms"], row["revoked_at_ms"] is not None)


async def ticket_participant(connection: AsyncConnection, token_hash: str, at_ms: int) -> Participant | None:
    """Whose ticket this is; None when it is unknown, revoked, or had expired at ``at_ms``."""
    found = await ticket(connection, token_hash)
    return found.participant if found is not None and found.is_valid(at_ms) else None


async def opened_by(connection: AsyncConnection, token_hash: str, at_ms: int) -> str | None:
    """The interview that a ticket is of, unless it does not count at ``at_ms`` or the interview was cancelled."""
    interview_id: str | None = (
        await connection.execute(_OPENED_BY, {"token_hash": token_hash, "at_ms": at_ms})
    ).scalar_one_or_none()
    return interview_id


async def request(
    connection: AsyncConnection, principal_id: str, idempotency_key: str
) -> tuple[str, Interview, bool] | None:
    """The hash of its body, the interview that it was answered with, and whether that was new then."""
    row = await one(
        connection,
        select(schema.requests).where(
            schema.requests.c.principal_id == principal_id, schema.requests.c.idempotency_key == idempotency_key
        ),
    )
    return None if row is None else (row["body_hash"], interview_of_row(row["interview"]), row["is_new"])


async def add_request(connection: AsyncConnection, interview_id: str, **values: Any) -> None:
    """Remember what ``values`` say of the request, with the interview as it is now."""
    answered = (
        (await connection.execute(select(schema.interviews).where(schema.interviews.c.id == interview_id)))
        .mappings()
        .one()
    )
    await connection.execute(insert(schema.requests).values(interview=dict(answered), **values))


async def set_interview(connection: AsyncConnection, interview_id: str, changes: dict[str, Any]) -> None:
    await connection.execute(update(schema.interviews).where(schema.interviews.c.id == interview_id).values(changes))


async def count_participants(connection: AsyncConnection, interview_id: str) -> int:
    query = select(func.count()).where(schema.participants.c.interview_id == interview_id)
    return (await connection.execute(query)).scalar_one()


async def add_participant(connection: AsyncConnection, participant: Participant) -> None:
    await connection.execute(insert(schema.participants).values(asdict(participant)))


async def last_entry(connection: AsyncConnection, log_id: str) -> int:
    """The number of the newest committed entry, 0 when there is none."""
    newest = (await connection.execute(select(func.max(entries.c.entry)).where(entries.c.log == log_id))).scalar_one()
    return newest or 0

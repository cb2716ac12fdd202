"""Where the SQL of rooms lives: tables, and rows to and from what they mean. Migrations: 0002, 0003.

The functions take a connection and leave transactions to their callers.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    RowMapping,
    Select,
    Table,
    Text,
    UniqueConstraint,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy import tuple_ as row_value
from sqlalchemy.dialects.sqlite import JSON
from sqlalchemy.ext.asyncio import AsyncConnection

from collab.database import metadata
from collab.journal import entries
from rooms.interview import Interview, Status
from rooms.key import Key, Scope
from rooms.member import Member, MemberRole
from rooms.organisation import Organisation
from rooms.participant import Participant, Role
from rooms.policy import Limits, OverLimit

organisations = Table(
    "organisation",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("max_interviewers", Integer, nullable=False),
    Column("max_observers", Integer, nullable=False),
    Column("max_guests", Integer, nullable=False),
    Column("over_limit", Text, nullable=False),
    Column("created_at_ms", Integer, nullable=False),
)
members = Table(
    "member",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organisation_id", Text, nullable=False),
    Column("email", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("created_at_ms", Integer, nullable=False),
)
sign_in_links = Table(
    "sign_in_link",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("member_id", Text, nullable=False),
    Column("expires_at_ms", Integer, nullable=False),
    Column("used_at_ms", Integer),
)
sessions = Table(
    "session",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("member_id", Text, nullable=False),
    Column("created_at_ms", Integer, nullable=False),
    Column("expires_at_ms", Integer, nullable=False),
)
keys = Table(
    "key",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organisation_id", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("secret_hash", Text, nullable=False, unique=True),
    Column("scopes", JSON, nullable=False),
    Column("created_at_ms", Integer, nullable=False),
)
interviews = Table(
    "interview",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organisation_id", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("candidate_name", Text),
    Column("candidate_email", Text),
    Column("interviewers", JSON, nullable=False),
    Column("scheduled_at_ms", Integer),
    Column("time_zone", Text),
    Column("language", Text, nullable=False),
    Column("max_interviewers", Integer, nullable=False),
    Column("max_observers", Integer, nullable=False),
    Column("max_guests", Integer, nullable=False),
    Column("over_limit", Text, nullable=False),
    Column("external_ref", Text),
    Column("searched", Text, nullable=False),  # what a search looks in, folded
    Column("created_by", Text, nullable=False),
    Column("created_at_ms", Integer, nullable=False),
    Column("active_at_ms", Integer),
    Column("finished_at_ms", Integer),
    Column("finished_by", Text),
    Index("interview_by_status", "organisation_id", "status", "created_at_ms", "id"),
    Index(
        "interview_by_external_ref",
        "organisation_id",
        "external_ref",
        unique=True,
        sqlite_where=text("external_ref IS NOT NULL AND status <> 'cancelled'"),
    ),
)
requests = Table(  # those made with an Idempotency-Key
    "request",
    metadata,
    Column("principal_id", Text, primary_key=True),
    Column("idempotency_key", Text, primary_key=True),
    Column("body_hash", Text, nullable=False),
    Column("interview", JSON, nullable=False),  # its row, as it was answered
    Column("is_new", Boolean, nullable=False),
    Column("created_at_ms", Integer, nullable=False),
)
participants = Table(
    "participant",
    metadata,
    Column("id", Text, primary_key=True),
    Column("interview_id", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("joined_as", Integer, nullable=False),
    Column("member_id", Text),
    Column("joined_at_ms", Integer, nullable=False),
    Column("entered_at_ms", Integer),
    UniqueConstraint("interview_id", "joined_as"),
    UniqueConstraint("interview_id", "member_id", "role"),
    Index("one_candidate", "interview_id", unique=True, sqlite_where=text("role = 'candidate'")),
)
tickets = Table(
    "ticket",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("participant_id", Text, nullable=False),
    Column("expires_at_ms", Integer, nullable=False),
    Column("revoked_at_ms", Integer),
    Index("ticket_by_participant", "participant_id"),
)


async def one(connection: AsyncConnection, query: Select[Any]) -> RowMapping | None:
    row: RowMapping | None = (await connection.execute(query)).mappings().first()
    return row


def limits_row(limits: Limits) -> dict[str, Any]:
    return {
        "max_interviewers": limits.interviewers,
        "max_observers": limits.observers,
        "max_guests": limits.guests,
        "over_limit": limits.over_limit.value,
    }


def _limits(row: Mapping[Any, Any]) -> Limits:
    return Limits(row["max_interviewers"], row["max_observers"], row["max_guests"], OverLimit(row["over_limit"]))


def _member(row: RowMapping) -> Member:
    return Member(row["id"], row["organisation_id"], row["email"], row["name"], MemberRole(row["role"]))


def _interview(row: Mapping[Any, Any]) -> Interview:
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
        external_ref=row["external_ref"],
        created_by=row["created_by"],
        created_at_ms=row["created_at_ms"],
        active_at_ms=row["active_at_ms"],
        finished_at_ms=row["finished_at_ms"],
        finished_by=row["finished_by"],
    )


def _participant(row: RowMapping) -> Participant:
    return Participant(
        id=row["id"],
        interview_id=row["interview_id"],
        role=Role(row["role"]),
        name=row["name"],
        joined_as=row["joined_as"],
        member_id=row["member_id"],
        joined_at_ms=row["joined_at_ms"],
        entered_at_ms=row["entered_at_ms"],
    )


async def organisation(connection: AsyncConnection, organisation_id: str | None = None) -> Organisation | None:
    """The one with this id, or the first."""
    query = select(organisations).order_by(organisations.c.created_at_ms).limit(1)
    if organisation_id is not None:
        query = query.where(organisations.c.id == organisation_id)
    row = await one(connection, query)
    return None if row is None else Organisation(row["id"], row["name"], _limits(row))


async def member(connection: AsyncConnection, *, id: str | None = None, email: str | None = None) -> Member | None:
    query = select(members).where(members.c.id == id if email is None else members.c.email == email)
    row = await one(connection, query)
    return None if row is None else _member(row)


async def first_owner(connection: AsyncConnection) -> Member | None:
    query = select(members).where(members.c.role == MemberRole.OWNER).order_by(members.c.created_at_ms).limit(1)
    row = await one(connection, query)
    return None if row is None else _member(row)


async def has_anybody_signed_in(connection: AsyncConnection) -> bool:
    query = select(sign_in_links.c.token_hash).where(sign_in_links.c.used_at_ms.is_not(None)).limit(1)
    return await one(connection, query) is not None


async def session_member(connection: AsyncConnection, token_hash: str, now_ms: int) -> tuple[Member, int] | None:
    """Whose session this is and when it ends."""
    row = await one(
        connection,
        select(members, sessions.c.expires_at_ms)
        .join_from(sessions, members, sessions.c.member_id == members.c.id)
        .where(sessions.c.token_hash == token_hash, sessions.c.expires_at_ms > now_ms),
    )
    return None if row is None else (_member(row), row["expires_at_ms"])


async def key(connection: AsyncConnection, secret_hash: str) -> Key | None:
    row = await one(connection, select(keys).where(keys.c.secret_hash == secret_hash))
    return (
        None
        if row is None
        else Key(row["id"], row["organisation_id"], row["description"], frozenset(map(Scope, row["scopes"])))
    )


async def interview(connection: AsyncConnection, interview_id: str) -> Interview | None:
    row = await one(connection, select(interviews).where(interviews.c.id == interview_id))
    return None if row is None else _interview(row)


async def interview_of_ref(connection: AsyncConnection, organisation_id: str, external_ref: str) -> Interview | None:
    row = await one(
        connection,
        select(interviews).where(
            interviews.c.organisation_id == organisation_id,
            interviews.c.external_ref == external_ref,
            interviews.c.status != Status.CANCELLED,
        ),
    )
    return None if row is None else _interview(row)


def _listed(query: Select[Any], organisation_id: str, created_by: str | None, needle: str) -> Select[Any]:
    query = query.where(interviews.c.organisation_id == organisation_id, interviews.c.status != Status.CANCELLED)
    if created_by is not None:
        query = query.where(interviews.c.created_by == created_by)
    if needle:
        query = query.where(interviews.c.searched.contains(needle, autoescape=True))
    return query


async def interview_page(
    connection: AsyncConnection,
    organisation_id: str,
    *,
    created_by: str | None,
    needle: str,
    status: Status | None,
    before: tuple[int, str] | None,
    limit: int,
) -> list[Interview]:
    """The newest first, those made before ``before`` (created_at_ms, id)."""
    query = _listed(select(interviews), organisation_id, created_by, needle)
    if status is not None:
        query = query.where(interviews.c.status == status)
    if before is not None:
        query = query.where(row_value(interviews.c.created_at_ms, interviews.c.id) < before)
    query = query.order_by(interviews.c.created_at_ms.desc(), interviews.c.id.desc()).limit(limit)
    return [_interview(row) for row in (await connection.execute(query)).mappings()]


async def interview_counts(
    connection: AsyncConnection, organisation_id: str, *, created_by: str | None, needle: str
) -> dict[Status, int]:
    query = _listed(select(interviews.c.status, func.count()), organisation_id, created_by, needle)
    rows = await connection.execute(query.group_by(interviews.c.status))
    return {Status(status): count for status, count in rows}


async def participant(connection: AsyncConnection, participant_id: str) -> Participant | None:
    row = await one(connection, select(participants).where(participants.c.id == participant_id))
    return None if row is None else _participant(row)


async def participants_of(connection: AsyncConnection, interview_id: str) -> list[Participant]:
    """In order of joining."""
    query = select(participants).where(participants.c.interview_id == interview_id).order_by(participants.c.joined_as)
    return [_participant(row) for row in (await connection.execute(query)).mappings()]


async def participant_as(
    connection: AsyncConnection, interview_id: str, role: Role, member_id: str | None
) -> Participant | None:
    """The candidate of the interview, or the one that this member is in this role; other visitors are strangers."""
    if role is not Role.CANDIDATE and member_id is None:
        return None
    query = select(participants).where(participants.c.interview_id == interview_id, participants.c.role == role)
    if role is not Role.CANDIDATE:
        query = query.where(participants.c.member_id == member_id)
    row = await one(connection, query)
    return None if row is None else _participant(row)


async def have_entered(connection: AsyncConnection, interview_id: str, roles: Iterable[Role]) -> bool:
    """Whether somebody has entered in each of these roles."""
    entered = select(participants.c.role).where(
        participants.c.interview_id == interview_id, participants.c.entered_at_ms.is_not(None)
    )
    return set(roles) <= {Role(role) for (role,) in await connection.execute(entered)}


async def is_interviewer(connection: AsyncConnection, interview: Interview, member_id: str, email: str | None) -> bool:
    """Whether the member has joined as an interviewer, or is planned as one and has not only watched."""
    if email in interview.interviewers and not await participant_as(connection, interview.id, Role.OBSERVER, member_id):
        return True
    return await participant_as(connection, interview.id, Role.INTERVIEWER, member_id) is not None


async def ticket_participant(connection: AsyncConnection, token_hash: str, at_ms: int) -> Participant | None:
    """Whose ticket this is; None when it is unknown, revoked, or had expired at ``at_ms``."""
    row = await one(
        connection,
        select(participants)
        .join_from(tickets, participants, tickets.c.participant_id == participants.c.id)
        .where(
            tickets.c.token_hash == token_hash,
            tickets.c.expires_at_ms > at_ms,
            tickets.c.revoked_at_ms.is_(None),
        ),
    )
    return None if row is None else _participant(row)


async def request(
    connection: AsyncConnection, principal_id: str, idempotency_key: str
) -> tuple[str, Interview, bool] | None:
    """The hash of its body, the interview that it was answered with, and whether that was new then."""
    row = await one(
        connection,
        select(requests).where(requests.c.principal_id == principal_id, requests.c.idempotency_key == idempotency_key),
    )
    return None if row is None else (row["body_hash"], _interview(row["interview"]), row["is_new"])


async def add_request(connection: AsyncConnection, interview_id: str, **values: Any) -> None:
    """Remember what ``values`` say of the request, with the interview as it is now."""
    answered = (await connection.execute(select(interviews).where(interviews.c.id == interview_id))).mappings().one()
    await connection.execute(insert(requests).values(interview=dict(answered), **values))


async def set_interview(connection: AsyncConnection, interview_id: str, changes: dict[str, Any]) -> None:
    await connection.execute(update(interviews).where(interviews.c.id == interview_id).values(changes))


async def count_participants(connection: AsyncConnection, interview_id: str) -> int:
    query = select(func.count()).where(participants.c.interview_id == interview_id)
    return (await connection.execute(query)).scalar_one()


async def add_participant(connection: AsyncConnection, participant: Participant) -> None:
    await connection.execute(insert(participants).values(asdict(participant)))


async def last_entry(connection: AsyncConnection, log_id: str) -> int:
    """The number of the newest committed entry, 0 when there is none."""
    newest = (await connection.execute(select(func.max(entries.c.entry)).where(entries.c.log == log_id))).scalar_one()
    return newest or 0

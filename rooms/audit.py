"""The audit log: every change of state, by whom and from where. Noted in the transaction that makes the change."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import RowMapping, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collab.database import Database
from rooms import schema
from rooms.access import Right
from rooms.errors import CursorInvalid
from rooms.interview import Interview
from rooms.member import Member
from rooms.organisation import Organisation
from rooms.principal import Principal

_MAX_ID = 2**63 - 1


class Action(StrEnum):
    ORGANISATION_MADE = "organisation.made"
    ORGANISATION_CHANGED = "organisation.changed"
    PROVIDER_SET = "provider.set"
    PROVIDER_REMOVED = "provider.removed"
    MEMBER_ADDED = "member.added"
    MEMBER_INVITED = "member.invited"
    MEMBER_CHANGED = "member.changed"
    MEMBER_DEACTIVATED = "member.deactivated"
    MEMBER_REACTIVATED = "member.reactivated"
    MEMBER_LINKED = "member.linked"  # given a sign-in link
    MEMBER_IDENTIFIED = "member.identified"  # by a provider, from now on
    PASSWORD_SET = "password.set"  # noqa: S105 - what was done, no password
    INVITATION_RENEWED = "invitation.renewed"
    INVITATION_REVOKED = "invitation.revoked"
    INVITATION_ACCEPTED = "invitation.accepted"
    SESSION_BEGUN = "session.begun"
    SESSION_ENDED = "session.ended"
    KEY_MADE = "key.made"
    KEY_REVOKED = "key.revoked"
    INTERVIEW_CREATED = "interview.created"
    INTERVIEW_CHANGED = "interview.changed"
    INTERVIEW_OPENED = "interview.opened"
    INTERVIEW_BEGUN = "interview.begun"  # active from now on
    INTERVIEW_FINISHED = "interview.finished"
    INTERVIEW_REOPENED = "interview.reopened"
    INTERVIEW_CANCELLED = "interview.cancelled"
    PARTICIPANT_CHANGED = "participant.changed"
    PARTICIPANT_REMOVED = "participant.removed"
    PARTICIPANT_READMITTED = "participant.readmitted"


@dataclass(frozen=True, slots=True)
class Actor:
    kind: str  # member, key, system, command
    id: str
    name: str
    address: str = ""

    @classmethod
    def of(cls, principal: Principal, address: str | None = None) -> "Actor":
        """From where the principal asks, unless another address is given."""
        return cls(principal.kind, principal.id, principal.name, principal.address if address is None else address)

    @classmethod
    def of_member(cls, member: Member, address: str = "") -> "Actor":
        return cls("member", member.id, member.name, address)


SYSTEM = Actor("system", "", "Panelroom")
COMMAND_LINE = Actor("command", "", "Command line")


@dataclass(frozen=True, slots=True)
class Subject:
    kind: str
    id: str
    name: str

    @classmethod
    def of(cls, noun: Interview | Member | Organisation) -> "Subject":
        match noun:
            case Interview():
                return cls("interview", noun.id, noun.title)
            case Member():
                return cls("member", noun.id, noun.name)
            case Organisation():
                return cls("organisation", noun.id, noun.name)


@dataclass(frozen=True, slots=True)
class Noted:
    """One line of the log."""

    id: int
    at_ms: int
    actor: Actor
    action: str
    subject: Subject
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    items: list[Noted]
    next_cursor: str | None


async def note(  # noqa: PLR0917 - when who did what to whom: one sentence
    connection: AsyncConnection,
    organisation_id: str,
    at_ms: int,
    actor: Actor,
    action: Action,
    subject: Subject,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """``detail`` says what changed, like {"role": ["member", "admin"]}; never a secret. In the caller's transaction."""
    await connection.execute(
        insert(schema.audit).values(
            organisation_id=organisation_id,
            at_ms=at_ms,
            action=action.value,
            detail=dict(detail or {}),
            address=actor.address,
            **{f"actor_{field}": getattr(actor, field) for field in ("kind", "id", "name")},
            **{f"subject_{field}": value for field, value in asdict(subject).items()},
        )
    )


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """What is not the same any more: [before, after] by name."""
    return {name: [before.get(name), value] for name, value in after.items() if before.get(name) != value}


class Audit:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self,
        principal: Principal,
        *,
        actor: str | None = None,
        subject: str | None = None,
        action: Action | None = None,
        cursor: str | None = None,
        limit: int,
    ) -> Page:
        """The newest first; of one actor, about one subject (by their ids). Raises ScopeMissing, CursorInvalid."""
        principal.require(Right.READ_AUDIT)
        columns = schema.audit.c
        query = select(schema.audit).where(columns.organisation_id == principal.organisation_id)
        for column, wanted in ((columns.actor_id, actor), (columns.subject_id, subject), (columns.action, action)):
            if wanted is not None:
                query = query.where(column == wanted)
        if cursor is not None:
            query = query.where(columns.id < _decode(cursor))
        async with self._database.reading() as connection:
            rows = (await connection.execute(query.order_by(columns.id.desc()).limit(limit + 1))).mappings().all()
        items = [_noted(row) for row in rows[:limit]]
        return Page(items, str(items[-1].id) if len(rows) > limit else None)


def _noted(row: RowMapping) -> Noted:
    actor = Actor(row["actor_kind"], row["actor_id"], row["actor_name"], row["address"])
    subject = Subject(row["subject_kind"], row["subject_id"], row["subject_name"])
    return Noted(row["id"], row["at_ms"], actor, row["action"], subject, row["detail"])


def _decode(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 20 and int(cursor) <= _MAX_ID):
        raise CursorInvalid("The cursor is none that a page has named.")
    return int(cursor)

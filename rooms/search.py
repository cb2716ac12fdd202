"""The interviews that somebody may see: in pages, searched, counted."""

import base64
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import Any

import anyio
from sqlalchemy import ColumnElement, Select, exists, false, func, literal, or_, select
from sqlalchemy import tuple_ as row_value
from sqlalchemy.ext.asyncio import AsyncConnection

from collab.clock import Clock
from collab.database import Database
from rooms import schema, store
from rooms.assignment import Assigned, assigned_to
from rooms.errors import CursorInvalid
from rooms.interview import Interview, Kind, Status
from rooms.principal import Principal
from rooms.text import fold

_MAX_WORDS = 8


class Place(StrEnum):
    TITLE = "title"
    CANDIDATE = "candidate"  # the name
    EMAIL = "email"  # the candidate's
    INTERVIEWER = "interviewer"  # name or e-mail address


@dataclass(frozen=True, slots=True)
class Page:
    items: list[Interview]
    found_in: dict[str, list[Place]]  # by interview, where words were searched for
    counts: dict[Status, int]  # of what was searched for, in every stage
    next_cursor: str | None


class Search:
    """What is searched for are words, without case and accents: each of them has to be somewhere in an interview."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._counting = anyio.Lock()
        self._counted: dict[str, tuple[float, dict[Status, int]]] = {}  # by organisation, and when

    async def page(
        self,
        principal: Principal,
        *,
        status: Status | None,
        needle: str,
        cursor: str | None,
        limit: int,
        kind: Kind = Kind.INTERVIEW,
    ) -> Page:
        """The newest first. Raises CursorInvalid."""
        before = None if cursor is None else _decode_cursor(cursor)
        words = fold(needle.replace("\0", " ")).split(maxsplit=_MAX_WORDS - 1)  # SQLite would end a pattern there
        async with self._database.reading() as connection:
            names = await _names(connection, principal.organisation_id) if words else {}
            wanted = _listed(principal, kind, words, names)
            items = await _newest(connection, wanted, status, before, limit + 1)
            counts = await _counts(connection, wanted)
        more = len(items) > limit
        items = items[:limit]
        found_in = {interview.id: _places(interview, words, names) if words else [] for interview in items}
        return Page(items, found_in, counts, _encode_cursor(items[-1]) if more else None)

    async def counts(self, principal: Principal) -> dict[Status, int]:
        async with self._database.reading() as connection:
            return await _counts(connection, _listed(principal, Kind.INTERVIEW, (), {}))

    async def counts_since(self, principal: Principal, since_s: float) -> dict[Status, int]:
        """As they were at this time of the monotonic clock or later: counted once for all who see everything."""
        if not principal.sees_all:
            return await self.counts(principal)
        async with self._counting:
            begun_s, counts = self._counted.get(principal.organisation_id, (-inf, {}))
            if begun_s < since_s:
                begun_s, counts = time.monotonic(), await self.counts(principal)
                self._counted[principal.organisation_id] = begun_s, counts
        return counts

    async def assigned(self, organisation_id: str, interviews: Sequence[Interview]) -> dict[str, Assigned]:
        """By e-mail address: everybody who is planned in one of these interviews."""
        async with self._database.reading() as connection:
            return await assigned_to(connection, organisation_id, interviews, self._clock.now_ms())


async def _names(connection: AsyncConnection, organisation_id: str) -> dict[str, str]:
    """Of the members, folded, by e-mail address."""
    members = schema.members.c
    rows = await connection.execute(
        select(members.email, members.name).where(members.organisation_id == organisation_id)
    )
    return {email: fold(name) for email, name in rows}


def _listed(principal: Principal, kind: Kind, words: Iterable[str], names: dict[str, str]) -> list[ColumnElement[bool]]:
    interviews = schema.interviews.c
    wanted: list[ColumnElement[bool]] = [
        interviews.organisation_id == principal.organisation_id,
        interviews.kind == kind,
        interviews.status != Status.CANCELLED,
    ]
    if not principal.sees_all:
        wanted.append(
            or_(interviews.created_by == principal.id, _interviewed_by([principal.email] if principal.email else []))
        )
    for word in words:
        called_so = [email for email, name in names.items() if word in name]
        wanted.append(or_(interviews.searched.contains(word, autoescape=True), _interviewed_by(called_so)))
    return wanted


def _interviewed_by(emails: Sequence[str]) -> ColumnElement[bool]:
    if not emails:
        return false()
    each = func.json_each(schema.interviews.c.interviewers).table_valued("value")
    return exists(select(literal(1)).select_from(each).where(each.c.value.in_(emails)).correlate(schema.interviews))


async def _newest(
    connection: AsyncConnection,
    wanted: list[ColumnElement[bool]],
    status: Status | None,
    before: tuple[int, str] | None,
    limit: int,
) -> list[Interview]:
    """Of those made before ``before`` (created_at_ms, id)."""
    interviews = schema.interviews.c
    query: Select[Any] = select(schema.interviews).where(*wanted)
    if status is not None:
        query = query.where(interviews.status == status)
    if before is not None:
        query = query.where(row_value(interviews.created_at_ms, interviews.id) < before)
    query = query.order_by(interviews.created_at_ms.desc(), interviews.id.desc()).limit(limit)
    return [store.interview_of_row(row) for row in (await connection.execute(query)).mappings()]


async def _counts(connection: AsyncConnection, wanted: list[ColumnElement[bool]]) -> dict[Status, int]:
    status = schema.interviews.c.status
    rows = await connection.execute(select(status, func.count()).where(*wanted).group_by(status))
    return {Status(each): count for each, count in rows}


def _places(interview: Interview, words: Iterable[str], names: dict[str, str]) -> list[Place]:
    """Where a word is found."""
    interviewers = [*interview.interviewers, *(names.get(email, "") for email in interview.interviewers)]
    texts = {
        Place.TITLE: fold(interview.title),
        Place.CANDIDATE: fold(interview.candidate_name or ""),
        Place.EMAIL: fold(interview.candidate_email or ""),
        Place.INTERVIEWER: fold("\n".join(interviewers)),
    }
    return [place for place, text in texts.items() if any(word in text for word in words)]


def searched(interview: Interview) -> str:
    """What a search looks in, beside the names of members."""
    texts = (interview.title, interview.candidate_name, interview.candidate_email, *interview.interviewers)
    return fold("\n".join(filter(None, texts)))


def _encode_cursor(interview: Interview) -> str:
    return base64.urlsafe_b64encode(f"{interview.created_at_ms} {interview.id}".encode()).decode()


def _decode_cursor(cursor: str) -> tuple[int, str]:
    try:
        created_at_ms, interview_id = base64.b64decode(cursor, b"-_", validate=True).decode().split(" ")
        if not re.fullmatch("[0-9]{1,15}", created_at_ms):  # more than SQLite's integers hold is no time
            raise ValueError(created_at_ms)
        return int(created_at_ms), interview_id
    except ValueError:
        raise CursorInvalid("This cursor comes from no page.") from None

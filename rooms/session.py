"""Sessions: what a browser holds of a log-in. They are kept here, listed for their member, and ended at will."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, RowMapping, bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collab.clock import Clock
from collab.database import Database
from rooms import audit, schema, store
from rooms.audit import Action, Actor, Subject
from rooms.errors import SessionUnknown
from rooms.last_use import LastUse
from rooms.member import Member
from rooms.principal import Principal
from rooms.secret import digest, new_id, new_secret

SESSION_MS = 30 * 24 * 3_600_000

_sessions, _tickets = schema.sessions.c, schema.tickets.c


class Method(StrEnum):
    """How a member has signed in."""

    LINK = "link"
    PASSWORD = "password"  # noqa: S105 - a name
    GOOGLE = "google"
    SSO = "sso"


@dataclass(frozen=True, slots=True)
class Session:
    """As its member sees it."""

    id: str
    method: str
    browser: str
    address: str
    created_at_ms: int
    seen_at_ms: int  # to the minute
    is_current: bool


async def begin(
    connection: AsyncConnection,
    member_id: str,
    now_ms: int,
    *,
    method: str = Method.LINK,
    browser: str = "",
    address: str = "",
    replacing: str | None = None,
) -> str:
    """In the caller's transaction. Returns the secret of a session of SESSION_MS, always a new one: what the browser
    had before, ``replacing``, ends, whoever had put it there.
    """
    member = await store.member(connection, id=member_id)
    if member is None:
        raise LookupError(member_id)
    secret, actor = new_secret(), Actor.of_member(member, address)
    await _end(connection, now_ms, _sessions.expires_at_ms <= now_ms)
    if replacing is not None:
        for whose in await _end(connection, now_ms, _sessions.token_hash == digest(replacing)):
            before = await store.member(connection, id=whose)
            if before is not None:
                await _note_end(connection, before, now_ms, actor, 1)
    await connection.execute(
        insert(schema.sessions).values(
            token_hash=digest(secret),
            member_id=member_id,
            created_at_ms=now_ms,
            expires_at_ms=now_ms + SESSION_MS,
            id=new_id(),
            method=str(method),
            browser=browser,
            address=address,
            seen_at_ms=now_ms,
        )
    )
    await connection.execute(update(schema.members).where(schema.members.c.id == member_id).values(seen_at_ms=now_ms))
    await audit.note(
        connection,
        member.organisation_id,
        now_ms,
        actor,
        Action.SESSION_BEGUN,
        Subject.of(member),
        {"method": str(method), "browser": browser},
    )
    return secret


async def end_all(
    connection: AsyncConnection, member_id: str, now_ms: int, *, but: str | None = None, method: Method | None = None
) -> int:
    """In the caller's transaction, which notes it; ``but`` is the secret of one that goes on, ``method`` how those were
    begun that do not. Returns how many.
    """
    which = [_sessions.member_id == member_id]
    if but is not None:
        which.append(_sessions.token_hash != digest(but))
    if method is not None:
        which.append(_sessions.method == method.value)
    return len(await _end(connection, now_ms, *which))


async def is_there(connection: AsyncConnection, session_id: str, now_ms: int) -> bool:
    query = select(_sessions.id).where(_sessions.id == session_id, _sessions.expires_at_ms > now_ms)
    return await store.one(connection, query) is not None


async def _end(connection: AsyncConnection, now_ms: int, *which: ColumnElement[bool]) -> list[str]:
    """With the tickets that were got by them. Returns whose they were."""
    gone = delete(schema.sessions).where(*which).returning(_sessions.id, _sessions.member_id)
    ended = (await connection.execute(gone)).all()
    own = _tickets.session_id.in_([session_id for session_id, _ in ended])
    revoked = update(schema.tickets).where(own, _tickets.revoked_at_ms.is_(None))
    await connection.execute(revoked.values(revoked_at_ms=now_ms))
    return [member_id for _, member_id in ended]


async def _note_end(
    connection: AsyncConnection, member: Member | Principal, now_ms: int, actor: Actor, ended: int
) -> None:
    subject = Subject("member", member.id, member.name)
    detail = {"sessions": ended}
    await audit.note(connection, member.organisation_id, now_ms, actor, Action.SESSION_ENDED, subject, detail)


class Sessions:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        of_hash = _sessions.token_hash == bindparam("used")
        member_id = select(_sessions.member_id).where(of_hash).scalar_subquery()
        seen = (
            update(schema.sessions).where(of_hash),
            update(schema.members).where(schema.members.c.id == member_id),
        )
        self.seen = LastUse(database, [statement.values(seen_at_ms=bindparam("at_ms")) for statement in seen])

    async def principal(self, secret: str) -> Principal | None:
        """Whose session it is; None where it has ended, or its member is deactivated."""
        now_ms = self._clock.now_ms()
        async with self._database.reading() as connection:
            found = await store.session_member(connection, digest(secret), now_ms)
        if found is None:
            return None
        self.seen.note(digest(secret), now_ms)
        return Principal.of_member(*found)

    async def of_member(self, principal: Principal, secret: str | None) -> list[Session]:
        """The one that asks, and then the one seen last first."""
        query = select(schema.sessions).where(
            _sessions.member_id == principal.id, _sessions.expires_at_ms > self._clock.now_ms()
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        current = None if secret is None else digest(secret)
        sessions = [self._shown(row, current) for row in rows]
        return sorted(sessions, key=lambda each: (not each.is_current, -each.seen_at_ms))

    async def end(self, principal: Principal, session_id: str) -> None:
        """Raises SessionUnknown, also for somebody else's."""
        async with self._database.writing() as connection:
            now_ms = self._clock.now_ms()
            if not await _end(connection, now_ms, _sessions.member_id == principal.id, _sessions.id == session_id):
                raise SessionUnknown("It has ended already.")
            await _note_end(connection, principal, now_ms, Actor.of(principal), 1)

    async def end_others(self, principal: Principal, secret: str) -> int:
        """All of the member's but the one that asks. Returns how many."""
        async with self._database.writing() as connection:
            now_ms = self._clock.now_ms()
            ended = await end_all(connection, principal.id, now_ms, but=secret)
            if ended:
                await _note_end(connection, principal, now_ms, Actor.of(principal), ended)
        return ended

    async def sign_out(self, secret: str, address: str = "") -> None:
        principal = await self.principal(secret)
        if principal is None:  # whatever anybody sends as one keeps nobody from writing
            return
        async with self._database.writing() as connection:
            now_ms = self._clock.now_ms()
            if await _end(connection, now_ms, _sessions.token_hash == digest(secret)):
                await _note_end(connection, principal, now_ms, Actor.of(principal, address), 1)

    def _shown(self, row: RowMapping, current: str | None) -> Session:
        return Session(
            id=row["id"],
            method=row["method"],
            browser=row["browser"],
            address=row["address"],
            created_at_ms=row["created_at_ms"],
            seen_at_ms=self.seen.at_ms(row["token_hash"]) or row["seen_at_ms"],
            is_current=row["token_hash"] == current,
        )

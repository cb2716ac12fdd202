"""Sessions: what a browser holds of a log-in. They are kept here, listed for their member, and ended at will."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import RowMapping, bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collab.clock import Clock
from collab.database import Database
from rooms import audit, schema, store
from rooms.audit import Action, Actor, Subject
from rooms.errors import SessionUnknown
from rooms.last_use import LastUse
from rooms.principal import Principal
from rooms.secret import digest, new_id, new_secret

SESSION_MS = 30 * 24 * 3_600_000

_sessions = schema.sessions.c


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
    secret = new_secret()
    await connection.execute(delete(schema.sessions).where(_sessions.expires_at_ms <= now_ms))
    if replacing is not None:
        await connection.execute(delete(schema.sessions).where(_sessions.token_hash == digest(replacing)))
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
        Actor.of_member(member, address),
        Action.SESSION_BEGUN,
        Subject.of(member),
        {"method": str(method), "browser": browser},
    )
    return secret


async def end_all(connection: AsyncConnection, member_id: str, *, but: str | None = None) -> int:
    """In the caller's transaction, which notes it; ``but`` is the secret of one that goes on. Returns how many."""
    query = delete(schema.sessions).where(_sessions.member_id == member_id)
    if but is not None:
        query = query.where(_sessions.token_hash != digest(but))
    return (await connection.execute(query)).rowcount


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
            ended = await connection.execute(
                delete(schema.sessions).where(_sessions.member_id == principal.id, _sessions.id == session_id)
            )
            if not ended.rowcount:
                raise SessionUnknown("It has ended already.")
            await self._note(connection, principal, {"sessions": 1})

    async def end_others(self, principal: Principal, secret: str) -> int:
        """All of the member's but the one that asks. Returns how many."""
        async with self._database.writing() as connection:
            ended = await end_all(connection, principal.id, but=secret)
            if ended:
                await self._note(connection, principal, {"sessions": ended})
        return ended

    async def sign_out(self, secret: str) -> None:
        principal = await self.principal(secret)
        async with self._database.writing() as connection:
            ended = await connection.execute(delete(schema.sessions).where(_sessions.token_hash == digest(secret)))
            if principal is not None and ended.rowcount:
                await self._note(connection, principal, {"sessions": 1})

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

    async def _note(self, connection: AsyncConnection, principal: Principal, detail: dict[str, int]) -> None:
        subject = Subject("member", principal.id, principal.name)
        now_ms = self._clock.now_ms()
        actor = Actor.of(principal)
        await audit.note(connection, principal.organisation_id, now_ms, actor, Action.SESSION_ENDED, subject, detail)

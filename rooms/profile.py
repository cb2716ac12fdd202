"""What members see and change of themselves."""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from collab.clock import Clock
from collab.database import Database
from rooms import provider, schema, session, store
from rooms.audit import Actor
from rooms.errors import CurrentPasswordWrong, MemberExists, TextInvalid, Unauthenticated
from rooms.member import Member
from rooms.password import Passwords
from rooms.people import FIRST_OWNER, put_password, set_member
from rooms.principal import Principal
from rooms.secret import digest
from rooms.text import clean_email, clean_name, clean_time_zone

_FRESH_MS = 15 * 60_000


@dataclass(frozen=True, slots=True)
class Profile:
    member: Member
    has_password: bool


class Profiles:
    def __init__(self, database: Database, clock: Clock, passwords: Passwords) -> None:
        self._database = database
        self._clock = clock
        self._passwords = passwords

    async def of(self, principal: Principal) -> Profile:
        async with self._database.reading() as connection:
            member = await _member(connection, principal)
            return Profile(member, await _password_hash(connection, member) is not None)

    async def change(self, principal: Principal, changes: dict[str, str | None]) -> Profile:
        """``changes`` of ``name``, ``time_zone`` and, of who has none of his own yet, ``email``.

        Raises TextInvalid, MemberExists.
        """
        cleaned: dict[str, Any] = dict(changes)
        if "email" in changes:
            cleaned["email"] = clean_email(changes["email"] or "")
        if "name" in changes:
            cleaned["name"] = clean_name(changes["name"] or "")
            if not cleaned["name"]:
                raise TextInvalid("The name is missing.")
        if changes.get("time_zone") is not None:
            cleaned["time_zone"] = clean_time_zone(changes["time_zone"] or "")
        async with self._database.writing() as connection:
            known = await _member(connection, principal)
            member = replace(known, **cleaned)
            if member.email != known.email:
                await _check_email(connection, known, member.email)
            await set_member(connection, known, member, self._clock.now_ms(), Actor.of(principal))
            return Profile(member, await _password_hash(connection, member) is not None)

    async def set_password(self, principal: Principal, secret: str, current: str | None, password: str) -> None:
        """``secret`` is the session's that asks: the member's other sessions, and links not used yet, end.

        Who has a password says it, unless a one-time link has just let him in: it is also for those who have forgotten
        theirs. Raises SsoRequired, CurrentPasswordWrong, PasswordWeak, TooBusy.
        """
        async with self._database.reading() as connection:
            member = await _member(connection, principal)
            await provider.check_password_allowed(connection, member.organisation_id, member.email)
            known = await _password_hash(connection, member)
            is_fresh = await self._has_just_come_by_link(connection, secret)
        if known is not None and not is_fresh and not await self._passwords.matches(known, current or ""):
            raise CurrentPasswordWrong("That is not the password you have now.")
        new = await self._passwords.hashed(password, member.email, member.name)
        async with self._database.writing() as connection:
            member = await _member(connection, principal)
            if await _password_hash(connection, member) != known:
                raise CurrentPasswordWrong("The password was changed meanwhile.")
            now_ms = self._clock.now_ms()
            await put_password(connection, member, new, now_ms, Actor.of(principal), but=secret)

    async def _has_just_come_by_link(self, connection: AsyncConnection, secret: str) -> bool:
        sessions = schema.sessions.c
        query = select(sessions.id).where(
            sessions.token_hash == digest(secret),
            sessions.method == session.Method.LINK,
            sessions.created_at_ms > self._clock.now_ms() - _FRESH_MS,
        )
        return await store.one(connection, query) is not None


async def _member(connection: AsyncConnection, principal: Principal) -> Member:
    """Raises Unauthenticated: keys have none, and a member may just have been deactivated."""
    member = await store.member(connection, id=principal.id)
    if principal.kind != "member" or member is None or not member.is_active:
        raise Unauthenticated("Sign in: this is a member's own.")
    return member


async def _check_email(connection: AsyncConnection, known: Member, email: str) -> None:
    """Raises TextInvalid, MemberExists."""
    if known.email != FIRST_OWNER:  # by it one is let in, invited, and known to a provider
        raise TextInvalid("Nobody can change an e-mail address that is his own: be invited with the new one.")
    if await store.member(connection, email=email) is not None:
        raise MemberExists("Somebody has this e-mail address already.")


async def _password_hash(connection: AsyncConnection, member: Member) -> str | None:
    members = schema.members.c
    row = await store.one(connection, select(members.password_hash).where(members.id == member.id))
    return None if row is None else row["password_hash"]

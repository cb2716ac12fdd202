"""The organisation, its members and keys, and how they prove who they are."""

from dataclasses import fields, replace
from typing import Any

from sqlalchemy import Result, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collab.clock import Clock
from collab.database import Database
from rooms import keyring, schema, session, store
from rooms.access import Right, may
from rooms.audit import COMMAND_LINE, SYSTEM, Action, Actor, Subject, difference, note
from rooms.authority import authorised
from rooms.errors import LastOwner, MemberUnknown, OnBehalfMissing, ScopeMissing, SignInLinkInvalid, TextInvalid
from rooms.key import Scope
from rooms.member import Member, MemberRole
from rooms.organisation import Organisation
from rooms.policy import Limits
from rooms.principal import Principal
from rooms.secret import digest, new_id, new_secret
from rooms.text import MAX_NAME_CHARACTERS, clean, clean_email, clean_name, clean_time_zone, is_blank

SIGN_IN_LINK_MS = 24 * 3_600_000
_POWERS = (Right.CHANGE_MEMBER, Right.CHANGE_OWNER)
FIRST_OWNER = "owner@localhost"
"""The address of an owner whom nobody has named yet; he says his own in his profile, once."""


class People:
    """Changes who belongs to the organisation; also used by commands beside a running server."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self.keyring = keyring.Keyring(database, clock)

    async def first_owner_token(self) -> str | None:
        """Make the organisation and its owner, where there is none. Returns a sign-in token for the owner for as long
        as nobody has ever signed in: the first one may have been lost with the terminal it was printed on.
        """
        async with self._database.writing() as connection:
            owner = await store.first_owner(connection)
            if owner is None:
                owner = await self._put_member(connection, FIRST_OWNER, "Owner", MemberRole.OWNER, SYSTEM)
            elif await store.has_anybody_signed_in(connection):
                return None
            return await add_link(connection, owner, self._clock.now_ms(), SYSTEM)

    async def add_member(self, email: str, name: str | None, role: MemberRole | None) -> str:
        """Add a member, or change what is given of one who exists, who is active then. Returns a sign-in token.

        Raises TextInvalid, LastOwner.
        """
        async with self._database.writing() as connection:
            member = await self._named_member(connection, email, name, role)
            return await add_link(connection, member, self._clock.now_ms(), COMMAND_LINE)

    async def add_member_with_password(
        self, email: str, name: str | None, role: MemberRole | None, password_hash: str
    ) -> None:
        """The same, of one who needs no link. Raises TextInvalid, LastOwner."""
        async with self._database.writing() as connection:
            member = await self._named_member(connection, email, name, role)
            await put_password(connection, member, password_hash, self._clock.now_ms(), COMMAND_LINE)

    async def _named_member(
        self, connection: AsyncConnection, email: str, name: str | None, role: MemberRole | None
    ) -> Member:
        called = clean_name(name) if name else None
        return await self._put_member(connection, clean_email(email), called, role, COMMAND_LINE)

    async def add_key(self, description: str, scopes: frozenset[Scope]) -> str:
        """Returns the key, which is shown this once. Raises TextInvalid."""
        async with self._database.writing() as connection:
            organisation = await self._own_organisation(connection)
            _, secret = await keyring.add(connection, organisation.id, description, scopes, self._clock.now_ms())
        return secret

    async def sign_in(self, token: str, *, browser: str = "", address: str = "", replacing: str | None = None) -> str:
        """Use a sign-in link up. Returns the secret of a session. Raises SignInLinkInvalid."""
        now_ms, links = self._clock.now_ms(), schema.sign_in_links.c
        usable = links.token_hash == digest(token), links.used_at_ms.is_(None), links.expires_at_ms > now_ms
        async with self._database.reading() as connection:  # who only guesses keeps nobody from writing
            _the_one(await connection.execute(select(links.member_id).where(*usable)))
        async with self._database.writing() as connection:
            own = update(schema.sign_in_links).where(*usable).values(used_at_ms=now_ms)
            member_id = _the_one(await connection.execute(own.returning(links.member_id)))
            return await session.begin(
                connection, member_id, now_ms, browser=browser, address=address, replacing=replacing
            )

    async def principal_of_key(self, secret: str) -> Principal | None:
        return await self.keyring.principal_of(secret)

    async def organisation(self, organisation_id: str) -> Organisation:
        async with self._database.reading() as connection:
            organisation = await store.organisation(connection, organisation_id)
        if organisation is None:
            raise LookupError(organisation_id)
        return organisation

    async def member_of_email(self, organisation_id: str, email: str) -> Member:
        """Raises MemberUnknown, also for another organisation's and who was deactivated."""
        async with self._database.reading() as connection:
            return await _member_of_email(connection, organisation_id, email)

    async def acting_member(self, principal: Principal, on_behalf_of: str | None) -> Member:
        """The member who asks, or for whom a key asks. Raises OnBehalfMissing, MemberUnknown, ScopeMissing."""
        async with self._database.reading() as connection:
            return await acting_member(connection, principal, on_behalf_of)

    async def change_organisation(self, principal: Principal, changes: dict[str, Any]) -> Organisation:
        """Set name, time_zone and fields of its limits. Raises ScopeMissing, Unauthenticated, TextInvalid."""
        async with self._database.writing() as connection:
            asker = await authorised(connection, principal, Right.CHANGE_ORGANISATION)
            organisation = await store.organisation(connection, asker.organisation_id)
            if organisation is None:
                raise LookupError(asker.organisation_id)
            limits = {field.name: changes[field.name] for field in fields(Limits) if field.name in changes}
            changed = replace(
                organisation,
                name=_clean_organisation_name(changes.get("name", organisation.name)),
                time_zone=clean_time_zone(changes.get("time_zone", organisation.time_zone)),
                limits=replace(organisation.limits, **limits),
            )
            before, after = _organisation_row(organisation), _organisation_row(changed)
            if before != after:
                row = update(schema.organisations).where(schema.organisations.c.id == organisation.id)
                await connection.execute(row.values(after))
                await note(
                    connection,
                    organisation.id,
                    self._clock.now_ms(),
                    Actor.of(asker),
                    Action.ORGANISATION_CHANGED,
                    Subject.of(changed),
                    difference(before, after),
                )
            return changed

    async def _own_organisation(self, connection: AsyncConnection) -> Organisation:
        organisation = await store.organisation(connection)
        if organisation is None:
            now_ms = self._clock.now_ms()
            organisation = Organisation(new_id(), "My organisation", Limits())
            row = {"id": organisation.id, "created_at_ms": now_ms} | _organisation_row(organisation)
            await connection.execute(insert(schema.organisations).values(row))
            subject = Subject.of(organisation)
            await note(connection, organisation.id, now_ms, SYSTEM, Action.ORGANISATION_MADE, subject)
        return organisation

    async def _put_member(
        self, connection: AsyncConnection, email: str, name: str | None, role: MemberRole | None, actor: Actor
    ) -> Member:
        now_ms = self._clock.now_ms()
        known = await store.member(connection, email=email)
        if known is None:
            organisation = await self._own_organisation(connection)
            called = name or email.partition("@")[0]
            member = Member(new_id(), organisation.id, email, called, role or MemberRole.MEMBER, created_at_ms=now_ms)
            await add_member(connection, member, now_ms, actor)
            return member
        member = replace(known, name=name or known.name, role=role or known.role, deactivated_at_ms=None)
        await set_member(connection, known, member, now_ms, actor)
        return member


async def add_member(
    connection: AsyncConnection, member: Member, now_ms: int, actor: Actor, password_hash: str | None = None
) -> None:
    await connection.execute(
        insert(schema.members).values(
            id=member.id,
            organisation_id=member.organisation_id,
            email=member.email,
            name=member.name,
            role=member.role.value,
            created_at_ms=now_ms,
            password_hash=password_hash,
        )
    )
    detail = {"email": member.email, "role": member.role.value}
    await note(connection, member.organisation_id, now_ms, actor, Action.MEMBER_ADDED, Subject.of(member), detail)


async def put_password(
    connection: AsyncConnection,
    member: Member,
    password_hash: str,
    now_ms: int,
    actor: Actor,
    *,
    but: str | None = None,
) -> None:
    """Sessions and links of before end; ``but`` is the secret of the session that goes on."""
    own = schema.members.c.id == member.id
    await connection.execute(update(schema.members).where(own).values(password_hash=password_hash))
    ended = await session.end_all(connection, member.id, now_ms, but=but)
    await _end_links(connection, member)
    subject, detail = Subject.of(member), {"sessions": ended} if ended else {}
    await note(connection, member.organisation_id, now_ms, actor, Action.PASSWORD_SET, subject, detail)


async def set_member(connection: AsyncConnection, known: Member, member: Member, now_ms: int, actor: Actor) -> None:
    """What may change of him, and is not so already. Whoever is deactivated has no session and no link any more.

    Raises LastOwner.
    """
    changed = difference(_member_row(known), _member_row(member))
    if not changed:
        return
    was_owner, is_owner = (each.role is MemberRole.OWNER and each.is_active for each in (known, member))
    if was_owner and not is_owner and await store.count_owners(connection, member.organisation_id) == 1:
        raise LastOwner(f"{known.name} is the only owner. Make somebody else an owner first.")
    row = update(schema.members).where(schema.members.c.id == member.id)
    await connection.execute(row.values(_member_row(member)))
    detail: dict[str, Any] = dict(changed)
    action = Action.MEMBER_CHANGED
    if detail.pop("deactivated_at_ms", None) is not None:
        action = Action.MEMBER_REACTIVATED if member.is_active else Action.MEMBER_DEACTIVATED
    ended = 0
    if not member.is_active:
        ended = await session.end_all(connection, member.id, now_ms)
        await _end_links(connection, member)
    elif any(may(member.role, right) and not may(known.role, right) for right in _POWERS):
        # Who made a link may have kept it, or what he has opened with it, until it would give him these.
        ended = await session.end_all(connection, member.id, now_ms, method=session.Method.LINK)
        await _end_links(connection, member)
    if ended:
        detail["sessions"] = ended
    await note(connection, member.organisation_id, now_ms, actor, action, Subject.of(member), detail)


async def _end_links(connection: AsyncConnection, member: Member) -> None:
    """Those that nobody has used."""
    links = schema.sign_in_links.c
    await connection.execute(
        delete(schema.sign_in_links).where(links.member_id == member.id, links.used_at_ms.is_(None))
    )


async def add_link(connection: AsyncConnection, member: Member, now_ms: int, actor: Actor) -> str:
    """A sign-in token for SIGN_IN_LINK_MS."""
    token = new_secret()
    await connection.execute(
        insert(schema.sign_in_links).values(
            token_hash=digest(token), member_id=member.id, expires_at_ms=now_ms + SIGN_IN_LINK_MS
        )
    )
    await note(connection, member.organisation_id, now_ms, actor, Action.MEMBER_LINKED, Subject.of(member))
    return token


def _the_one(found: Result[Any]) -> str:
    """Raises SignInLinkInvalid."""
    member_id: str | None = found.scalar_one_or_none()
    if member_id is None:
        raise SignInLinkInvalid("This sign-in link was used already or has expired.")
    return member_id


def _member_row(member: Member) -> dict[str, Any]:
    """What may change."""
    return {
        "email": member.email,
        "name": member.name,
        "role": member.role.value,
        "time_zone": member.time_zone,
        "deactivated_at_ms": member.deactivated_at_ms,
    }


def _organisation_row(organisation: Organisation) -> dict[str, Any]:
    return {
        "name": organisation.name,
        "time_zone": organisation.time_zone,
        **store.limits_row(organisation.limits),
    }


def _clean_organisation_name(name: str) -> str:
    cleaned = clean(name, "name", MAX_NAME_CHARACTERS)
    if is_blank(cleaned):
        raise TextInvalid("The organisation needs a name.")
    return cleaned


async def acting_member(connection: AsyncConnection, principal: Principal, on_behalf_of: str | None) -> Member:
    """As ``People.acting_member``, inside a transaction."""
    if principal.kind == "key":
        if on_behalf_of is None:
            raise OnBehalfMissing("A key says with on_behalf_of for which member it acts.")
        return await _member_of_email(connection, principal.organisation_id, on_behalf_of)
    if on_behalf_of is not None and on_behalf_of.strip().lower() != principal.email:
        raise ScopeMissing("Only a key acts on behalf of somebody else.")
    return await _member_of_email(connection, principal.organisation_id, principal.email or "")


async def _member_of_email(connection: AsyncConnection, organisation_id: str, email: str) -> Member:
    member = await store.member(connection, email=email.strip().lower())
    if member is None or member.organisation_id != organisation_id or not member.is_active:
        raise MemberUnknown("No active member of the organisation has this e-mail address.")
    return member

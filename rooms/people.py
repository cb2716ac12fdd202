"""The organisation, its members and keys, and how they prove who they are."""

from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collab.clock import Clock
from collab.database import Database
from rooms import schema, session, store
from rooms.errors import MemberUnknown, OnBehalfMissing, ScopeMissing, SignInLinkInvalid
from rooms.key import Scope
from rooms.member import Member, MemberRole
from rooms.organisation import Organisation
from rooms.policy import Limits
from rooms.principal import Principal
from rooms.secret import digest, new_id, new_secret
from rooms.text import clean, clean_email, clean_name

SIGN_IN_LINK_MS = 24 * 3_600_000
MAX_DESCRIPTION_CHARACTERS = 200


class People:
    """Changes who belongs to the organisation; also used by commands beside a running server."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def first_owner_token(self) -> str | None:
        """Make the organisation and its owner, where there is none. Returns a sign-in token for the owner for as long
        as nobody has ever signed in: the first one may have been lost with the terminal it was printed on.
        """
        async with self._database.writing() as connection:
            owner = await store.first_owner(connection)
            if owner is None:
                owner = await self._put_member(connection, "owner@localhost", "Owner", MemberRole.OWNER)
            elif await store.has_anybody_signed_in(connection):
                return None
            return await self._new_link(connection, owner)

    async def add_member(self, email: str, name: str | None, role: MemberRole | None) -> str:
        """Add a member, or change what is given of one who exists. Returns a sign-in token. Raises TextInvalid."""
        address = clean_email(email)
        called = clean_name(name) if name else None
        async with self._database.writing() as connection:
            member = await self._put_member(connection, address, called, role)
            return await self._new_link(connection, member)

    async def add_key(self, description: str, scopes: frozenset[Scope]) -> str:
        """Returns the key, which is shown this once. Raises TextInvalid."""
        described = clean(description, "description", MAX_DESCRIPTION_CHARACTERS)
        secret = new_secret()
        async with self._database.writing() as connection:
            organisation = await self._own_organisation(connection)
            await connection.execute(
                insert(schema.keys).values(
                    id=new_id(),
                    organisation_id=organisation.id,
                    description=described,
                    secret_hash=digest(secret),
                    scopes=sorted(scopes),
                    created_at_ms=self._clock.now_ms(),
                )
            )
        return secret

    async def sign_in(self, token: str, *, browser: str = "", address: str = "", replacing: str | None = None) -> str:
        """Use a sign-in link up. Returns the secret of a session. Raises SignInLinkInvalid."""
        now_ms = self._clock.now_ms()
        async with self._database.writing() as connection:
            used = await connection.execute(
                update(schema.sign_in_links)
                .where(
                    schema.sign_in_links.c.token_hash == digest(token),
                    schema.sign_in_links.c.used_at_ms.is_(None),
                    schema.sign_in_links.c.expires_at_ms > now_ms,
                )
                .values(used_at_ms=now_ms)
                .returning(schema.sign_in_links.c.member_id)
            )
            member_id = used.scalar_one_or_none()
            if member_id is None:
                raise SignInLinkInvalid("This sign-in link was used already or has expired.")
            return await session.begin(
                connection, member_id, now_ms, browser=browser, address=address, replacing=replacing
            )

    async def principal_of_key(self, secret: str) -> Principal | None:
        async with self._database.reading() as connection:
            key = await store.key(connection, digest(secret))
        return None if key is None else Principal.of_key(key)

    async def organisation(self, organisation_id: str) -> Organisation:
        async with self._database.reading() as connection:
            organisation = await store.organisation(connection, organisation_id)
        if organisation is None:
            raise LookupError(organisation_id)
        return organisation

    async def member_of_email(self, organisation_id: str, email: str) -> Member:
        """Raises MemberUnknown, also for another organisation's."""
        async with self._database.reading() as connection:
            return await _member_of_email(connection, organisation_id, email)

    async def acting_member(self, principal: Principal, on_behalf_of: str | None) -> Member:
        """The member who asks, or for whom a key asks. Raises OnBehalfMissing, MemberUnknown, ScopeMissing."""
        async with self._database.reading() as connection:
            return await acting_member(connection, principal, on_behalf_of)

    async def _own_organisation(self, connection: AsyncConnection) -> Organisation:
        organisation = await store.organisation(connection)
        if organisation is None:
            organisation = Organisation(new_id(), "My organisation", Limits())
            await connection.execute(
                insert(schema.organisations).values(
                    id=organisation.id,
                    name=organisation.name,
                    created_at_ms=self._clock.now_ms(),
                    **store.limits_row(organisation.limits),
                )
            )
        return organisation

    async def _put_member(
        self, connection: AsyncConnection, email: str, name: str | None, role: MemberRole | None
    ) -> Member:
        known = await store.member(connection, email=email)
        if known is None:
            organisation = await self._own_organisation(connection)
            member = Member(
                new_id(), organisation.id, email, name or email.partition("@")[0], role or MemberRole.MEMBER
            )
            await connection.execute(
                insert(schema.members).values(
                    id=member.id,
                    organisation_id=member.organisation_id,
                    email=email,
                    name=member.name,
                    role=member.role.value,
                    created_at_ms=self._clock.now_ms(),
                )
            )
            return member
        member = Member(known.id, known.organisation_id, email, name or known.name, role or known.role)
        await connection.execute(
            update(schema.members)
            .where(schema.members.c.id == member.id)
            .values(name=member.name, role=member.role.value)
        )
        return member

    async def _new_link(self, connection: AsyncConnection, member: Member) -> str:
        token = new_secret()
        await connection.execute(
            insert(schema.sign_in_links).values(
                token_hash=digest(token),
                member_id=member.id,
                expires_at_ms=self._clock.now_ms() + SIGN_IN_LINK_MS,
            )
        )
        return token


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
    if member is None or member.organisation_id != organisation_id:
        raise MemberUnknown("No member of the organisation has this e-mail address.")
    return member

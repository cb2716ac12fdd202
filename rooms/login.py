"""Signing in: by a password, or by what a provider says of somebody."""

from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import RowMapping, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collab.journal import Journal, Transaction
from rooms import audit, invitation, provider, schema, session, store
from rooms.audit import Action, Actor, Subject
from rooms.errors import IdentityRefused, LoginExpired, PasswordWrong, ProviderUnknown, TextInvalid, TooBusy
from rooms.identity import Claims, Identities, Provider
from rooms.member import Member
from rooms.password import Passwords
from rooms.profile import Profiles
from rooms.provider import Providers
from rooms.secret import digest, new_secret
from rooms.text import MAX_EMAIL_CHARACTERS, clean_email, clean_name

ATTEMPT_MS = 10 * 60_000

_attempts = schema.login_attempts.c
_identities = schema.identities.c


@dataclass(frozen=True, slots=True)
class Departure:
    """To a provider."""

    address: str
    browser: str  # a secret that only this browser gets


@dataclass(frozen=True, slots=True)
class Return:
    """From a provider, signed in."""

    session: str
    return_to: str


class Logins:
    def __init__(self, journal: Journal) -> None:
        database, clock = journal.database, journal.clock
        self.passwords = Passwords()
        self.profiles = Profiles(database, clock, self.passwords)
        self._identities = Identities()
        self.providers = Providers(database, clock, self._identities)
        self._journal = journal
        self._database = database
        self._clock = clock

    async def offered(self) -> list[Provider]:
        """What the log-in page offers beside passwords."""
        async with self._database.reading() as connection:
            organisation = await store.organisation(connection)
            return [] if organisation is None else await provider.of_organisation(connection, organisation.id)

    # By a password

    async def with_password(
        self, email: str, password: str, *, browser: str, address: str, replacing: str | None
    ) -> str:
        """Returns a session's secret.

        Raises PasswordWrong: the same, and as late, whatever is wrong; SsoRequired, by the address's domain alone;
        TooBusy.
        """
        wanted = _as_stored(email)
        async with self._database.reading() as connection:
            organisation = await store.organisation(connection)
            if organisation is not None:
                await provider.check_password_allowed(connection, organisation.id, wanted)
            row = await _active(connection, wanted)
        known = None if row is None else row["password_hash"]
        is_right = await self.passwords.matches(known, password)
        if row is None or known is None or not is_right:
            raise PasswordWrong("Try again, or ask an admin of your organisation for a sign-in link.")
        renewed = None
        with suppress(TooBusy):  # next time, then
            renewed = await self.passwords.renewed(known, password)
        async with self._database.writing() as connection:
            now = await _active(connection, wanted)
            if now is None or now["password_hash"] != known:
                raise PasswordWrong("Try again, or ask an admin of your organisation for a sign-in link.")
            if renewed is not None:
                own = update(schema.members).where(schema.members.c.id == row["id"])
                await connection.execute(own.values(password_hash=renewed))
            return await session.begin(
                connection,
                row["id"],
                self._clock.now_ms(),
                method=session.Method.PASSWORD,
                browser=browser,
                address=address,
                replacing=replacing,
            )

    async def is_usual(self, email: str, address: str) -> bool:
        """Whether the member with this e-mail address has a session from there: not one who only guesses."""
        query = (
            select(schema.sessions.c.id)
            .join_from(schema.sessions, schema.members, schema.sessions.c.member_id == schema.members.c.id)
            .where(schema.members.c.email == _as_stored(email), schema.sessions.c.address == address)
            .limit(1)
        )
        async with self._database.reading() as connection:
            return await store.one(connection, query) is not None

    # By a provider

    async def leave(self, kind: str, redirect_uri: str, return_to: str) -> Departure:
        """Raises ProviderUnknown, ProviderSilent."""
        state, browser, nonce, code_verifier = (new_secret() for _ in range(4))
        async with self._database.reading() as connection:
            organisation = await store.organisation(connection)
            if organisation is None:
                raise ProviderUnknown("There is nobody who could sign in yet.")
            through = await provider.of_kind(connection, organisation.id, kind)
        address = await self._identities.address(
            through, redirect_uri, state=state, nonce=nonce, code_verifier=code_verifier
        )
        now_ms = self._clock.now_ms()
        async with self._database.writing() as connection:
            await connection.execute(delete(schema.login_attempts).where(_attempts.expires_at_ms <= now_ms))
            await connection.execute(
                insert(schema.login_attempts).values(
                    state_hash=digest(state),
                    browser_hash=digest(browser),
                    organisation_id=organisation.id,
                    kind=through.kind,
                    nonce=nonce,
                    code_verifier=code_verifier,
                    return_to=return_to,
                    expires_at_ms=now_ms + ATTEMPT_MS,
                )
            )
        return Departure(address, browser)

    async def come_back(
        self,
        *,
        state: str,
        left_with: str | None,
        code: str | None,
        issuer: str | None,
        redirect_uri: str,
        browser: str,
        address: str,
        replacing: str | None,
    ) -> Return:
        """``left_with`` is the secret that the browser got when it left; without a ``code`` the provider has refused.

        Raises LoginExpired, ProviderUnknown, ProviderSilent, IdentityRefused.
        """
        attempt = await self._used_up(state)
        if code is None:
            raise IdentityRefused("The provider has not let you in. Begin again, or sign in another way.")
        if attempt is None or left_with is None or digest(left_with) != attempt["browser_hash"]:
            raise LoginExpired("It was begun too long ago, in another browser, or is over. Begin again.")
        async with self._database.reading() as connection:
            through = await provider.of_kind(connection, attempt["organisation_id"], attempt["kind"])
        if issuer is not None and issuer != through.issuer:  # RFC 9207
            raise IdentityRefused("Another provider has answered than the one that was asked. Begin again.")
        claims = await self._identities.claims(
            through, redirect_uri, code=code, nonce=attempt["nonce"], code_verifier=attempt["code_verifier"]
        )
        email = _checked(claims, through)
        own = attempt["organisation_id"]
        async with self._journal.transaction() as transaction:
            connection, now_ms = transaction.connection, transaction.now_ms
            if await provider.of_kind(connection, own, through.kind) != through:
                raise LoginExpired("The way of signing in was changed meanwhile. Begin again.")
            member = await _identified(transaction, own, claims, email, address)
            secret = await session.begin(
                connection,
                member.id,
                now_ms,
                method=through.kind,
                browser=browser,
                address=address,
                replacing=replacing,
            )
        return Return(secret, attempt["return_to"])

    async def _used_up(self, state: str) -> RowMapping | None:
        async with self._database.writing() as connection:
            used = await connection.execute(
                delete(schema.login_attempts)
                .where(_attempts.state_hash == digest(state), _attempts.expires_at_ms > self._clock.now_ms())
                .returning(schema.login_attempts)
            )
            found: RowMapping | None = used.mappings().first()
        return found


def _as_stored(email: str) -> str:
    """What cannot be anybody's address finds nobody."""
    return email.strip().lower()[: MAX_EMAIL_CHARACTERS + 1]


async def _active(connection: AsyncConnection, email: str) -> RowMapping | None:
    members = schema.members.c
    return await store.one(
        connection,
        select(members.id, members.password_hash).where(members.email == email, members.deactivated_at_ms.is_(None)),
    )


def _checked(claims: Claims, through: Provider) -> str:
    """The e-mail address, as members have theirs. Raises IdentityRefused."""
    if not claims.is_verified:
        raise IdentityRefused("The provider has not verified your e-mail address. Verify it there, and begin again.")
    try:
        email = clean_email(claims.email)
    except TextInvalid:
        raise IdentityRefused("The provider does not tell your e-mail address.") from None
    # Letters like the Kelvin sign become others in lower case, and with them the address somebody else's.
    if not claims.email.isascii() and claims.email.strip() != email:
        raise IdentityRefused("The provider writes your e-mail address in capitals that are no letters of ASCII.")
    company = claims.hosted_domain if through.kind == provider.ProviderKind.GOOGLE else None
    is_of_company = through.kind != provider.ProviderKind.GOOGLE or not through.domains or company in through.domains
    if not through.covers(email) or not is_of_company:
        raise IdentityRefused("Your organisation accepts no accounts of this domain. Choose the one of your company.")
    return email


async def _identified(
    transaction: Transaction, organisation_id: str, claims: Claims, email: str, address: str
) -> Member:
    """Whose account it is: bound to its subject at the first log-in, for addresses are given to others later.

    Raises IdentityRefused.
    """
    connection, now_ms = transaction.connection, transaction.now_ms
    bound = await store.one(
        connection,
        select(_identities.member_id).where(_identities.issuer == claims.issuer, _identities.subject == claims.subject),
    )
    if bound is not None:
        member = await store.member(connection, id=bound["member_id"])
    else:
        member = await store.member(connection, email=email) or await invitation.accept_by_email(
            transaction, organisation_id, email, name=_name(claims), address=address
        )
    if member is None or member.organisation_id != organisation_id:
        raise IdentityRefused(f"Nobody here has the address {email}. Ask an admin of your organisation to invite you.")
    if await _active(connection, member.email) is None:
        raise IdentityRefused("Your access was ended. Ask an admin of your organisation.")
    if bound is None:
        await _bind(connection, member, claims, now_ms, address)
    return member


async def _bind(connection: AsyncConnection, member: Member, claims: Claims, now_ms: int, address: str) -> None:
    query = select(_identities.subject).where(_identities.issuer == claims.issuer, _identities.member_id == member.id)
    if await store.one(connection, query) is not None:
        raise IdentityRefused(
            "Another account of the provider belongs to your address here. Ask an admin of your organisation."
        )
    await connection.execute(
        insert(schema.identities).values(
            issuer=claims.issuer, subject=claims.subject, member_id=member.id, created_at_ms=now_ms
        )
    )
    actor = Actor.of_member(member, address)
    detail = {"issuer": claims.issuer}
    await audit.note(
        connection, member.organisation_id, now_ms, actor, Action.MEMBER_IDENTIFIED, Subject.of(member), detail
    )


def _name(claims: Claims) -> str:
    """Where it is one that could be shown."""
    try:
        return clean_name(claims.name)
    except TextInvalid:
        return ""

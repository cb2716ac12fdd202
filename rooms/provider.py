"""Through which providers an organisation's members sign in, and whose passwords that ends."""

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from sqlalchemy import RowMapping, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collab.clock import Clock
from collab.database import Database
from rooms import audit, schema
from rooms.access import Right
from rooms.audit import Action, Actor, Subject, difference
from rooms.authority import authorised
from rooms.errors import ProviderSilent, ProviderUnknown, SsoRequired, TextInvalid
from rooms.identity import Identities, Provider
from rooms.principal import Principal
from rooms.text import MAX_URL_CHARACTERS, clean

_MAX_DOMAINS = 50
_MAX_ID_CHARACTERS = 500
_DOMAIN = re.compile(r"(?=.{1,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")

_columns = schema.identity_providers.c


class ProviderKind(StrEnum):
    GOOGLE = "google"
    SSO = "sso"


GOOGLE = "https://accounts.google.com"
CALLED = {ProviderKind.GOOGLE: "Google", ProviderKind.SSO: "your company's single sign-on"}


async def of_organisation(connection: AsyncConnection, organisation_id: str) -> list[Provider]:
    query = select(schema.identity_providers).where(_columns.organisation_id == organisation_id)
    return [_provider(row) for row in (await connection.execute(query.order_by(_columns.kind))).mappings()]


async def of_kind(connection: AsyncConnection, organisation_id: str, kind: str) -> Provider:
    """Raises ProviderUnknown."""
    found = [each for each in await of_organisation(connection, organisation_id) if each.kind == kind]
    if not found:
        raise ProviderUnknown("Your organisation has not set this up. Sign in another way, or ask its owner.")
    return found[0]


async def check_password_allowed(connection: AsyncConnection, organisation_id: str, email: str) -> None:
    """Whether this address, of somebody known or not, may be used with a password. Raises SsoRequired."""
    for each in await of_organisation(connection, organisation_id):
        if each.is_required and each.covers(email):
            raise SsoRequired(
                f"Passwords are not accepted for this address. Sign in with {CALLED[ProviderKind(each.kind)]}."
            )


class Providers:
    """What an organisation has set up. Whoever may change it can have anybody's e-mail address asserted: that is for
    owners, not for admins, who would become owners by it.
    """

    def __init__(self, database: Database, clock: Clock, identities: Identities) -> None:
        self._database = database
        self._clock = clock
        self._identities = identities

    async def of(self, principal: Principal) -> list[Provider]:
        """Raises ScopeMissing."""
        principal.require(Right.CHANGE_ORGANISATION)
        async with self._database.reading() as connection:
            return await of_organisation(connection, principal.organisation_id)

    async def put(
        self,
        principal: Principal,
        kind: ProviderKind,
        *,
        issuer: str | None,
        client_id: str,
        client_secret: str | None,
        domains: Iterable[str],
        is_required: bool,
    ) -> Provider:
        """Without a secret the one on record stays, as long as it goes to the same issuer.

        Raises ScopeMissing, TextInvalid (also where no provider answers).
        """
        principal.require(Right.CHANGE_LOGIN)
        wanted = Provider(
            kind=kind.value,
            issuer=_issuer(kind, issuer),
            client_id=_filled(client_id, "client id"),
            client_secret=clean(client_secret or "", "client secret", _MAX_ID_CHARACTERS),
            domains=_domains(domains),
            is_required=is_required,
        )
        try:
            await self._identities.check(wanted.issuer)
        except ProviderSilent as error:
            raise TextInvalid(str(error)) from None
        async with self._database.writing() as connection:
            await authorised(connection, principal, Right.CHANGE_LOGIN)
            before = next((each for each in await self._all(connection, principal) if each.kind == kind), None)
            secret = wanted.client_secret
            if client_secret is None and before is not None and before.issuer == wanted.issuer:
                secret = before.client_secret
            await self._remove(connection, principal, kind)
            await connection.execute(
                insert(schema.identity_providers).values(
                    organisation_id=principal.organisation_id, client_secret=secret, **_shown(wanted), kind=kind.value
                )
            )
            changed: dict[str, Any] = dict(difference({} if before is None else _shown(before), _shown(wanted)))
            if before is None or secret != before.client_secret:
                changed["client_secret"] = "set" if secret else "none"
            await self._note(connection, principal, Action.PROVIDER_SET, wanted, changed)
            return await of_kind(connection, principal.organisation_id, kind)

    async def remove(self, principal: Principal, kind: ProviderKind) -> None:
        """Raises ScopeMissing, ProviderUnknown."""
        async with self._database.writing() as connection:
            await authorised(connection, principal, Right.CHANGE_LOGIN)
            before = await of_kind(connection, principal.organisation_id, kind)
            await self._remove(connection, principal, kind)
            await self._note(connection, principal, Action.PROVIDER_REMOVED, before, {})

    async def _all(self, connection: AsyncConnection, principal: Principal) -> list[Provider]:
        return await of_organisation(connection, principal.organisation_id)

    async def _remove(self, connection: AsyncConnection, principal: Principal, kind: ProviderKind) -> None:
        """With it whoever is on the way there."""
        for table in (schema.identity_providers, schema.login_attempts):
            await connection.execute(
                delete(table).where(table.c.organisation_id == principal.organisation_id, table.c.kind == kind.value)
            )

    async def _note(
        self,
        connection: AsyncConnection,
        principal: Principal,
        action: Action,
        provider: Provider,
        detail: dict[str, Any],
    ) -> None:
        await audit.note(
            connection,
            principal.organisation_id,
            self._clock.now_ms(),
            Actor.of(principal),
            action,
            Subject("provider", provider.kind, provider.issuer),
            detail,
        )


def _provider(row: RowMapping) -> Provider:
    return Provider(
        row["kind"],
        row["issuer"],
        row["client_id"],
        row["client_secret"],
        tuple(row["domains"]),
        row["is_required"],
    )


def _shown(provider: Provider) -> dict[str, Any]:
    """Without the secret."""
    return {
        "issuer": provider.issuer,
        "client_id": provider.client_id,
        "domains": list(provider.domains),
        "is_required": provider.is_required,
    }


def _issuer(kind: ProviderKind, issuer: str | None) -> str:
    if issuer is None and kind is ProviderKind.GOOGLE:
        return GOOGLE
    return clean(_filled(issuer or "", "issuer"), "issuer", MAX_URL_CHARACTERS)


def _filled(text: str, what: str) -> str:
    cleaned = clean(text, what, _MAX_ID_CHARACTERS)
    if not cleaned:
        raise TextInvalid(f"The {what} is missing.")
    return cleaned


def _domains(domains: Iterable[str]) -> tuple[str, ...]:
    wanted = tuple(dict.fromkeys(each.strip().lower().removeprefix("@") for each in domains))
    if len(wanted) > _MAX_DOMAINS:
        raise TextInvalid(f"There are more than {_MAX_DOMAINS} domains.")
    if not all(_DOMAIN.fullmatch(each) for each in wanted):
        raise TextInvalid("One of the domains is none: write them like example.com.")
    return wanted

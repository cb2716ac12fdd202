"""API keys: made, listed, revoked, and used."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping, Select, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collab.clock import Clock
from collab.database import Database
from rooms import schema, store
from rooms.access import Right
from rooms.audit import COMMAND_LINE, Action, Actor, Subject, note
from rooms.authority import authorised
from rooms.errors import KeyUnknown, TextInvalid
from rooms.key import Key, Scope
from rooms.last_use import LastUse
from rooms.principal import Principal
from rooms.secret import digest, new_id, new_secret
from rooms.text import clean, is_blank

MAX_DESCRIPTION_CHARACTERS = 200

_keys = schema.keys.c


@dataclass(frozen=True, slots=True)
class Held:
    """A key as it is listed: the secret itself was shown once, when it was made."""

    id: str
    description: str
    scopes: tuple[str, ...]
    created_at_ms: int
    created_by: tuple[str, str] | None  # id and name of a member; None where the command line did
    used_at_ms: int | None
    revoked_at_ms: int | None


class Keyring:
    """Keys belong to the organisation: they go on when whoever made them has left."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        used_at = update(schema.keys).where(_keys.id == bindparam("used")).values(used_at_ms=bindparam("at_ms"))
        self.used = LastUse(database, [used_at])

    async def all(self, principal: Principal) -> list[Held]:
        """The newest first, revoked ones too. Raises ScopeMissing."""
        principal.require(Right.MANAGE_KEYS)
        async with self._database.reading() as connection:
            query = _held(principal.organisation_id).order_by(_keys.created_at_ms.desc(), _keys.id)
            return [self._of(row) for row in (await connection.execute(query)).mappings()]

    async def make(self, principal: Principal, description: str, scopes: frozenset[Scope]) -> tuple[Held, str]:
        """The key, and its secret, this once. Raises ScopeMissing, TextInvalid."""
        async with self._database.writing() as connection:
            asker = await authorised(connection, principal, Right.MANAGE_KEYS)
            now_ms = self._clock.now_ms()
            key_id, secret = await add(connection, asker.organisation_id, description, scopes, now_ms, by=asker)
            return await self._one(connection, asker, key_id), secret

    async def revoke(self, principal: Principal, key_id: str) -> None:
        """It opens nothing any more. Raises ScopeMissing, KeyUnknown."""
        async with self._database.writing() as connection:
            asker = await authorised(connection, principal, Right.MANAGE_KEYS)
            held = await self._one(connection, asker, key_id)
            if held.revoked_at_ms is not None:
                return
            now_ms = self._clock.now_ms()
            await connection.execute(update(schema.keys).where(_keys.id == key_id).values(revoked_at_ms=now_ms))
            subject = Subject("key", key_id, held.description)
            await note(connection, asker.organisation_id, now_ms, Actor.of(asker), Action.KEY_REVOKED, subject)

    async def _one(self, connection: AsyncConnection, principal: Principal, key_id: str) -> Held:
        row = await store.one(connection, _held(principal.organisation_id).where(_keys.id == key_id))
        if row is None:
            raise KeyUnknown("There is no such key in your organisation.")
        return self._of(row)

    async def principal_of(self, secret: str) -> Principal | None:
        """Whose key this is; None where it is unknown or revoked."""
        async with self._database.reading() as connection:
            row = await store.one(
                connection,
                select(schema.keys).where(_keys.secret_hash == digest(secret), _keys.revoked_at_ms.is_(None)),
            )
        if row is None:
            return None
        self.used.note(row["id"], self._clock.now_ms())
        scopes = frozenset(map(Scope, row["scopes"]))
        return Principal.of_key(Key(row["id"], row["organisation_id"], row["description"], scopes))

    def _of(self, row: RowMapping) -> Held:
        return Held(
            row["id"],
            row["description"],
            tuple(row["scopes"]),
            row["created_at_ms"],
            None if row["created_by"] is None else (row["created_by"], row["name"] or ""),
            self.used.at_ms(row["id"]) or row["used_at_ms"],
            row["revoked_at_ms"],
        )


def _held(organisation_id: str) -> Select[Any]:
    return (
        select(schema.keys, schema.members.c.name)
        .join_from(schema.keys, schema.members, schema.members.c.id == _keys.created_by, isouter=True)
        .where(_keys.organisation_id == organisation_id)
    )


async def add(
    connection: AsyncConnection,
    organisation_id: str,
    description: str,
    scopes: frozenset[Scope],
    now_ms: int,
    *,
    by: Principal | None = None,
) -> tuple[str, str]:
    """The key's id and its secret; without ``by`` it is the command line that makes it. Raises TextInvalid."""
    described = clean(description, "description", MAX_DESCRIPTION_CHARACTERS)
    if is_blank(described):
        raise TextInvalid("Say in the description what the key is for.")
    key_id, secret, sorted_scopes = new_id(), new_secret(), sorted(scopes)
    await connection.execute(
        insert(schema.keys).values(
            id=key_id,
            organisation_id=organisation_id,
            description=described,
            secret_hash=digest(secret),
            scopes=sorted_scopes,
            created_at_ms=now_ms,
            created_by=None if by is None else by.id,
        )
    )
    actor = COMMAND_LINE if by is None else Actor.of(by)
    subject = Subject("key", key_id, described)
    await note(connection, organisation_id, now_ms, actor, Action.KEY_MADE, subject, {"scopes": sorted_scopes})
    return key_id, secret

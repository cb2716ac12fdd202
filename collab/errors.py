"""What can go wrong in a document or its journal, named for the fact."""

import sqlite3
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy.exc import OperationalError

from collab.note import Noted
from collab.wire import CloseCode

if TYPE_CHECKING:
    from collab.log import Entry

_LOCKED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_BAD_SECTOR = frozenset({sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ})


class Refused(Exception):
    """Raised when a peer must be closed: its frame was not applied, relayed or recorded."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(f"{code.value} {reason}")
        self.code = code
        self.reason = reason


class Invalid(ValueError):
    """Raised for an update that no honest client sends."""


class DocumentBroken(Exception):
    """Raised when the CRDT failed behind the gate: its object must not be used again, only rebuilt.

    ``poison`` is what it failed over, where that is known.
    """

    def __init__(self, poison: Noted | None = None) -> None:
        super().__init__()
        self.poison = poison


class Damage(NamedTuple):
    """What cannot be read of a log: from ``entry`` on, perhaps not that one only."""

    entry: int
    reason: str


class EntryDamaged(Exception):
    """Raised when an entry of the journal cannot be what was accepted."""

    def __init__(self, damage: Damage) -> None:
        super().__init__(f"entry {damage.entry}: {damage.reason}")
        self.damage = damage


class Unreadable(EntryDamaged):
    """Raised when the database is damaged where an entry is; ``found`` are those that were asked for before it."""

    def __init__(self, damage: Damage, found: "list[Entry]") -> None:
        super().__init__(damage)
        self.found = found


class DatabaseSilent(OperationalError):
    """Raised when the database takes nothing, as it is locked, full or broken: nothing of it is on disk."""

    def __init__(self, reason: BaseException) -> None:
        super().__init__(None, None, reason)

    @property
    def is_locked(self) -> bool:
        """By another process: all goes on as soon as that lets go."""
        return is_locked(self.orig)

    def __str__(self) -> str:
        return str(self.orig)


class LogDamaged(DatabaseSilent):
    """Raised when nothing can be appended to one log, as the database is damaged where its end is; others go on."""


def is_damage(reason: BaseException | None) -> bool:
    """Whether the driver says that what it found is damaged; where ``is_misread``, only if it is so again."""
    return getattr(reason, "sqlite_errorcode", 0) & 0xFF in _DAMAGED or is_misread(reason)


def is_misread(reason: BaseException | None) -> bool:
    """Whether the driver says that the disk did not give what is on it, as a bad sector does, and a passing fault."""
    return getattr(reason, "sqlite_errorcode", 0) in _BAD_SECTOR


def is_locked(reason: BaseException | None) -> bool:
    """Whether the driver says that another process has the database."""
    return getattr(reason, "sqlite_errorcode", 0) & 0xFF in _LOCKED


class SubscriberTooSlow(Exception):
    """Raised to a subscriber that did not take its events in time; it must read the journal and subscribe again."""


class SchemaUnknown(Exception):
    """Raised when there are tables, but nothing says of which version: nothing in the database was touched."""


class SchemaTooNew(SchemaUnknown):
    """Raised when a newer version has written the database: nothing in it was touched."""

    def __init__(self, revision: str, known: str) -> None:
        super().__init__(
            f"a newer version of Panelroom has written it (schema {revision}, known up to {known}):"
            " run that version, or restore a backup"
        )

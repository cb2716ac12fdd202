"""Updates that broke the CRDT behind the gate: kept for the maintainers, and never given to it again."""

from bisect import bisect_right
from operator import itemgetter
from typing import NamedTuple, Self

import structlog
from sqlalchemy import Column, Integer, LargeBinary, Table, Text, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DatabaseError, SQLAlchemyError

from collab.clock import Clock
from collab.database import Database, metadata
from collab.errors import Damage, is_locked
from collab.note import KEPT_BYTES, Noted
from collab.update import parse
from collab.wire import Malformed, TooLarge

poisons = Table(
    "quarantine",
    metadata,
    Column("document", Text, primary_key=True),
    Column("sha256", Text, primary_key=True),
    Column("during", Text, primary_key=True),
    Column("at_ms", Integer, nullable=False),
    Column("participant", Text, nullable=False),
    Column("entry", Integer),
    Column("payload", LargeBinary, nullable=False),
    Column("reason", Text, nullable=False),
)

_log = structlog.get_logger("quarantine")

Content = dict[tuple[str, int], list[tuple[int, int]]]
"""The spans of clocks that an update brings, and those that it deletes, of each client; apart, in order."""


class _Held(NamedTuple):
    update: bytes
    content: Content | None  # None where it cannot be read, as when it is too long to be kept whole


class Quarantine:
    """The table, with what decides kept in memory.

    Invariant: what was added holds at once, and after a restart if it could be written.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._held: dict[str, list[_Held]] = {}
        self._closed: dict[str, int] = {}  # documents, from which entry on

    @classmethod
    async def open(cls, database: Database, clock: Clock) -> Self:
        """With everything that was ever added. Where that is damaged, without: what breaks the CRDT once more is held
        from then on, and nobody's room waits for a repair.
        """
        quarantine = cls(database, clock)
        try:
            async with database.reading() as connection:
                for row in await connection.execute(select(poisons)):
                    quarantine._take(row.document, row.during, row.payload, row.entry or 0)
        except (DatabaseError, TypeError) as error:  # that: a column holds anything
            if is_locked(getattr(error, "orig", error)):
                raise
            _log.error("quarantine not read", reason=str(getattr(error, "orig", error)))
        return quarantine

    def holds(self, document_id: str, update: bytes) -> bool:
        """Whether the update is one that broke this document, or brings all of it: clients give back in another packing
        what a crash has lost.
        """
        held = self._held.get(document_id)
        if held is None:
            return False
        if any(update[:KEPT_BYTES] == poison.update for poison in held):
            return True
        given = _content(update)
        return given is not None and any(
            poison.content is not None and _brings(given, poison.content) for poison in held
        )

    def closes(self, document_id: str) -> bool:
        """Whether the document ended the process while it was being loaded or read: it must not be again."""
        return document_id in self._closed

    @property
    def closed(self) -> int:
        """How many documents are."""
        return len(self._closed)

    def damage(self, document_id: str) -> Damage | None:
        """From which entry on that is so; all of it where it had been loaded."""
        entry = self._closed.get(document_id)
        return None if entry is None else Damage(entry, "the CRDT fails over it")

    async def add(self, noted: Noted, reason: str) -> None:
        """Keep what broke the CRDT, and say so in a line. Holds in memory also where the database fails."""
        if self._has(noted):
            return
        self._take(noted.document, noted.during, noted.update, noted.entry)
        _log.error(
            "quarantined",
            document=noted.document,
            participant=noted.participant or None,
            sha256=noted.sha256,
            bytes=noted.size,
            during=noted.during,
            entry=noted.entry or None,
            reason=reason,
        )
        if self.closes(noted.document):
            _log.error(
                "document is not opened whole any more",
                document=noted.document,
                advice="to try again, delete its rows from the table quarantine and restart",
            )
        row = {
            "document": noted.document,
            "sha256": noted.sha256,
            "at_ms": self._clock.now_ms(),
            "participant": noted.participant,
            "during": noted.during,
            "entry": noted.entry or None,
            "payload": noted.update,
            "reason": reason,
        }
        try:
            async with self._database.writing() as connection:
                await connection.execute(insert(poisons).values(row).on_conflict_do_nothing())
        except SQLAlchemyError as error:
            _log.error("quarantine not saved", document=noted.document, reason=str(error))

    def _has(self, noted: Noted) -> bool:
        if noted.during != "live":
            return self._closed.get(noted.document, noted.entry + 1) <= noted.entry
        return any(noted.update == poison.update for poison in self._held.get(noted.document, ()))

    def _take(self, document_id: str, during: str, update: bytes, entry: int) -> None:
        if during == "live":
            self._held.setdefault(document_id, []).append(_Held(update, _content(update)))
        else:
            self._closed[document_id] = min(entry, self._closed.get(document_id, entry))


def _content(update: bytes) -> Content | None:
    try:
        parsed = parse(update)
    except (Malformed, TooLarge):
        return None
    spans: dict[tuple[str, int], list[tuple[int, int]]] = {}
    for struct in parsed.structs:
        spans.setdefault(("structs", struct.client), []).append((struct.clock, struct.clock + struct.length))
    for client, clock, length in parsed.deletes:
        spans.setdefault(("deletes", client), []).append((clock, clock + length))
    return {key: _joined(each) for key, each in spans.items()}


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined


def _brings(given: Content, wanted: Content) -> bool:
    return all(_covers(given.get(key, []), *span) for key, spans in wanted.items() for span in spans)


def _covers(spans: list[tuple[int, int]], start: int, end: int) -> bool:
    at = bisect_right(spans, start, key=itemgetter(0)) - 1
    return at >= 0 and spans[at][1] >= end

"""Interviews put into a journal without a room."""

from typing import Any

from pycrdt import Doc, Text

from collab.clock import Clock
from collab.database import Database
from collab.journal import Journal

INTERVIEW = "i"
NOTES = "i.notes"
START_MS = 1_800_000_000_000


def everything(_kind: str, event: dict[str, Any]) -> dict[str, Any]:
    """What somebody is told from whom nothing is kept."""
    return event


class StillClock(Clock):
    def __init__(self) -> None:
        super().__init__()
        self.at_ms = START_MS

    def now_ms(self) -> int:
        return self.at_ms


class Recorded:
    """The journal of one interview. Everything but ``queue`` is committed on return."""

    def __init__(self, database: Database) -> None:
        self.clock = StillClock()
        self.journal = Journal(database, self.clock)
        self._docs: dict[str, Doc[Any]] = {}

    async def start(self) -> None:
        self.log = await self.journal.open(INTERVIEW)
        async with self.journal.transaction() as transaction:
            await transaction.start(INTERVIEW)
            await transaction.append(INTERVIEW, "participant.entered", {"id": "p"}, "p")

    async def tell(self, kind: str, **event: Any) -> None:
        async with self.journal.transaction() as transaction:
            await transaction.append(INTERVIEW, kind, event)

    def queue(self, update: bytes, document: str = INTERVIEW, by: str = "p") -> None:
        self.journal.append(self.log, document, by, update)

    async def type(self, text: str, document: str = INTERVIEW, by: str = "p", *, after_ms: int = 100) -> bytes:
        """Put ``text`` at the beginning of a document; returns the update."""
        doc = self._docs.setdefault(document, Doc())
        made: list[bytes] = []
        subscription = doc.observe(lambda event: made.append(event.update))
        doc.get("source", type=Text).insert(0, text)
        doc.unobserve(subscription)
        self.clock.at_ms += after_ms
        self.queue(made[0], document, by)
        await self.journal.flush()
        return made[0]

"""A clock in the test's hands, and what a journal says."""

from collab.clock import Clock
from collab.journal import Journal
from collab.log import Entry, Log

NOW_MS = 1_800_000_000_000


class SetClock(Clock):
    """Says what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.ms = NOW_MS

    def now_ms(self) -> int:
        return self.ms


def lines(entries: list[Entry]) -> list[tuple[int, str, bytes]]:
    return [(entry.entry, entry.kind, entry.payload) for entry in entries]


async def start(journal: Journal, log: Log) -> None:
    async with journal.transaction() as transaction:
        await transaction.start(log.id)
        await transaction.append(log.id, "entered", {})

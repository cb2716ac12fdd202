"""Something derived from a log, entry by entry."""

from collections.abc import Sequence
from typing import Protocol

from collab.log import Entry


class Follower(Protocol):
    @property
    def entry(self) -> int:
        """The last one taken."""

    @property
    def at_ms(self) -> int:
        """The time of the last one that counted."""

    @property
    def weight(self) -> int:
        """How many entries it keeps in memory, or what takes as much."""

    async def expect(self, page: Sequence[Entry], /) -> None:
        """These entries come next."""

    def take(self, entry: Entry, /) -> None: ...

    async def settle(self) -> None:
        """A page of entries was taken."""

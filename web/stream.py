"""The open streams of events, by who reads them."""

from collections import defaultdict
from collections.abc import Collection, Generator
from contextlib import contextmanager

from collab.log import Subscription
from collab.turn import Turn

_MAX = 8

Reader = tuple[str | None, ...]
"""What is read; by whom, a participant, a member or a key; and what else there is to tell them apart."""


class Streams:
    """Of one reader only so many are open. One more ends the oldest: it may be a dead one that he comes back from.

    At the ``door`` one at a time reads what it begins with, so that nobody else waits behind hundreds of them.
    """

    def __init__(self) -> None:
        self.door = Turn()
        self._open: defaultdict[Reader, list[Subscription]] = defaultdict(list)

    def __len__(self) -> int:
        return sum(map(len, self._open.values()))

    @contextmanager
    def opened(self, reader: Reader, subscription: Subscription) -> Generator[list[Subscription]]:
        """Those of this reader during the block: this subscription is among them for as long as it may go on."""
        own = self._open[reader]
        own.append(subscription)
        while len(own) > _MAX:
            own.pop(0).end()
        try:
            yield own
        finally:
            if subscription in own:
                own.remove(subscription)
            if not own and self._open.get(reader) is own:
                del self._open[reader]

    def end(self, readers: Collection[str]) -> None:
        """All of these members and participants: they ask again, where they may."""
        for reader, own in self._open.items():
            if reader[1] in readers:
                for subscription in own:
                    subscription.end()
                own.clear()

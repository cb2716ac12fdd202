"""Connections that have come and are not on record yet: those of one room are recorded together."""

from collections.abc import Awaitable, Callable

from collab.turn import Turn
from collab.wire import CloseCode
from rooms.grant import Grant
from rooms.participant import Role

Close = Callable[[CloseCode, str], None]


class Arrivals:
    """After a restart everybody comes at once: a room costs one commit then, and the rooms come one after the other."""

    def __init__(self, record: Callable[[str, dict[Grant, Close]], Awaitable[None]]) -> None:
        """``record`` puts these connections of an interview on record."""
        self._record = record
        self._waiting: dict[Grant, Close] = {}
        self._door = Turn()

    async def add(self, grant: Grant, close: Close) -> None:
        """Return when it is on record, or discarded meanwhile. Raises what ``record`` does to whose turn it was; those
        whom it would have recorded too try it themselves.
        """
        self._waiting[grant] = close
        async with self._door.taken(first=grant.role is Role.CANDIDATE):
            if grant not in self._waiting:
                return
            room = grant.interview_id
            together = {each: self._waiting[each] for each in self._waiting if each.interview_id == room}
            await self._record(room, together)
            for each in together:
                self.discard(each)

    def discard(self, grant: Grant) -> None:
        """It has gone."""
        self._waiting.pop(grant, None)

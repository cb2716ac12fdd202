"""A lock that some may take before others."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from math import inf

_AGAIN_S = 0.05


class TurnLate(Exception):
    """Raised to who has waited for as long as he would."""


class Turn:
    """One at a time: those who are ``first`` before those who are not, otherwise in the order of asking."""

    def __init__(self) -> None:
        self._is_taken = False
        self._first: deque[asyncio.Future[None]] = deque()
        self._others: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def taken(self, *, first: bool = False, left_s: Callable[[], float] | None = None) -> AsyncGenerator[None]:
        """For the length of the block. ``left_s`` is for how long to wait on, asked whenever that is over.

        Raises TurnLate.
        """
        if self._is_taken:
            await self._wait(self._first if first else self._others, left_s)
        self._is_taken = True
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, queue: deque[asyncio.Future[None]], left_s: Callable[[], float] | None) -> None:
        turn = asyncio.get_running_loop().create_future()
        queue.append(turn)
        is_late = False
        try:
            while not turn.done():
                left = inf if left_s is None else left_s()
                if left <= 0 and is_late:
                    raise TurnLate
                is_late = left <= 0  # looked at again: where all of us stood still, more may be there and unheard
                await asyncio.wait([turn], timeout=None if left == inf else max(left, _AGAIN_S))
        except BaseException:
            if turn.done():  # it was given to a task that does not want it any more
                self._pass_on()
            else:
                queue.remove(turn)
            raise

    def _pass_on(self) -> None:
        for queue in (self._first, self._others):
            if queue:
                queue.popleft().set_result(None)
                return  # still taken, by whoever waited: nobody else slips in before that task runs
        self._is_taken = False

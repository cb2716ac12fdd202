"""What goes on beside a block of code, or beside those who ask for it."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, Generic, TypeVar

_Answer = TypeVar("_Answer")


@asynccontextmanager
async def running(*steps: Coroutine[Any, Any, None]) -> AsyncGenerator[None]:
    """Each in a task, which is cancelled at the block's end."""
    tasks = [asyncio.create_task(step) for step in steps]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


class Inquiry(Generic[_Answer]):
    """However many ask at once, one looks for all of them; it is not cancelled, as statements cannot be."""

    def __init__(self, look: Callable[[], Coroutine[Any, Any, _Answer]], within_s: float) -> None:
        self._look = look
        self._within_s = within_s
        self._looking: asyncio.Task[_Answer] | None = None
        self._began_s = 0.0

    async def answer(self) -> _Answer:
        """Raises what ``look`` raises, and TimeoutError for as long as one does not come back."""
        if self._looking is None or self._looking.done():
            self._began_s = time.monotonic()
            self._looking = asyncio.create_task(self._look())
            self._looking.add_done_callback(_hear)
        looking = self._looking
        await asyncio.wait([looking], timeout=max(0.0, self._began_s + self._within_s - time.monotonic()))
        if not looking.done():
            raise TimeoutError
        return looking.result()


def _hear(task: asyncio.Task[Any]) -> None:
    """Whatever it raises is nobody's surprise, where nobody waits any more."""
    if not task.cancelled():
        task.exception()

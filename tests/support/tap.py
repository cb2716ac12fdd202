"""Something that is listened to in the background, for the length of a block."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

from tests.support.peer import Bell

HEAR_S = 20.0


class Tap(ABC):
    """Inside of the block something has been heard, or it has `ended`. Whoever hears something rings the bell."""

    heard: Sequence[Any]

    def __init__(self, url: str) -> None:
        self.url = url
        self.ended = False
        self._bell = Bell()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._listen_to_the_end())
        await self.until(lambda: bool(self.heard) or self.ended, "the first word")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.wait([self._task])

    async def until(self, condition: Callable[[], bool], what: str, within_s: float = HEAR_S) -> None:
        await self._bell.until(
            condition, within_s, lambda: f"waited {within_s} s for {what} on {self.url}, heard {self.heard}"
        )

    async def _listen_to_the_end(self) -> None:
        try:
            await self._listen()
        finally:
            self.ended = True
            self._bell.ring()

    @abstractmethod
    async def _listen(self) -> None: ...

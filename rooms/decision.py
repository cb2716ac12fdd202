"""Decisions that are made whole, one after the other."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

import structlog

from rooms.errors import RoomsError

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")

_log = structlog.get_logger("decision")


class Decisions:
    """One at a time, each to its end, also when whoever asked has hung up: memory and disk must agree on it."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def make(
        self,
        decide: Callable[_Parameters, Coroutine[Any, Any, _Result]],
        *arguments: _Parameters.args,
        **named: _Parameters.kwargs,
    ) -> _Result:
        async def in_turn() -> _Result:
            async with self._turn:
                return await decide(*arguments, **named)

        task = asyncio.create_task(in_turn())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(_end_alone)
            raise


def _end_alone(task: asyncio.Task[Any]) -> None:
    """Nobody waits for it any more."""
    error = None if task.cancelled() else task.exception()
    if error is not None and not isinstance(error, RoomsError):
        _log.error("decision failed", exc_info=error)

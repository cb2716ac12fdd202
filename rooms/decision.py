"""Decisions that are made whole, one after the other."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")


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
        return await asyncio.shield(task)

"""A lock that some may take before others."""

import asyncio
import contextlib

import pytest

from collab.turn import Turn

pytestmark = pytest.mark.anyio


class Queue:
    """Those who ask for a turn while it is taken, and the order in which they had it."""

    def __init__(self) -> None:
        self.turn = Turn()
        self.had: list[str] = []
        self.inside = 0
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def ask(self, name: str, *, first: bool = False) -> None:
        self.tasks[name] = asyncio.create_task(self._take(name, first))
        await asyncio.sleep(0)

    async def _take(self, name: str, first: bool) -> None:
        async with self.turn.taken(first=first):
            self.inside += 1
            assert self.inside == 1
            self.had.append(name)
            await asyncio.sleep(0)
            self.inside -= 1

    async def end(self) -> None:
        await asyncio.wait(self.tasks.values())


async def test_those_who_are_first_go_before_others_each_in_their_order() -> None:
    queue = Queue()
    async with queue.turn.taken():
        for name in ("a", "b"):
            await queue.ask(name)
        for name in ("x", "y"):
            await queue.ask(name, first=True)
    await queue.ask("c")
    await queue.end()
    assert queue.had == ["x", "y", "a", "b", "c"]


@pytest.mark.parametrize("given", [False, True])
async def test_who_does_not_want_it_any_more_keeps_nobody_out(given: bool) -> None:
    """Before the turn came, and in the moment when it has come."""
    queue = Queue()
    async with queue.turn.taken():
        for name in ("a", "b"):
            await queue.ask(name)
        if not given:
            queue.tasks["a"].cancel()
    if given:
        queue.tasks["a"].cancel()
    await queue.end()
    assert queue.had == ["b"]
    assert queue.tasks["a"].cancelled()
    await queue.ask("c")
    await queue.end()
    assert queue.had == ["b", "c"]


async def test_a_failure_inside_passes_it_on() -> None:
    queue = Queue()
    with contextlib.suppress(RuntimeError):
        async with queue.turn.taken():
            await queue.ask("a")
            raise RuntimeError
    await queue.end()
    assert queue.had == ["a"]

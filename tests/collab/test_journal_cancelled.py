"""Whoever writes into the journal may be cancelled at any moment: all of it is there, or nothing."""

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Generator
from pathlib import Path
from typing import Any

import anyio
import pytest

from collab import database as database_module
from collab.database import Database
from collab.journal import Journal
from collab.log import UPDATE
from tests.collab.clock import SetClock

pytestmark = pytest.mark.anyio


class CancelledAt:
    """Runs a coroutine as it is, and cancels the task at one of its awaits."""

    def __init__(self, step: Coroutine[Any, Any, Any], cancelled_at: int) -> None:
        self._step = step
        self._cancelled_at = cancelled_at
        self.awaits = 0

    def __await__(self) -> Generator[Any, Any, Any]:
        send: Callable[[Any], Any] = self._step.send
        value: Any = None
        while True:
            try:
                future = send(value)
            except StopIteration as done:
                return done.value
            self.awaits += 1
            task = asyncio.current_task()
            if self.awaits == self._cancelled_at and task is not None:
                task.cancel()
            send, value = self._step.send, None
            try:
                value = yield future
            except BaseException as error:  # noqa: BLE001 - whatever it is goes on into the coroutine
                send, value = self._step.throw, error


async def _cancelled(step: Coroutine[Any, Any, Any], cancelled_at: int) -> bool:
    """Whether the coroutine was still running at that await."""
    cancelling = CancelledAt(step, cancelled_at)

    async def run(awaitable: Awaitable[Any]) -> None:
        await awaitable

    task = asyncio.create_task(run(cancelling))
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()
    return cancelling.awaits >= cancelled_at


async def test_cancelled_at_every_await(database: Database, clock: SetClock) -> None:
    journal = Journal(database, clock)
    log = await journal.open("log")

    async def transact(number: int) -> None:
        async with journal.transaction() as transaction:
            await transaction.append("log", "event", {"n": number})
            await transaction.append("log", "event", {"n": number})

    step, updates, is_running = 0, [], True
    async with journal.subscribe("log") as subscription:
        while is_running:
            step += 1
            for half in (b"a", b"b"):
                updates.append(half + str(step).encode())
                journal.append(log, "log", "ada", updates[-1])
            with anyio.fail_after(10):
                is_running = await _cancelled(transact(step), step)
            told = await journal.entries("log")
            assert journal.durable == sum(entry.kind == UPDATE for entry in told)
            assert log.next_entry == len(told) + 1
        await journal.flush()
        journal.end_subscriptions()
        events = [event async for event in subscription]
    assert step > 5
    told = await journal.entries("log", limit=10_000)
    assert [entry.entry for entry in told] == list(range(1, len(told) + 1))
    assert [entry.payload for entry in told if entry.kind == UPDATE] == updates
    assert events == [entry for entry in told if entry.kind != UPDATE]
    numbers = [json.loads(event.payload)["n"] for event in events]
    assert numbers == sorted(numbers)
    assert all(numbers.count(number) == 2 for number in numbers)
    assert numbers[-1] == step


async def test_cancelled_while_waiting_for_a_lock(
    tmp_path: Path, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "_PATIENCE_S", 2.0)
    database = await Database.open(tmp_path / "locked.db")
    journal = Journal(database, clock)
    log = await journal.open("log")
    other = sqlite3.connect(tmp_path / "locked.db", isolation_level=None)
    for number in range(5):
        journal.append(log, "log", "ada", bytes([number]))
        other.execute("BEGIN IMMEDIATE")
        task = asyncio.create_task(journal.flush())
        await anyio.lowlevel.checkpoint()
        for _ in range(number * 3):
            await anyio.lowlevel.checkpoint()
        task.cancel()
        other.execute("ROLLBACK")
        await asyncio.wait([task])
    other.close()
    await journal.flush()
    assert [entry.payload for entry in await journal.entries("log")] == [bytes([number]) for number in range(5)]
    await database.close()

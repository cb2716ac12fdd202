"""A connection that goes in the middle of its own bookkeeping must not lock the database for everybody."""

import asyncio
import gc
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import anyio
import pytest
import sqlalchemy

from collab.clock import Clock
from collab.database import Database
from collab.journal import Journal

pytestmark = pytest.mark.anyio

NOTES = sqlalchemy.Table("note", sqlalchemy.MetaData(), sqlalchemy.Column("number", sqlalchemy.Integer))
TIMES = 100
MOMENT_S = 0.006
SOON_S = 2


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await Database.open(tmp_path / "panelroom.db")
    async with opened.writing() as connection:
        await connection.run_sync(NOTES.create)
    yield opened
    await opened.close()


async def write(database: Database) -> None:
    async with database.writing() as connection:
        await connection.execute(NOTES.insert().values(number=1))
        await connection.execute(NOTES.select().limit(1))


async def read(database: Database) -> None:
    async with database.reading() as connection:
        await connection.execute(NOTES.select().limit(1))
        await connection.execute(NOTES.select().limit(1))


@pytest.fixture
async def complaints() -> AsyncIterator[list[str]]:
    """What nobody waited for, as the loop and the pool tell it: tasks destroyed, connections lost."""
    told: list[str] = []
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    loop.set_exception_handler(lambda _loop, context: told.append(context["message"]))
    yield told
    loop.set_exception_handler(before)


@pytest.mark.parametrize("work", [write, read])
async def test_a_cancelled_scope_leaves_no_connection_behind(
    database: Database, complaints: list[str], work: Callable[[Database], Coroutine[Any, Any, None]]
) -> None:
    chance = random.Random(9)
    for _ in range(TIMES):
        async with anyio.create_task_group() as group:
            for _ in range(6):  # more than there are connections for reading
                group.start_soon(work, database)
            with anyio.move_on_after(chance.uniform(0, MOMENT_S)):
                await anyio.sleep_forever()
            group.cancel_scope.cancel()
    gc.collect()
    assert complaints == []
    with anyio.fail_after(SOON_S):
        await write(database)
        async with anyio.create_task_group() as group:  # each of the pool's connections is there
            for _ in range(6):
                group.start_soon(read, database)


async def test_a_cancelled_transaction_is_whole_or_not_at_all(database: Database, complaints: list[str]) -> None:
    """As a connection that goes in the middle of its bookkeeping; the journal stays usable and without a hole."""
    journal, chance = Journal(database, Clock()), random.Random(10)

    async def note(number: int) -> None:
        async with journal.transaction() as transaction:
            await transaction.start(f"log {number % 7}")
            for _ in range(2):
                await transaction.append(f"log {number % 7}", "noted", {})

    for number in range(TIMES):
        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(note, number)
            with anyio.move_on_after(chance.uniform(0, MOMENT_S)):
                await anyio.sleep_forever()
            group.cancel_scope.cancel()
    gc.collect()
    assert complaints == []
    with anyio.fail_after(SOON_S):
        for number in range(7):
            await note(number)
            entries = await journal.entries(f"log {number}")
            assert [entry.entry for entry in entries] == list(range(1, len(entries) + 1))
            assert len(entries) % 2 == 0


async def test_after_a_cancelled_scope_others_write(database: Database) -> None:
    chance = random.Random(7)
    for _ in range(TIMES):
        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(write, database)
            with anyio.move_on_after(chance.uniform(0, MOMENT_S)):
                await anyio.sleep_forever()
            group.cancel_scope.cancel()
        with anyio.fail_after(SOON_S):
            await write(database)


async def test_after_a_cancelled_task_others_write(database: Database) -> None:
    chance = random.Random(8)
    for _ in range(TIMES):
        tasks = [asyncio.create_task(write(database)) for _ in range(3)]
        await asyncio.wait(tasks, timeout=chance.uniform(0, MOMENT_S))
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        with anyio.fail_after(SOON_S):
            await write(database)

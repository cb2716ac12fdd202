"""A connection that goes in the middle of its own bookkeeping must not lock the database for everybody."""

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest
import sqlalchemy

from collab.database import Database

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

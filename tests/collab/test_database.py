"""The one database file: durable, one writer at a time, several processes on it, and its migrations."""

import sqlite3
import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import anyio
import pytest
from sqlalchemy import text

from collab.database import _READERS, Database, migrate
from collab.errors import DatabaseSilent
from collab.journal import Journal
from tests.collab.clock import SetClock

pytestmark = pytest.mark.anyio


async def test_a_commit_survives_a_power_cut(database: Database) -> None:
    async with database.writing() as connection:
        assert (await connection.execute(text("PRAGMA synchronous"))).scalar() == 2
        assert (await connection.execute(text("PRAGMA journal_mode"))).scalar() == "wal"
        assert (await connection.execute(text("PRAGMA foreign_keys"))).scalar() == 1


async def test_writers_take_turns(database: Database) -> None:
    async with database.writing() as connection:
        await connection.execute(text("CREATE TABLE counted (n INTEGER)"))
        await connection.execute(text("INSERT INTO counted VALUES (0)"))

    async def count(on: Database) -> None:
        async with on.writing() as connection:
            seen = (await connection.execute(text("SELECT n FROM counted"))).scalar_one()
            await anyio.lowlevel.checkpoint()
            await connection.execute(text("UPDATE counted SET n = :n"), {"n": seen + 1})

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(count, database)
    async with database.reading() as connection:
        assert (await connection.execute(text("SELECT n FROM counted"))).scalar() == 20


async def test_who_waits_for_a_connection_to_read_with_does_so_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row 4: on a machine that cannot keep up it is said that the database does not answer, and goes on after that."""
    monkeypatch.setattr("collab.database._POOL_S", 0.01)
    database = await Database.open(tmp_path / "busy.db")
    try:
        async with AsyncExitStack() as readers:
            for _ in range(_READERS):
                await readers.enter_async_context(database.reading())
            with pytest.raises(DatabaseSilent, match="all connections to it are in use"):
                await readers.enter_async_context(database.reading())
            async with database.writing() as connection:  # which has one of its own
                await connection.execute(text("CREATE TABLE written (n)"))
        async with database.reading() as connection:
            assert (await connection.execute(text("SELECT count(*) FROM written"))).scalar() == 0
    finally:
        await database.close()


class HandClock:
    """Stands in for the module ``time``; goes only when it is told to."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def monotonic(self) -> float:
        return self.now_s


@pytest.mark.parametrize("answers", [True, False])
async def test_who_waits_for_another_writer_waits_for_as_long_as_the_database_answers(
    database: Database, monkeypatch: pytest.MonkeyPatch, answers: bool
) -> None:
    """Row 4: on a busy machine ten transactions may well take longer than anybody waits for a silent database."""
    clock = HandClock()
    monkeypatch.setattr("collab.database.time", clock)
    monkeypatch.setattr("collab.database._PATIENCE_S", 0.01)
    outcome: list[bool] = []

    async def wait_for_turn() -> None:
        try:
            async with database.writing():
                outcome.append(True)
        except DatabaseSilent:
            outcome.append(False)

    async with anyio.create_task_group() as tasks, database.writing() as connection:
        tasks.start_soon(wait_for_turn)
        for _ in range(30):
            await anyio.sleep(0.01)  # he looks
            clock.now_s += 0.009
            if answers:
                await connection.execute(text("SELECT 1"))
        assert outcome == ([] if answers else [False])
    assert outcome == [answers]


async def test_two_databases_on_one_file(tmp_path: Path, clock: SetClock) -> None:
    one = await Database.open(tmp_path / "panelroom.db")
    two = await Database.open(tmp_path / "panelroom.db")
    journals = Journal(one, clock), Journal(two, clock)

    async def write(journal: Journal, log_id: str) -> None:
        log = await journal.open(log_id)
        for number in range(20):
            journal.append(log, log_id, "ada", bytes([number]))
            await journal.flush()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(write, journals[0], "one")
        tasks.start_soon(write, journals[1], "two")
    for journal in journals:
        for log_id in ("one", "two"):
            written = await journal.entries(log_id)
            assert [(entry.entry, entry.payload) for entry in written] == [(n + 1, bytes([n])) for n in range(20)]
    await one.close()
    await two.close()


async def test_a_reader_sees_one_moment(database: Database, journal: Journal) -> None:
    counts: list[int] = []
    async with database.reading() as connection:
        for _ in range(2):
            counts.append((await connection.execute(text("SELECT count(*) FROM entry"))).scalar_one())
            async with journal.transaction() as transaction:
                await transaction.append("log", "event", {})
    assert counts == [0, 0]


def test_migrating_twice_is_harmless(tmp_path: Path) -> None:
    path = tmp_path / "panelroom.db"
    migrate(path)
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO entry VALUES ('log', 1, 0, '', '', 'event', x'7b7d')")
        schema = connection.execute("SELECT sql FROM sqlite_schema ORDER BY name").fetchall()
    connection.close()
    migrate(path)
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT sql FROM sqlite_schema ORDER BY name").fetchall() == schema
    assert connection.execute("SELECT count(*) FROM entry").fetchone() == (1,)
    connection.close()


def test_migrating_from_two_processes_at_once(tmp_path: Path) -> None:
    """Both are ready before either begins, and neither may fail, wait for ever, or leave half of it."""
    script = """
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from collab.database import migrate
print("ready", flush=True)
sys.stdin.readline()
for number in range(5):
    migrate(Path(sys.argv[1]) / f"{number}.db")
"""
    command = [sys.executable, "-c", script, str(tmp_path)]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        _, complaints = process.communicate(timeout=60)
        assert process.returncode == 0, complaints
    for number in range(5):
        connection = sqlite3.connect(tmp_path / f"{number}.db")
        assert connection.execute("SELECT count(*) FROM entry").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)
        connection.close()

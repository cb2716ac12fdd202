"""A disk that does not give what is on it, once or always: what passes leaves nothing read-only and nobody waiting."""

import sqlite3
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection
from structlog.testing import capture_logs

from collab.database import Database
from collab.errors import DatabaseSilent, LogDamaged, Unreadable
from collab.journal import Journal
from collab.live import LiveDocument
from collab.log import Entry
from collab.wire import encode_update
from tests.collab.exchange import HELLO, HELLO_OF_BOB
from tests.collab.room import LOG, Room, acknowledged

pytestmark = pytest.mark.anyio

Fails = Callable[[str, tuple[Any, ...]], bool]


def of_driver(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("the disk does not give it")
    error.sqlite_errorcode = code
    return error


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[Fails], None]:
    """From the call on, statements for which it says so cannot read a sector."""
    real = AsyncConnection.exec_driver_sql

    def install(fails: Fails) -> None:
        async def execute(connection: AsyncConnection, sql: str, parameters: Any = (), **named: Any) -> Any:
            if fails(sql, tuple(parameters)):
                raise OperationalError(sql, parameters, of_driver(sqlite3.SQLITE_IOERR_READ))
            return await real(connection, sql, parameters, **named)

        monkeypatch.setattr(AsyncConnection, "exec_driver_sql", execute)

    return install


def of_entries(sql: str) -> bool:
    return " FROM entry WHERE log = " in sql


class Times:
    """The first so many times that it is asked for entries, or gives some."""

    def __init__(self, times: int, words: str = " FROM entry WHERE log = ") -> None:
        self.left = times
        self.asked = 0
        self._words = words

    def __call__(self, sql: str, _parameters: tuple[Any, ...]) -> bool:
        if self._words not in sql:
            return False
        self.asked += 1
        self.left -= 1
        return self.left >= 0


@pytest.fixture
async def filled(journal: Journal) -> Journal:
    """With 25 entries."""
    log = await journal.open("a")
    for number in range(25):
        journal.append(log, "a", "ada", b"%d" % number)
    await journal.flush()
    return journal


async def numbers(journal: Journal, *, after: int = 0, limit: int = 1_000) -> list[int]:
    with anyio.fail_after(5):
        return [entry.entry for entry in await journal.entries("a", after=after, limit=limit)]


@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.parametrize("limit", [10, 25, 26, 1_000])
async def test_what_passes_is_not_damage(
    filled: Journal, disk: Callable[[Fails], None], times: int, limit: int
) -> None:
    """No entry is missing or comes twice, none behind the limit is read, and it ends."""
    fault = Times(times)
    disk(fault)
    assert await numbers(filled, limit=limit) == list(range(1, min(limit, 25) + 1))
    assert fault.asked <= times + 5


@pytest.mark.parametrize(("after", "limit"), [(0, 1_000), (0, 12), (5, 1_000), (10, 3)])
async def test_a_bad_sector_is_damage(filled: Journal, disk: Callable[[Fails], None], after: int, limit: int) -> None:
    """Everything before it is read; who asks for less does not meet it."""
    disk(lambda sql, parameters: of_entries(sql) and parameters[1] < 12 <= parameters[1] + parameters[-1])
    if after + limit < 12:
        assert await numbers(filled, after=after, limit=limit) == list(range(after + 1, after + limit + 1))
        return
    with anyio.fail_after(5), pytest.raises(Unreadable) as told:
        await filled.entries("a", after=after, limit=limit)
    assert [entry.entry for entry in told.value.found] == list(range(after + 1, 12))
    assert told.value.damage.entry == 12


async def test_a_log_whose_end_was_misread_once_is_written(
    filled: Journal, database: Database, disk: Callable[[Fails], None]
) -> None:
    disk(Times(1))
    journal = Journal(database, filled.clock)
    assert not (await journal.open("a")).is_damaged


@asynccontextmanager
async def misread(journal: Journal, monkeypatch: pytest.MonkeyPatch, times: int) -> AsyncGenerator[list[Any]]:
    """The statement of a commit of queued entries fails so often."""
    real, left = journal.database.execute, [times]

    async def execute(statement: Any, committed: Any) -> None:
        left[0] -= 1
        if left[0] >= 0:
            raise DatabaseSilent(of_driver(sqlite3.SQLITE_IOERR_READ))
        await real(statement, committed)

    monkeypatch.setattr(journal.database, "execute", execute)
    with capture_logs() as lines, anyio.fail_after(10):
        yield lines


@pytest.mark.parametrize("probes", [0, 1])
async def test_a_commit_that_misread_once_is_made_again(
    filled: Journal, disk: Callable[[Fails], None], monkeypatch: pytest.MonkeyPatch, probes: int
) -> None:
    """Also where the log is looked at just then, and that fails too."""
    log = await filled.open("a")
    async with misread(filled, monkeypatch, 1), filled.running():
        disk(Times(probes, "INSERT INTO entry"))
        await filled.reached(filled.append(log, "a", "ada", b"more"))
    assert not log.is_damaged
    assert not log.is_doubted
    assert len(await numbers(filled)) == 26


async def test_a_commit_that_misreads_again_and_again_is_damage(
    filled: Journal, disk: Callable[[Fails], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The entry that is lost is said, and nothing more can be given to it."""
    log = await filled.open("a")
    async with misread(filled, monkeypatch, 2) as lines, filled.running():
        disk(Times(2, "INSERT INTO entry"))
        await filled.reached(filled.append(log, "a", "ada", b"more"))
    assert log.is_damaged
    (line,) = [line for line in lines if line["event"] == "log damaged"]
    assert (line["entry"], line["lost"]) == (26, 1)
    with pytest.raises(LogDamaged):
        filled.append(log, "a", "ada", b"and more")
    assert filled.queued == filled.durable


async def test_an_event_that_misread_once_may_be_told_again(filled: Journal, disk: Callable[[Fails], None]) -> None:
    disk(Times(1, "INSERT INTO entry"))

    async def tell() -> None:
        async with filled.transaction() as transaction:
            await transaction.append("a", "joined", {})

    with capture_logs():
        with pytest.raises(OperationalError) as told:
            await tell()
        assert not isinstance(told.value, LogDamaged)
        await tell()
        disk(Times(2, "INSERT INTO entry"))
        with pytest.raises(OperationalError):
            await tell()
        with pytest.raises(LogDamaged):
            await tell()
    assert (await filled.open("a")).is_damaged


async def test_a_queue_that_was_emptied_meanwhile_is_no_statement(
    filled: Journal, disk: Callable[[Fails], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one log is looked at, another commit takes what is queued of the next."""
    for name in ("b", "c"):
        filled.append(await filled.open(name), name, "ada", b"more")
    said: list[str] = []

    def hear(sql: str, _parameters: tuple[Any, ...]) -> bool:
        said.append(sql)
        return False

    disk(hear)
    real = filled.database.writing

    @asynccontextmanager
    async def writing(*arguments: Any, **named: Any) -> AsyncGenerator[AsyncConnection]:
        async with real(*arguments, **named) as connection:
            yield connection
        if filled.durable < filled.queued:
            await filled.flush()

    monkeypatch.setattr(filled.database, "writing", writing)
    assert not await filled._part_with_damaged()
    assert sum(sql.startswith("INSERT INTO entry") for sql in said) == 1
    assert not [sql for sql in said if sql.endswith("VALUES ")]


async def test_a_log_is_parted_with_while_its_document_is_loaded(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is typed into it then is denied: an acknowledgement would be of nothing."""
    ada = await room.join("ada")
    room.accept(ada, encode_update(HELLO))
    await room.journal.flush()
    log = room.live.log
    room.leave()
    room.registry.discard(room.live)
    may_go_on, entries = anyio.Event(), room.journal.entries
    found: list[LiveDocument] = []

    async def slowly(*arguments: Any, **named: Any) -> list[Entry]:
        page = await entries(*arguments, **named)
        await may_go_on.wait()
        return page

    async def load() -> None:
        found.append(await room.registry.open(LOG, LOG))

    monkeypatch.setattr(room.journal, "entries", slowly)
    with capture_logs():
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(load)
            await anyio.wait_all_tasks_blocked()
            assert room.journal.parts_with(log, OperationalError("", {}, of_driver(sqlite3.SQLITE_CORRUPT)))
            may_go_on.set()
    (room.live,) = found
    assert room.live.damage is not None
    assert room.live.texts() == {"source": "hello"}
    monkeypatch.undo()
    bob = room.seat("bob")
    queued = room.journal.queued
    room.live.accept(bob, encode_update(HELLO_OF_BOB))
    assert room.journal.queued == queued
    await room.journal.flush()
    room.live.acknowledge()
    assert await acknowledged(bob) == []

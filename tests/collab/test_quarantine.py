"""What broke the CRDT is kept, and recognised in another packing."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from collab.clock import Clock
from collab.database import Database
from collab.note import Noted
from collab.quarantine import Quarantine
from tests.collab.room import a_database
from tests.collab.typist import Typist, string, update

pytestmark = pytest.mark.anyio

DOCUMENT = "document"
REASON = "SIGSEGV"


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with a_database(tmp_path) as database:
        yield database


@pytest.fixture
async def quarantine(database: Database) -> Quarantine:
    return await Quarantine.open(database, Clock())


def live(poison: bytes, document: str = DOCUMENT) -> Noted:
    return Noted(document, "ada", 0, poison, len(poison))


async def test_what_is_held(quarantine: Quarantine) -> None:
    typist = Typist(1)
    before, poison, after = typist.insert(0, "before"), typist.insert(6, "poison"), typist.insert(12, "after")
    assert not quarantine.holds(DOCUMENT, poison)
    await quarantine.add(live(poison), REASON)
    assert quarantine.holds(DOCUMENT, poison)
    assert quarantine.holds(DOCUMENT, typist.whole())
    assert quarantine.holds(DOCUMENT, typist.lacked_by(b"\x01\x01\x06"))
    for harmless in (before, after, Typist(2).insert(0, "poison"), b"not an update"):
        assert not quarantine.holds(DOCUMENT, harmless)
    assert not quarantine.holds("another", poison)
    assert not quarantine.closes(DOCUMENT)


async def test_a_part_of_it_is_not_it(quarantine: Quarantine) -> None:
    """What a crash lost of others may have been in the same frame."""
    parts = [(client, 0, [string("x")]) for client in (1, 2, 3)]
    await quarantine.add(live(update(*parts, deletes={1: [(5, 2)]})), REASON)
    assert quarantine.holds(DOCUMENT, update(*parts, deletes={1: [(6, 3), (3, 3)]}))
    assert not quarantine.holds(DOCUMENT, update(*parts))
    assert not quarantine.holds(DOCUMENT, update(*parts[:2], deletes={1: [(5, 2)]}))
    assert not quarantine.holds(DOCUMENT, update(*parts, deletes={1: [(5, 1)]}))


async def test_what_cannot_be_read_is_held_as_it_is(quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collab.quarantine.KEPT_BYTES", 5)
    await quarantine.add(Noted(DOCUMENT, "ada", 0, b"\xff\xff\xff\xff\xff", 9), REASON)
    assert quarantine.holds(DOCUMENT, b"\xff\xff\xff\xff\xff and more")
    assert not quarantine.holds(DOCUMENT, b"\xff\xff\xff\xff")


async def test_a_document_that_cannot_be_loaded_is_closed(quarantine: Quarantine) -> None:
    for number, noted in enumerate((Noted("loaded", "", 7, b"update", 6), Noted("read", "", 0, b"", 0))):
        with capture_logs() as logs:
            await quarantine.add(noted, REASON)
        assert [line["event"] for line in logs] == ["quarantined", "document is not opened whole any more"], number
        assert quarantine.closes(noted.document)
        assert not quarantine.holds(noted.document, b"update")
    assert not quarantine.closes(DOCUMENT)


async def test_one_line_names_it(quarantine: Quarantine) -> None:
    poison = live(Typist(1).insert(0, "poison"))
    with capture_logs() as logs:
        await quarantine.add(poison, REASON)
        await quarantine.add(poison, REASON)
    (line,) = logs
    assert {name: line[name] for name in ("document", "participant", "sha256", "bytes", "during", "reason")} == {
        "document": DOCUMENT,
        "participant": "ada",
        "sha256": poison.sha256,
        "bytes": poison.size,
        "during": "live",
        "reason": REASON,
    }


async def test_it_holds_after_a_restart(quarantine: Quarantine, database: Database) -> None:
    typist = Typist(1)
    poison = typist.insert(0, "poison")
    await quarantine.add(live(poison), REASON)
    await quarantine.add(Noted(DOCUMENT, "", 3, poison, len(poison)), REASON)
    again = await Quarantine.open(database, Clock())
    assert again.holds(DOCUMENT, typist.whole())
    assert again.closes(DOCUMENT)
    with capture_logs() as logs:
        await again.add(live(poison), REASON)
    assert logs == []


@pytest.mark.parametrize("payload", ["text", None])
async def test_it_opens_without_what_cannot_be_read(
    quarantine: Quarantine, database: Database, tmp_path: Path, payload: str | None
) -> None:
    """A bad page of its table, or a column that holds anything; what is added then holds, here at least."""
    poison = Typist(1).insert(0, "poison")
    await quarantine.add(live(poison), REASON)
    await database.close()
    path = tmp_path / "panelroom.db"
    overwrite(path, "quarantine") if payload is None else change(path, payload)
    async with a_database(tmp_path) as again:
        with capture_logs() as logs:
            opened = await Quarantine.open(again, Clock())
            assert not opened.holds(DOCUMENT, poison)
            await opened.add(live(poison), REASON)
        assert opened.holds(DOCUMENT, poison)
        events = [line["event"] for line in logs]
        assert events[:2] == ["quarantine not read", "quarantined"]
        assert events[2:] == ["quarantine not saved"] * (payload is None)
        async with again.writing() as connection:
            await connection.exec_driver_sql("DELETE FROM entry")


def overwrite(path: Path, table: str) -> None:
    """Its first page."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)


def change(path: Path, payload: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE quarantine SET payload = ?", (payload,))


async def test_it_holds_where_the_database_fails(quarantine: Quarantine, database: Database) -> None:
    async with database.writing() as connection:
        await connection.exec_driver_sql("DROP TABLE quarantine")
    poison = Typist(1).insert(0, "poison")
    with capture_logs() as logs:
        await quarantine.add(live(poison), REASON)
    assert quarantine.holds(DOCUMENT, poison)
    assert [line["event"] for line in logs] == ["quarantined", "quarantine not saved"]

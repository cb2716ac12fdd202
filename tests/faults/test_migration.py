"""Row 24 of the catalogue: databases of every earlier version, migrated with their data, killed half-way, by several
programs at once.
"""

import os
import random
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import alembic.command
import alembic.config
import pytest
from sqlalchemy import Engine, create_engine, event
from typer.testing import CliRunner

import collab.database
from collab.database import REVISIONS, migrate
from tests.web.test_cli import _serve as serve
from web.cli import app

# 0003 begins it anew: keys against doing something twice, which count for a day.
BEGUN_ANEW = ("0002", "request")

Table = dict[str, list[object]]
"""Its columns, the rows in the order of their keys."""


def make(path: Path, revision: str, rows: int) -> None:
    """A database of that version with so many rows in every table, and a hundred times as many entries."""
    config = alembic.config.Config()
    config.set_main_option("script_location", str(Path(collab.database.__file__).parent / "migrations"))
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        alembic.command.upgrade(config, revision)
    engine.dispose()
    with closing(sqlite3.connect(path)) as database, database:
        for table in names(database):
            columns = database.execute(f"PRAGMA table_info({table})").fetchall()
            number = rows * 100 if table == "entry" else rows
            database.executemany(
                f"INSERT INTO {table} VALUES ({', '.join('?' * len(columns))})",
                ([value(kind, f"{name} {n}", n) for _, name, kind, *_ in columns] for n in range(number)),
            )


def value(kind: str, text: str, number: int) -> object:
    match kind:
        case "INTEGER":
            return number + 10**12
        case "BOOLEAN":
            return number % 2
        case "BLOB":
            return text.encode()
        case _:
            return f'"{text}"'


def names(database: sqlite3.Connection) -> list[str]:
    found = database.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name != 'alembic_version'")
    return [name for (name,) in found if not name.startswith("sqlite_")]


def content(path: Path) -> dict[str, Table]:
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        tables = {}
        for name in names(database):
            rows = database.execute(f"SELECT * FROM {name} ORDER BY 1, 2")
            columns = [column for column, *_ in rows.description]
            found = rows.fetchall()
            tables[name] = {column: [row[at] for row in found] for at, column in enumerate(columns)}
        return tables


def revision_of(path: Path) -> str:
    with closing(sqlite3.connect(path)) as database:
        (revision,) = database.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(revision)


def schema_of(path: Path) -> list[tuple[str, ...]]:
    """And of which version it says it is."""
    with closing(sqlite3.connect(path)) as database:
        schema: list[tuple[str, ...]] = database.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall()
        if any(name == "alembic_version" for name, _ in schema):
            schema += database.execute("SELECT version_num FROM alembic_version").fetchall()
        return schema


def check(path: Path, before: dict[str, Table], revision: str) -> None:
    """It is of the newest version, and nothing that was there in that revision is missing or changed."""
    assert revision_of(path) == REVISIONS[-1]
    after = content(path)
    for name, table in before.items():
        if (revision, name) == BEGUN_ANEW:
            continue
        for column, values in table.items():
            assert after[name][column] == values, (name, column)


def child(act: Callable[[], object]) -> int:
    """A process that does this; its pid."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            act()
            status = 0
        finally:
            os._exit(status)
    return pid


@pytest.mark.parametrize("revision", REVISIONS[:-1])
def test_every_earlier_version_is_migrated_with_its_data(tmp_path: Path, revision: str) -> None:
    path = tmp_path / "panelroom.db"
    make(path, revision, rows=20)
    before = content(path)
    migrate(path)
    check(path, before, revision)
    migrate(path)
    check(path, before, revision)


@pytest.mark.parametrize(
    ("revision", "kills", "rows"),
    [("0001", 5, 200), *(pytest.param(each, 40, 3_000, marks=pytest.mark.long) for each in REVISIONS[:-1])],
)
def test_killed_half_way(tmp_path: Path, revision: str, kills: int, rows: int) -> None:
    """kill -9 at any moment: the database is as before, or new; the next migration does the rest."""
    chance = random.Random(24)
    old, path = tmp_path / "old.db", tmp_path / "panelroom.db"
    make(old, revision, rows)
    before = content(old)
    shutil.copy(old, path)
    began_s = time.monotonic()
    migrate(path)
    whole_s = time.monotonic() - began_s
    found = []
    for _ in range(kills):
        for end in ("", "-wal", "-shm"):
            Path(f"{path}{end}").unlink(missing_ok=True)
        shutil.copy(old, path)
        pid = child(lambda: migrate(path))
        time.sleep(chance.uniform(0, whole_s))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        found.append(revision_of(path))
        if found[-1] == revision:
            assert content(path) == before
        migrate(path)
        check(path, before, revision)
    print(f"{whole_s:.2f} s from {revision}; found {found.count(revision)} as before, {found.count(REVISIONS[-1])} new")


def test_killed_between_two_statements(tmp_path: Path) -> None:
    """All the versions on the way are one transaction: whichever statement is the last, nothing of any is there."""
    old, path = tmp_path / "old.db", tmp_path / "panelroom.db"
    make(old, "0001", rows=5)
    before = content(old)
    statements = 0

    def count(*_: object) -> None:
        nonlocal statements
        statements += 1

    event.listen(Engine, "before_cursor_execute", count)
    try:
        shutil.copy(old, path)
        migrate(path)
    finally:
        event.remove(Engine, "before_cursor_execute", count)
    assert statements > 50

    def migrate_until(last: int) -> None:
        def end(*_: object) -> None:
            nonlocal last
            last -= 1
            if last < 0:
                os.kill(os.getpid(), signal.SIGKILL)

        event.listen(Engine, "before_cursor_execute", end)
        migrate(path)

    for last in range(2, statements, statements // 6):
        for found in tmp_path.glob("panelroom.db*"):
            found.unlink()
        shutil.copy(old, path)
        pid = child(partial(migrate_until, last))
        assert os.WTERMSIG(os.waitpid(pid, 0)[1]) == signal.SIGKILL
        assert revision_of(path) == "0001", last
        assert content(path) == before
    migrate(path)
    check(path, before, "0001")


def test_three_programs_migrate_at_once(tmp_path: Path) -> None:
    path = tmp_path / "panelroom.db"
    make(path, "0001", rows=100)
    before = content(path)
    children = [child(lambda: migrate(path)) for _ in range(3)]
    assert [os.waitpid(pid, 0)[1] for pid in children] == [0, 0, 0]
    check(path, before, "0001")


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE alembic_version SET version_num = '9999'", "a newer version of Panelroom has written it"),
        ("DELETE FROM alembic_version", "does not say of which version"),
        ("DROP TABLE alembic_version", "does not say of which version"),
    ],
)
def test_a_database_of_a_newer_or_no_version_is_left_alone(tmp_path: Path, statement: str, words: str) -> None:
    path = tmp_path / "panelroom.db"
    make(path, REVISIONS[-1], rows=1)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(statement)
    before = content(path)
    schema = schema_of(path)
    added = CliRunner().invoke(app, ["member", "add", "ada@example.org", "--data", str(tmp_path)])
    served = serve("--port", "0", "--data", str(tmp_path))
    for status, out, error in (
        (added.exit_code, added.stdout, added.stderr),
        (served.returncode, served.stdout, served.stderr),
    ):
        assert (status, out, error.count("\n")) == (1, "", 1), error
        assert words in error
    assert content(path) == before
    assert schema_of(path) == schema

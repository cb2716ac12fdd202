"""The logs as they are on disk: tables and statements."""

from collections.abc import Sequence
from itertools import chain
from typing import Any

from sqlalchemy import Column, Integer, LargeBinary, Table, Text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.ext.asyncio import AsyncConnection

from collab.database import Database, Statement, metadata
from collab.errors import Damage, Unreadable, is_damage, is_misread
from collab.log import Entry, Log

logs = Table("log", metadata, Column("id", Text, primary_key=True), Column("started_at_ms", Integer, nullable=False))
entries = Table(
    "entry",
    metadata,
    Column("log", Text, primary_key=True),
    Column("entry", Integer, primary_key=True),
    Column("at_ms", Integer, nullable=False),
    Column("document", Text, nullable=False),
    Column("delivered_by", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

MAX_ROWS = 4_000
"""Of one statement: SQLite takes 32,766 parameters."""

_INSERT = "INSERT INTO entry (log, entry, at_ms, document, delivered_by, kind, payload) VALUES "

Row = tuple[str, int, int, str, str, str, bytes]


def insert_of(rows: list[Row]) -> Statement:
    """One statement: the driver lets go of the interpreter at each, and waits for it while the loop is busy."""
    return _INSERT + ", ".join(["(?, ?, ?, ?, ?, ?, ?)"] * len(rows)), tuple(chain.from_iterable(rows))


async def _select(connection: AsyncConnection, sql: str, parameters: tuple[Any, ...]) -> Any:
    try:
        return await connection.exec_driver_sql(sql, parameters)
    except DatabaseError as error:
        if not is_misread(error.orig):
            raise
    return await connection.exec_driver_sql(sql, parameters)


async def head_of(database: Database, log_id: str) -> Log:
    """Where its end cannot be read nothing can be appended either: it is damaged."""
    async with database.reading() as connection:
        started = (await _select(connection, "SELECT started_at_ms FROM log WHERE id = ?", (log_id,))).first()
        started_at_ms = None if started is None else started[0]
        try:
            sql = "SELECT at_ms, entry FROM entry WHERE log = ? ORDER BY entry DESC LIMIT 1"
            last = (await _select(connection, sql, (log_id,))).first()
        except DatabaseError as error:
            if not is_damage(error.orig):
                raise
            return Log(log_id, started_at_ms, 0, 0, is_damaged=True)
    at_ms, entry = (0, 0) if last is None else last
    return Log(log_id, started_at_ms, at_ms, entry + 1)


async def last_of(database: Database, log_id: str, documents: Sequence[str]) -> tuple[int, int]:
    """The last entry of these documents and its time; (0, 0) where there is none."""
    places = ", ".join("?" * len(documents))
    sql = f"SELECT entry, at_ms FROM entry WHERE log = ? AND document IN ({places}) ORDER BY entry DESC LIMIT 1"  # noqa: S608
    async with database.reading() as connection:
        row = (await _select(connection, sql, (log_id, *documents))).first()
        return (0, 0) if row is None else (row[0], row[1])


async def read(
    database: Database,
    log_id: str,
    after: int,
    limit: int,
    *,
    document: str | None = None,
    kind: str | None = None,
    events_only: bool = False,
) -> list[Entry]:
    """Entries in order, those after entry ``after``. Raises Unreadable."""
    sql = "SELECT log, entry, at_ms, document, delivered_by, kind, payload FROM entry WHERE log = ? AND entry > ?"
    parameters: list[Any] = []
    if document is not None:
        sql += " AND document = ?"
        parameters.append(document)
    if kind is not None:
        sql += " AND kind = ?"
        parameters.append(kind)
    if events_only:
        sql += " AND document = ''"
    sql += " ORDER BY entry LIMIT ?"
    found: list[Entry] = []
    at_once, last = limit, after
    async with database.reading() as connection:
        while at_once:
            try:
                page = [Entry(*row) for row in await _select(connection, sql, (log_id, last, *parameters, at_once))]
            except DatabaseError as error:
                if not is_damage(error.orig):
                    raise
                at_once //= 2  # nearer to the damage
                if not at_once:
                    raise Unreadable(Damage(last + 1, str(error.orig)), found) from error
            else:
                found += page
                if len(page) < at_once:
                    break
                last = page[-1].entry
                at_once = min(at_once, limit - len(found))
    return found

"""What was derived, kept beside the recording. Whatever happens to it, it is made again from the journal."""

import asyncio
import sqlite3
import zlib
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import aiosqlite
import anyio
import structlog

from replay.segment import Stored

_VERSION = 1
_SCHEMA = f"""
PRAGMA journal_mode=WAL;
PRAGMA synchronous=OFF;
PRAGMA user_version={_VERSION};
CREATE TABLE segment (
    document TEXT NOT NULL, number INTEGER NOT NULL, first INTEGER NOT NULL, first_ms INTEGER NOT NULL,
    last INTEGER NOT NULL, last_ms INTEGER NOT NULL, before INTEGER NOT NULL, proof TEXT NOT NULL, files TEXT NOT NULL,
    blocks BLOB NOT NULL, events TEXT NOT NULL, updates BLOB NOT NULL, state BLOB NOT NULL, mark BLOB NOT NULL,
    crc INTEGER NOT NULL, PRIMARY KEY (document, number)
);
"""
_COLUMNS = "number, first, first_ms, last, last_ms, before, proof, files, blocks, events, updates, state, mark, crc"
_PUT = f"INSERT OR REPLACE INTO segment (document, {_COLUMNS}) VALUES (?{', ?' * 14})"  # noqa: S608
_GET = f"SELECT {_COLUMNS} FROM segment WHERE document = ? AND number >= ? ORDER BY number LIMIT ?"  # noqa: S608
_AT_ONCE = 16  # segments in memory

_ERRORS = (sqlite3.Error, ValueError)  # the driver's own where the connection was closed meanwhile

_log = structlog.get_logger("replay")


class Damaged(Exception):
    """Raised when something is not in the cache that was, or is not what was put there."""


class Outline(NamedTuple):
    """A segment without what makes it large."""

    number: int
    last: int
    last_ms: int
    proof: str
    files: str
    size: int  # of its blocks
    events: str


class Cache:
    """Segments by document, numbered from 0. A SQLite file of its own, or memory where there is none.

    Invariant: what is read is what was put, or Damaged is raised, and nothing of the document is in it any more.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._opened: aiosqlite.Connection | None = None
        self._opening = asyncio.Lock()

    async def segment(self, document: str, number: int) -> Stored:
        """Raises Damaged."""
        async for found in self.segments(document, number, 1):
            return found
        raise await self.damage(document, "a segment is not there")

    async def segments(self, document: str, first: int = 0, most: int = 2**31) -> AsyncIterator[Stored]:
        """In order, from number ``first``. Raises Damaged."""
        end = first + most
        while first < end:
            rows = await self._fetch(document, _GET, (document, first, min(_AT_ONCE, end - first)))
            for number, *values, crc in rows:
                if number != first or crc != _crc(document, number, values):
                    raise await self.damage(document, "a segment is not what it was")
                yield Stored._make([*values[:-2], *map(zlib.decompress, values[-2:])])
                first += 1
            if len(rows) < _AT_ONCE:
                return

    async def outlines(self, document: str, first: int = 0) -> AsyncIterator[Outline]:
        """In order, from number ``first``. Raises Damaged."""
        while True:
            rows = await self._fetch(
                document,
                "SELECT number, last, last_ms, proof, files, length(blocks), events FROM segment"
                " WHERE document = ? AND number >= ? ORDER BY number LIMIT ?",
                (document, first, _AT_ONCE),
            )
            for row in rows:
                yield Outline(*row)
            first += len(rows)
            if len(rows) < _AT_ONCE:
                return

    async def put(self, document: str, number: int, stored: Stored) -> None:
        """Where it cannot be written, all is kept in memory from then on. Raises Damaged."""
        values = [*stored[:-2], zlib.compress(stored.state, 1), zlib.compress(stored.mark, 1)]
        try:
            connection = await self._connection()
            await connection.execute_fetchall(_PUT, (document, number, *values, _crc(document, number, values)))
        except _ERRORS as error:
            _log.warning("the cache cannot be written: what is derived stays in memory", reason=str(error))
            await self._renew(None)
            raise Damaged(str(error)) from error

    async def damage(self, document: str, reason: str) -> Damaged:
        """Take all of a document out."""
        _log.warning("not used from the cache", document=document, reason=reason)
        await self._fetch(document, "DELETE FROM segment WHERE document = ?", (document,))
        return Damaged(reason)

    async def aclose(self) -> None:
        if self._opened is not None:
            opened, self._opened = self._opened, None
            await opened.close()

    async def _fetch(self, document: str, sql: str, parameters: Iterable[Any]) -> list[Any]:
        try:
            connection = await self._connection()
            return list(await connection.execute_fetchall(sql, parameters))
        except _ERRORS as error:
            _log.warning("the cache is made anew", document=document, reason=str(error))
            await self._renew(self._path)
            raise Damaged(str(error)) from error

    async def _connection(self) -> aiosqlite.Connection:
        async with self._opening:
            while self._opened is None:
                with anyio.CancelScope(shield=True):
                    self._opened = await _open(self._path)
            return self._opened

    async def _renew(self, path: Path | None) -> None:
        await self.aclose()
        _remove(self._path)
        self._path = path


async def _open(path: Path | None) -> aiosqlite.Connection:
    """A cache of another version, or what is none at all, is replaced."""
    for _ in range(2):
        try:
            connection = await aiosqlite.connect(path or ":memory:", isolation_level=None)
        except sqlite3.Error as error:
            _log.warning("there is no cache", reason=str(error))
            break
        try:
            ((version,),) = await connection.execute_fetchall("PRAGMA user_version")
            if version == _VERSION:
                await connection.execute("PRAGMA synchronous=OFF")
                return connection
            if version == 0 and not list(await connection.execute_fetchall("SELECT 1 FROM sqlite_schema")):
                await connection.executescript(_SCHEMA)
                return connection
        except _ERRORS:
            pass
        await connection.close()
        _remove(path)
    return await _open(None)


def _remove(path: Path | None) -> None:
    if path is not None:
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)


def _crc(document: str, number: int, values: list[Any]) -> int:
    crc = zlib.crc32(f"{document} {number} {values[:7]}".encode())
    for value in values[7:]:
        crc = zlib.crc32(value if isinstance(value, bytes) else str(value).encode(), crc)
    return crc

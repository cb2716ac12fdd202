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

_VERSION = 4
_SCHEMA = f"""
PRAGMA journal_mode=WAL;
PRAGMA synchronous=OFF;
PRAGMA user_version={_VERSION};
CREATE TABLE segment (
    document TEXT NOT NULL, number INTEGER NOT NULL, first INTEGER NOT NULL, first_ms INTEGER NOT NULL,
    last INTEGER NOT NULL, last_ms INTEGER NOT NULL, before INTEGER NOT NULL, proof TEXT NOT NULL, files TEXT NOT NULL,
    blocks BLOB NOT NULL, events TEXT NOT NULL, updates BLOB NOT NULL, state BLOB NOT NULL, checkpoint BLOB NOT NULL,
    outline_crc INTEGER NOT NULL, crc INTEGER NOT NULL, PRIMARY KEY (document, number)
);
"""
_COLUMNS = (
    "number, first, first_ms, last, last_ms, before, proof, files, blocks, events, updates, state, checkpoint, crc"
)
_OUTLINE = "number, last, last_ms, proof, files, length(blocks), events"
_PUT = f"INSERT OR REPLACE INTO segment (document, {_COLUMNS}, outline_crc) VALUES (?{', ?' * 15})"  # noqa: S608
_FROM = "FROM segment WHERE document = ? AND number >= ? ORDER BY number LIMIT ?"
_GET = f"SELECT {_COLUMNS.replace('state', 'inflated(state)')} {_FROM}"
_GET_OUTLINE = f"SELECT {_OUTLINE}, outline_crc {_FROM}"
_MEMORY_PAGES = 2**15  # of 4 KiB, where there is no file
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
        self._is_closed = False

    async def open(self) -> None:
        """Once now rather than for the first who asks. Raises Damaged when it was closed."""
        await self._connection()

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
                if number != first or crc != _crc(document, number, *values):
                    raise await self.damage(document, "a segment is not what it was")
                yield Stored._make(values)
                first += 1
            if len(rows) < _AT_ONCE:
                return

    async def outlines(self, document: str, first: int, end: int) -> AsyncIterator[Outline]:
        """Of all segments from number ``first`` to before ``end``, in order. Raises Damaged."""
        while first < end:
            rows = await self._fetch(document, _GET_OUTLINE, (document, first, min(_AT_ONCE, end - first)))
            if not rows:
                raise await self.damage(document, "segments are not there")
            for *row, crc in rows:
                if row[0] != first or crc != _crc(document, *row):
                    raise await self.damage(document, "a segment's outline is not what it was")
                yield Outline(*row)
                first += 1

    async def put(self, document: str, number: int, stored: Stored) -> None:
        """Where it cannot be written, all is kept in memory from then on, and begun anew when that is full.

        Raises Damaged.
        """
        outline = [stored.last, stored.last_ms, stored.proof, stored.files, len(stored.blocks), stored.events]
        checks = _crc(document, number, *stored), _crc(document, number, *outline)
        values = [*stored[:-2], zlib.compress(stored.state, 1), stored.checkpoint]
        connection = await self._connection()
        try:
            await connection.execute_fetchall(_PUT, (document, number, *values, *checks))
        except _ERRORS as error:
            _log.warning("the cache cannot be written: what is derived stays in memory", reason=str(error))
            await self._renew(connection, None)
            raise Damaged(str(error)) from error

    async def damage(self, document: str, reason: str) -> Damaged:
        """Take all of a document out."""
        _log.warning("not used from the cache", document=document, reason=reason)
        await self._fetch(document, "DELETE FROM segment WHERE document = ?", (document,))
        return Damaged(reason)

    async def aclose(self) -> None:
        """For good: whoever asks for something then is told that it is damaged."""
        self._is_closed = True
        async with self._opening:
            await self._close()

    async def _close(self) -> None:
        if self._opened is not None:
            opened, self._opened = self._opened, None
            await opened.close()

    async def _fetch(self, document: str, sql: str, parameters: Iterable[Any]) -> list[Any]:
        connection = await self._connection()
        try:
            return list(await connection.execute_fetchall(sql, parameters))
        except _ERRORS as error:
            _log.warning("the cache is made anew", document=document, reason=str(error))
            await self._renew(connection, self._path)
            raise Damaged(str(error)) from error

    async def _connection(self) -> aiosqlite.Connection:
        async with self._opening:
            if self._is_closed:
                raise Damaged("the cache is closed")
            while self._opened is None:
                with anyio.CancelScope(shield=True):
                    self._opened = await _open(self._path)
            return self._opened

    async def _renew(self, connection: aiosqlite.Connection, path: Path | None) -> None:
        """Begin anew there, unless that was done since ``connection`` was given out."""
        async with self._opening:
            if self._opened is connection and not self._is_closed:
                await self._close()
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
            await connection.create_function("inflated", 1, _inflated)
            ((version,),) = await connection.execute_fetchall("PRAGMA user_version")
            if version == _VERSION:
                await connection.execute("PRAGMA synchronous=OFF")
                return connection
            if version == 0 and not list(await connection.execute_fetchall("SELECT 1 FROM sqlite_schema")):
                await connection.executescript(_SCHEMA)
                if path is None:
                    await connection.execute_fetchall(f"PRAGMA max_page_count={_MEMORY_PAGES}")
                return connection
        except _ERRORS:
            pass
        await connection.close()
        _remove(path)
    return await _open(None)


def _inflated(data: bytes) -> bytes | None:
    """In the driver's thread, not in the event loop's; None is not what was put."""
    try:
        return zlib.decompress(data)
    except (zlib.error, TypeError):
        return None


def _remove(path: Path | None) -> None:
    if path is not None:
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)


def _crc(*values: Any) -> int:
    crc = 0
    for value in values:
        crc = zlib.crc32(value if isinstance(value, bytes) else f"{value} ".encode(), crc)
    return crc

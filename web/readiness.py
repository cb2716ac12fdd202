"""Whether people may be sent here: what /readyz answers."""

import os
import sqlite3
from pathlib import Path
from typing import NamedTuple

import anyio
import anyio.to_thread
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from collab.database import Database
from collab.errors import is_locked
from collab.journal import Journal
from collab.registry import Registry
from collab.task import Inquiry
from web.metric import free_bytes

_DATABASE_S = 2.0
_LATE_S = 3.0
_ROOMS_GO_ON = "Rooms go on; nothing new is saved."


class Trouble(NamedTuple):
    kind: str
    title: str
    detail: str


DESCRIPTORS = Trouble(
    "no-descriptors",
    "The server cannot open another file",
    "It has as many files and connections open as it may. Whoever is connected goes on; nobody else can come.",
)
DRAINING = Trouble("draining", "The server is stopping", "Come back in a moment: the next one takes over.")
SILENT = Trouble("database-silent", "The database does not answer", _ROOMS_GO_ON)
LOCKED = Trouble("database-locked", "The database cannot be written", f"Another process holds it. {_ROOMS_GO_ON}")


class Readiness:
    """Answers within a few seconds, also where the database never does."""

    def __init__(self, database: Database, path: Path, journal: Journal, registry: Registry, min_free: int) -> None:
        """``path`` is the database's, ``min_free`` the bytes that its disk must have left."""
        self._database = database
        self._path = path
        self._journal = journal
        self._registry = registry
        self._min_free = min_free
        self._thread = anyio.CapacityLimiter(1)
        self._reading = Inquiry(self._read, _DATABASE_S)
        self._writing = Inquiry(self._write, 2 * _DATABASE_S)

    async def trouble(self) -> Trouble | None:
        """What is wrong, the worst of it; None where nothing is."""
        if self._registry.is_draining:
            return DRAINING
        waiting_s = self._journal.waiting_s
        if self._journal.saving.has_failed or waiting_s > _LATE_S:
            why = "The last commit failed" if self._journal.saving.has_failed else "A commit does not come back"
            waits = f"What is typed has waited for {waiting_s:.0f} s. " if waiting_s else ""
            return Trouble("not-saving", "The server cannot save", f"{why}. {waits}{_ROOMS_GO_ON}")
        if not _has_descriptors():
            return DESCRIPTORS
        try:
            await self._reading.answer()
            await self._writing.answer()
        except (SQLAlchemyError, TimeoutError):
            return SILENT
        except sqlite3.Error as error:
            return LOCKED if is_locked(error) else SILENT
        left = free_bytes(self._path.parent)
        if left < self._min_free:
            words = f"{left // 2**20} MiB are left, and PANELROOM_MIN_FREE_BYTES asks for {self._min_free // 2**20}."
            return Trouble("disk-full", "The data directory's disk is nearly full", words)
        return None

    async def _read(self) -> None:
        async with self._database.reading() as connection:
            await connection.execute(text("SELECT 1 FROM organisation"))

    async def _write(self) -> None:
        await anyio.to_thread.run_sync(_take_turn, self._path, limiter=self._thread)


def _has_descriptors() -> bool:
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError:
        return False
    return True


def _take_turn(path: Path) -> None:
    """Begin to write, on a connection that nobody else waits for. Raises sqlite3.Error where that cannot be."""
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", _DATABASE_S, uri=True, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    finally:
        connection.close()

"""Rooms full of scribes, whose server dies under them."""

import asyncio
import os
import random
import shutil
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from anyio import to_thread
from pycrdt import Doc, Text

from tests.support.api import Api
from tests.support.peer import Bell
from tests.support.scribe import Desk, Scribe, settle
from tests.support.server import Server
from web.panelroom import DATABASE_NAME

ROLES = ("candidate", "interviewer", "guest", "guest")
PER_S = 10.0
USABLE_S = 60.0  # for a machine that does much else; what is meant is 5
AGAIN = 0.15

Die = Callable[[Server], None]


class Record:
    """A room as the journal has it, read on from where it was read before."""

    def __init__(self, interview: str) -> None:
        self.interview = interview
        self.document: Doc[Any] = Doc()
        self.entry = 0

    def __str__(self) -> str:
        return str(self.document.get("source", type=Text))

    def read(self, database: sqlite3.Connection) -> None:
        rows = database.execute(
            "SELECT entry, kind, payload FROM entry WHERE log = ? AND entry > ? ORDER BY entry",
            (self.interview, self.entry),
        ).fetchall()
        assert [entry for entry, _, _ in rows] == list(range(self.entry + 1, self.entry + 1 + len(rows)))
        self.entry += len(rows)
        for _, kind, payload in rows:
            if kind == "update":
                self.document.apply_update(payload)


def read_all(database: Path, records: Iterable[Record]) -> None:
    with closing(sqlite3.connect(database)) as connection:
        for record in records:
            record.read(connection)


def bring_back(server: Server) -> None:
    if server.alive():
        os.kill(server.pid, signal.SIGCONT)
    else:
        server.start()


class Company:
    """Rooms, who types in them, and what they have seen of kills."""

    def __init__(self, server: Server, folder: Path, chance: random.Random) -> None:
        self.server = server
        self.folder = folder
        self.chance = chance
        self.bell = Bell()
        self.desks: list[Desk] = []
        self.records: list[Record] = []
        self.usable_s: list[float] = []
        self.deaths: Counter[str] = Counter()
        self._began_s = 0.0

    async def enter(self, api: Api, rooms: int) -> None:
        for _ in range(rooms):
            desk = Desk(api, await api.create(), self.bell, self.chance)
            self.desks.append(desk)
            self.records.append(Record(desk.interview))
            for number, role in enumerate(ROLES):
                await desk.join(role, f"{role.title()} {number}")

    async def leave(self) -> None:
        for desk in self.desks:
            await desk.stop()

    @property
    def saved(self) -> int:
        """Updates that were acknowledged."""
        return sum(len(scribe.durable) for scribe in self._scribes)

    async def lives_through(self, die: Die, typed_s: float, again: Sequence[Die] = ()) -> None:
        """They type, the server dies at some moment, and they go on typing until they are back.

        Sometimes, where there is an ``again``, it dies of that while they come back.
        """
        enough = self.saved + 3 * len(self._scribes)
        async with asyncio.TaskGroup() as typing:
            tasks = [typing.create_task(desk.type_on(PER_S)) for desk in self.desks]
            await self.bell.until(lambda: self.saved >= enough, USABLE_S, lambda: "too little is saved")
            await asyncio.sleep(self.chance.uniform(0, typed_s))
            await self._die(die)
            while again and self.chance.random() < AGAIN:
                await asyncio.sleep(self.chance.uniform(0, 0.3))
                await self._die(self.chance.choice(again))
            await self.bell.until(self._is_usable, USABLE_S, lambda: "rooms that cannot be used")
            self.usable_s.append(time.monotonic() - self._began_s)
            for task in tasks:
                task.cancel()
        await settle(self.desks, self.bell)
        read_all(self.server.data / DATABASE_NAME, self.records)
        for desk, record in zip(self.desks, self.records, strict=True):
            assert str(record) == str(desk.scribes[0].text), "the journal is not what everybody has"
            desk.check_words(str(record), "when all are back")

    async def _die(self, die: Die) -> None:
        for scribe in self._scribes:
            scribe.may_connect.clear()
        await to_thread.run_sync(die, self.server)
        self.deaths[die.__name__] += 1
        await self.bell.until(
            lambda: not any(scribe.online for scribe in self._scribes), USABLE_S, lambda: "somebody has not noticed"
        )
        self.look_at_the_disk()
        for scribe in self._scribes:
            scribe.may_connect.set()
        self._began_s = time.monotonic()
        await to_thread.run_sync(bring_back, self.server)

    def look_at_the_disk(self) -> None:
        """At a copy: what it takes to read it is the next server's work."""
        with TemporaryDirectory(dir=self.folder) as copy:
            for file in self.server.data.glob(f"{DATABASE_NAME}*"):
                if not file.name.endswith("-shm"):
                    shutil.copy(file, copy)
            with closing(sqlite3.connect(Path(copy) / DATABASE_NAME)) as connection:
                assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            read_all(Path(copy) / DATABASE_NAME, self.records)
        for desk, record in zip(self.desks, self.records, strict=True):
            desk.check_words(str(record), "on the disk")

    @property
    def _scribes(self) -> list[Scribe]:
        return [scribe for desk in self.desks for scribe in desk.scribes]

    def _is_usable(self) -> bool:
        for desk in self.desks:
            desk.check()
        return all(scribe.is_heard for scribe in self._scribes)

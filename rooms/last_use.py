"""When things were used last: kept in memory, and written down once a minute."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import anyio
from sqlalchemy import Update

from collab import task
from collab.database import Database
from collab.errors import DatabaseSilent

_EVERY_S = 60.0


class LastUse:
    """Each of ``statements`` writes the bound ``at_ms`` of the thing whose bound name is ``used``."""

    def __init__(self, database: Database, statements: Sequence[Update]) -> None:
        self._database = database
        self._statements = statements
        self._at_ms: dict[str, int] = {}  # since it was written last

    def note(self, used: str, at_ms: int) -> None:
        self._at_ms[used] = at_ms

    def at_ms(self, used: str) -> int | None:
        """None where what is written is still so."""
        return self._at_ms.get(used)

    async def write(self) -> None:
        noted, self._at_ms = self._at_ms, {}
        if not noted:
            return
        values = [{"used": used, "at_ms": at_ms} for used, at_ms in noted.items()]
        try:
            async with self._database.writing() as connection:
                for statement in self._statements:
                    await connection.execute(statement, values)
        except DatabaseSilent:
            self._at_ms = noted | self._at_ms

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        async with task.running(self._run()):
            yield

    async def _run(self) -> None:
        while True:
            await anyio.sleep(_EVERY_S)
            await self.write()

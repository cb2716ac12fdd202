"""Tickets that are revoked, by this process or by a command beside it: what is open with them is closed."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from collab import task
from collab.clock import Clock
from collab.database import Database
from collab.wire import CloseCode
from rooms import schema
from rooms.seat import Seats

_EVERY_S = 2.0
_LATE_MS = 60_000  # by which a commit may come after the time that it says


class Revocations:
    def __init__(self, database: Database, clock: Clock, seats: Seats) -> None:
        self._database = database
        self._clock = clock
        self._seats = seats
        self._seen_ms = clock.now_ms()

    async def look(self) -> None:
        """Close what is still open. Raises SQLAlchemyError."""
        now_ms, revoked_at_ms = self._clock.now_ms(), schema.tickets.c.revoked_at_ms
        if self._seats.present:
            query = select(schema.tickets.c.token_hash).where(revoked_at_ms > self._seen_ms - _LATE_MS)
            async with self._database.reading() as connection:
                revoked = set((await connection.execute(query)).scalars())
            self._seats.close(revoked, CloseCode.TICKET, "the ticket was revoked")
        self._seen_ms = now_ms

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        async with task.running(self._run()):
            yield

    async def _run(self) -> None:
        while True:
            await anyio.sleep(_EVERY_S)
            try:
                await self.look()
            except SQLAlchemyError:
                continue

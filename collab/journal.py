"""The durable log of accepted updates and room events: order, time, group commit, acknowledgement."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from itertools import islice
from typing import Any, NamedTuple
from weakref import WeakSet, WeakValueDictionary

import anyio
import structlog
from sqlalchemy.exc import DatabaseError, DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from collab import task
from collab.clock import Clock
from collab.database import Database, Statement
from collab.errors import DatabaseSilent, LogDamaged, is_damage, is_misread
from collab.log import SAVING, UPDATE, Entry, Log, Subscription, encode
from collab.record import MAX_ROWS, Row, head_of, insert_of, last_of, logs, read
from collab.saving import Saving

_RETRY_S = 0.5
_PROBE: Statement = ("PRAGMA user_version = 0", ())  # it changes nothing, and is written and synced like any commit

_log = structlog.get_logger("journal")


class Transaction:
    """One commit: what was queued, then changes of the domain and its events."""

    connection: AsyncConnection

    def __init__(self, journal: "Journal") -> None:
        self.now_ms = journal.clock.now_ms()
        self.began_s = time.monotonic()
        self.on_commit: list[Callable[[], None]] = []  # called in the same breath as the commit
        self._journal = journal
        self._logs: dict[str, Log] = {}
        self._next: dict[str, int] = {}
        self._at_ms: dict[str, int] = {}
        self._started: set[str] = set()
        self._events: list[Entry] = []

    async def append(self, log_id: str, kind: str, event: dict[str, Any], delivered_by: str = "") -> int:
        """Add a room event to a log; its entry."""
        log = await self._journal.open(log_id)
        started = log_id in self._started
        at_ms = max(self._at_ms.get(log_id, log.committed_at_ms), 0 if started else log.elapsed_ms(self.now_ms))
        number = self._number(log)
        row = (log_id, number, at_ms, "", delivered_by, kind, encode(self._journal.recorded(kind, event)))
        self._at_ms[log_id] = at_ms
        log.last_at_ms = max(log.last_at_ms, at_ms)
        self._events.append(Entry(*row))
        try:
            await self.insert([row])
        except DatabaseError as error:
            if not self._journal.parts_with(log, error):
                raise
            raise LogDamaged(error.orig or error) from error
        return number

    async def mention(self, log_id: str, kind: str, event: dict[str, Any]) -> None:
        """Tell a room event, as entry 0, to those who hear of this log now: it is not kept."""
        log = self._logs[log_id] = await self._journal.open(log_id)
        self._events.append(log.mention(kind, event))

    async def start(self, log_id: str) -> None:
        """The first participant has entered: times count from now. Does nothing where the log has started."""
        log = await self._journal.open(log_id)
        self._logs[log_id] = log
        if log.started_at_ms is None and log_id not in self._started:
            self._started.add(log_id)
            await self.connection.execute(logs.insert().values(id=log_id, started_at_ms=self.now_ms))

    def number(self, queued: Iterable["Queued"]) -> list[Row]:
        """The rows of queued updates, numbered in this commit; none of damaged logs."""
        rows = []
        for item in queued:
            log = item.log
            if log.is_damaged:  # queued before that: ``_part_with`` has said so
                continue
            self._at_ms[log.id] = item.at_ms
            rows.append(
                (log.id, self._number(log), item.at_ms, item.document, item.delivered_by, item.kind, item.payload)
            )
        return rows

    async def insert(self, rows: list[Row]) -> None:
        for at in range(0, len(rows), MAX_ROWS):
            try:
                await self.connection.exec_driver_sql(*insert_of(rows[at : at + MAX_ROWS]))
            except IntegrityError as error:  # nobody's fault here
                raise DatabaseSilent(error.orig or error) from error

    def _number(self, log: Log) -> int:
        log.check()
        self._logs[log.id] = log
        entry = self._next.get(log.id, log.next_entry)
        self._next[log.id] = entry + 1
        return entry

    def committed(self) -> None:
        for log_id in self._started:
            self._logs[log_id].started_at_ms = self.now_ms
        for log_id, entry in self._next.items():
            log = self._logs[log_id]
            log.next_entry = entry
            log.is_doubted = False
            log.committed_at_ms = self._at_ms[log_id]
            log.last_at_ms = max(log.last_at_ms, log.committed_at_ms)
        for event in self._events:
            for subscription in self._logs[event.log].subscriptions:
                subscription.offer(event)
        for step in self.on_commit:
            step()


class Queued(NamedTuple):
    log: Log
    at_ms: int
    document: str
    delivered_by: str
    kind: str
    payload: bytes
    queued_s: float


class Journal:
    """One writer for all logs.

    Invariants: entries of a log are numbered from 1 without gaps, in commit order; an update is committed after every
    update that was queued before it; ``durable`` counts queued updates that are on disk and never goes back. Of a
    damaged log nothing is queued, and what was is counted too: whoever waits for it is gone (``on_damage``).
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        group_ms: int = 40,
        max_queued: int = 100_000,
        max_queued_bytes: int = 64 * 2**20,
        recorded: Callable[[str, dict[str, Any]], dict[str, Any]] = lambda _kind, event: event,
    ) -> None:
        """``recorded`` is a room event, by kind, as it goes on record."""
        self.recorded = recorded
        self.database = database
        self.clock = clock
        self.durable = 0
        self.on_commit: Callable[[], None] = lambda: None
        self.on_damage: Callable[[Log], None] = lambda _log: None  # nothing more can be appended to this log
        self.commit_took: Callable[[float], None] = lambda _seconds: None
        self.saving = Saving(lambda: self.waiting_s, lambda: len(self._queue), self._tell_saving)
        self._group_s = group_ms / 1000
        self._max_queued = max_queued
        self._max_queued_bytes = max_queued_bytes
        self._queue: deque[Queued] = deque()
        self._queued_bytes = 0
        self._waiting = asyncio.Event()
        self._committed = asyncio.Event()  # set, and replaced, at every commit
        self._logs: WeakValueDictionary[str, Log] = WeakValueDictionary()
        self._damaged: set[Log] = set()
        self._opening = asyncio.Lock()
        self._subscriptions: WeakSet[Subscription] = WeakSet()
        self._subscriptions_end = False

    async def open(self, log_id: str) -> Log:
        """The head of a log; the same object for everybody while anybody holds it."""
        async with self._opening:
            log = self._logs.get(log_id)
            if log is None:
                log = await head_of(self.database, log_id)
                log.go_on(self.clock.now_ms())
                self._logs[log_id] = log
            return log

    @property
    def is_full(self) -> bool:
        """Commits are failing or too slow: nothing more may be appended."""
        return len(self._queue) >= self._max_queued or self._queued_bytes >= self._max_queued_bytes

    @property
    def waiting_s(self) -> float:
        """How long the oldest queued entry has waited for the disk; 0 where there is none."""
        return time.monotonic() - self._queue[0].queued_s if self._queue else 0.0

    @property
    def is_saving(self) -> bool:
        """Whether what is accepted gets on disk: the last commit has not failed, and nothing has waited long."""
        return self.saving.is_well

    @property
    def queued(self) -> int:
        """The ticket of the newest queued update: it is durable when ``durable`` has reached it."""
        return self.durable + len(self._queue)

    def append(self, log: Log, document: str, delivered_by: str, payload: bytes, kind: str = UPDATE) -> int:
        """Queue an accepted update, a binding or a selection, and return its ticket. Raises LogDamaged."""
        log.check()
        at_ms, now_s = log.stamp(self.clock.now_ms()), time.monotonic()
        self._queue.append(Queued(log, at_ms, document, delivered_by, kind, payload, now_s))
        self._queued_bytes += len(payload)
        self._waiting.set()
        return self.queued

    async def reached(self, ticket: int) -> None:
        """Return when what has this ticket is on disk, however long commits fail."""
        while self.durable < ticket:
            await self._committed.wait()

    @asynccontextmanager
    async def transaction(self, *, first: bool = False) -> AsyncGenerator[Transaction]:
        """Everything queued so far, then what the caller does, in one commit; ``first`` before others that wait.

        An exception of the caller, or of the commit, leaves nothing of it on disk; what was queued stays queued.
        """
        if len(self._queue) > MAX_ROWS:
            await self.flush()
        transaction = Transaction(self)
        group: list[Queued] = []
        try:
            async with self.database.writing(lambda: self._commit(group, transaction), first=first) as connection:
                transaction.now_ms, transaction.began_s = self.clock.now_ms(), time.monotonic()
                transaction.connection = connection
                group.extend(self._queue)
                await transaction.insert(transaction.number(group))
                yield transaction
        except DBAPIError as error:
            if not isinstance(error, IntegrityError | LogDamaged):  # that is what the caller has written, and where
                self._fail(error)
            raise

    def _commit(self, group: list[Queued], transaction: Transaction) -> None:
        """The transaction, with this group of the queue, is on disk."""
        for item in group:
            self._queue.popleft()
            self._queued_bytes -= len(item.payload)
        self.durable += len(group)
        self.commit_took(time.monotonic() - transaction.began_s)
        self.saving.succeed()
        self._committed.set()
        self._committed = asyncio.Event()
        transaction.committed()
        self.on_commit()

    def tell(self, log: Log, kind: str, event: dict[str, Any]) -> None:
        """As ``mention``, at once and without a commit."""
        mention = log.mention(kind, event)
        for subscription in log.subscriptions:
            subscription.offer(mention)

    def _tell_saving(self, is_saving: bool) -> None:
        """To everybody who listens, whatever the log."""
        for log in list(self._logs.values()):
            self.tell(log, SAVING, {"is_saving": is_saving})

    def _fail(self, error: Exception) -> None:
        self.saving.fail(error)
        self._waiting.set()

    async def run(self) -> None:
        """Commit what is queued, a group at a time, for ever. A failing commit is retried."""
        while True:
            await self._waiting.wait()
            await anyio.sleep(self._group_s)
            self._waiting.clear()
            try:
                await self.flush()
                if self.saving.has_failed:  # a transaction, with nothing queued
                    await self._execute(lambda: _PROBE, self.saving.succeed)
            except DatabaseSilent as error:
                self._waiting.set()
                if not error.is_locked:  # or else it was tried until now
                    await anyio.sleep(_RETRY_S)
            except Exception:  # noqa: BLE001 - whatever it is, the next attempt may go through
                _log.exception("commit failed", queued=len(self._queue), queued_bytes=self._queued_bytes)
                self._waiting.set()
                await anyio.sleep(_RETRY_S)

    @property
    def unsaved(self) -> set[str]:
        """The documents with entries that are not on disk."""
        return {item.document for item in self._queue}

    async def settle(self, document: str) -> None:
        """Return when every entry of this document that was queued before the call is on disk."""
        if document in self.unsaved:
            await self.flush()

    async def flush(self) -> None:
        """Return when everything that was queued before the call is on disk."""
        ticket = self.queued
        while self.durable < ticket:
            transaction = Transaction(self)
            group: list[Queued] = []

            def number(transaction: Transaction = transaction, group: list[Queued] = group) -> Statement | None:
                transaction.began_s = time.monotonic()
                group.extend(islice(self._queue, MAX_ROWS))
                rows = transaction.number(group)
                return (insert_of(rows) if rows else _PROBE) if group else None

            try:
                await self._execute(number, partial(self._commit, group, transaction))
            except DatabaseSilent as error:
                if not is_damage(error.orig) or not await self._part_with_damaged():
                    raise

    async def _part_with_damaged(self) -> bool:
        """Of what is queued, find the logs that cannot be written, so that the others can be; whether there are any."""
        parted = False
        for log in {item.log for item in self._queue if not item.log.is_damaged}:
            rows = Transaction(self).number([item for item in self._queue if item.log is log][:MAX_ROWS])
            if not rows:  # they have got on disk meanwhile
                continue
            try:
                async with self.database.writing() as connection:
                    await connection.exec_driver_sql(*insert_of(rows))
                    await connection.rollback()
            except DatabaseSilent as error:
                parted = self.parts_with(log, error) or parted
        return parted

    def parts_with(self, log: Log, error: DatabaseError) -> bool:
        """Whether nothing more is appended to this log as it is damaged; misread once, it is tried again."""
        if not is_damage(error.orig):
            return False
        if is_misread(error.orig) and not log.is_doubted:
            log.is_doubted = True
            return False
        self._part_with(log)
        return True

    def _part_with(self, log: Log) -> None:
        """What is queued is lost here; who wrote it has it."""
        log.is_damaged = True
        self._damaged.add(log)
        lost = sum(item.log is log for item in self._queue)
        _log.error("log damaged", log=log.id, entry=log.next_entry, lost=lost)
        self.on_damage(log)

    async def _execute(self, statement: Callable[[], Statement | None], committed: Callable[[], None]) -> None:
        try:
            await self.database.execute(statement, committed)
        except Exception as error:
            self._fail(error)
            raise

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """``run`` for as long as the block lasts, and a last attempt to put all on disk."""
        try:
            async with task.running(self.run(), self.saving.watch()):
                yield
        finally:
            try:
                await self.flush()
            except Exception as error:  # noqa: BLE001 - the process ends all the same
                _log.error("not everything could be saved", queued=len(self._queue), reason=str(error))

    def subscribe(self, log_id: str) -> Subscription:
        """The log's events (not its updates) from the moment that the subscription is entered."""
        subscription = Subscription(partial(self.open, log_id))
        self._subscriptions.add(subscription)
        if self._subscriptions_end:
            subscription.end()
        return subscription

    def end_subscriptions(self) -> None:
        """The server stops: every subscription ends after what it holds, also those to come."""
        self._subscriptions_end = True
        for subscription in list(self._subscriptions):
            subscription.end()

    async def started_at_ms(self, log_id: str) -> int | None:
        """Milliseconds since the Unix epoch when the first participant entered."""
        return (await self.open(log_id)).started_at_ms

    async def last(self, log_id: str, documents: Sequence[str]) -> tuple[int, int]:
        """The last committed entry of these documents and its time; (0, 0) where there is none."""
        return await last_of(self.database, log_id, documents)

    async def entries(
        self,
        log_id: str,
        *,
        after: int = 0,
        limit: int = 1000,
        document: str | None = None,
        kind: str | None = None,
        events_only: bool = False,
    ) -> list[Entry]:
        """Committed entries in order, those after entry ``after``. Raises Unreadable."""
        return await read(self.database, log_id, after, limit, document=document, kind=kind, events_only=events_only)

"""The live documents of this process: opened once, evicted when idle and saved, drained at shutdown."""

import asyncio
import secrets
import sys
import time
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

import anyio
import anyio.lowlevel
import structlog

from collab import task
from collab.errors import Damage, DocumentBroken, EntryDamaged, Unreadable
from collab.gate import Limits
from collab.journal import Journal
from collab.live import LiveDocument
from collab.log import DAMAGED, Entry, Log
from collab.note import NO_NOTE, Note, Noted
from collab.quarantine import Quarantine
from collab.wire import CloseCode

_PAGE = 5_000
_TICK_S = 9.0
"""Half of the longest silence that a peer may hear, so that stock clients (30 s) never reconnect for it."""

_REASON = "the CRDT failed"
_AGAIN_S = 60.0  # a document that breaks so soon again, over nothing that could be kept from it, is given up

_log = structlog.get_logger("registry")


class Registry:
    """Invariant: at most one LiveDocument object accepts frames for a document id at any time."""

    def __init__(
        self,
        journal: Journal,
        limits: Limits | None = None,
        *,
        idle_s: float = 300.0,
        tick_s: float = _TICK_S,
        note: Note = NO_NOTE,
        quarantine: Quarantine | None = None,
    ) -> None:
        self.journal = journal
        self._limits = limits or Limits()
        self._idle_s = idle_s
        self._tick_s = tick_s
        self._note = note
        self._quarantine = quarantine or Quarantine(journal.database, journal.clock)
        self._boot = secrets.token_hex(8)
        self._documents: dict[str, LiveDocument] = {}
        self._loading: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._held: set[str] = set()
        self._finished: set[str] = set()
        self.is_draining = False
        self.on_quiet: Callable[[str, str], None] = lambda _log_id, _document_id: None  # a document goes on no more
        journal.on_commit = self._acknowledge
        journal.on_damage = self._part_with

    async def open(self, log_id: str, document_id: str) -> LiveDocument:
        """The live document, loaded from the journal where it is not in memory: where that is damaged as far as it can
        be read, and only to be read. Raises DocumentBroken.
        """
        live = self._documents.get(document_id)
        if live is not None:
            live.idle_since = time.monotonic()
            return live
        lock = self._loading.setdefault(document_id, asyncio.Lock())  # one for all, while anybody holds or awaits it
        async with lock:
            live = self._documents.get(document_id)
            if live is None:
                live = self._documents[document_id] = await self._load(log_id, document_id)
        return live

    @property
    def documents(self) -> Collection[LiveDocument]:
        """All that are in memory."""
        return self._documents.values()

    def damaged(self, log_id: str) -> list[str]:
        """The documents in memory that can only be read."""
        return [live.id for live in self.opened(log_id) if live.damage is not None]

    def opened(self, log_id: str) -> list[LiveDocument]:
        """Those of a log that are in memory."""
        return [live for live in self._documents.values() if live.log.id == log_id]

    def hold(self, log_id: str) -> None:
        """Set aside every update to the log's documents until ``finish`` or ``reopen`` says what becomes of them."""
        for live in self.opened(log_id):
            live.record_selections()
        self._held.add(log_id)
        self._settle(log_id)

    def finish(self, log_id: str) -> None:
        """From now on every update to the log's documents is refused, also to those opened later."""
        self._held.discard(log_id)
        self._finished.add(log_id)
        self._settle(log_id)
        for live in self.opened(log_id):
            self.on_quiet(log_id, live.id)

    def reopen(self, log_id: str) -> None:
        self._held.discard(log_id)
        self._finished.discard(log_id)
        self._settle(log_id)
        for live in self.opened(log_id):
            live.catch_up()

    def _settle(self, log_id: str) -> None:
        for live in self.opened(log_id):
            live.is_held = log_id in self._held
            live.is_finished = log_id in self._finished

    def discard(self, live: LiveDocument) -> None:
        """A document that cannot be rebuilt: everybody is sent away to come back to one that is loaded anew."""
        _log.error("document broken", document=live.id)
        if self._documents.get(live.id) is live:
            del self._documents[live.id]
        live.is_discarded = True
        live.close_peers(CloseCode.RESTART, "the document is being restored")

    def rebuild(self, live: LiveDocument, poison: Noted | None) -> None:
        """A broken document: it is loaded anew while everybody stays, and every frame waits until it is there."""
        if live.rebuilding is not None or live.is_discarded:
            return
        if poison is None and time.monotonic() - live.rebuilt_at_s < _AGAIN_S:
            self.discard(live)
            return
        _log.error("document broken", document=live.id)
        live.reset()
        live.rebuilding = asyncio.create_task(self._rebuild(live, poison))

    async def _rebuild(self, live: LiveDocument, poison: Noted | None) -> None:
        started_s = time.monotonic()
        try:
            if poison is not None:
                await self._quarantine.add(poison, _REASON)
            await self._restore(live)
        except Exception:  # noqa: BLE001 - whatever it is, nobody may go on with a broken document
            _log.exception("document not rebuilt", document=live.id)
            self.discard(live)
        else:
            live.rebuilt_at_s = time.monotonic()
            _log.warning("document rebuilt", document=live.id, after_s=round(live.rebuilt_at_s - started_s, 3))
        finally:
            live.rebuilding = None

    async def _load(self, log_id: str, document_id: str) -> LiveDocument:
        live = LiveDocument(
            await self.journal.open(log_id),
            document_id,
            self.journal,
            self._limits,
            boot=self._boot,
            note=self._note,
            quarantine=self._quarantine,
        )
        await self._restore(live)
        return live

    async def _restore(self, live: LiveDocument) -> None:
        """From the journal, up to what cannot be read or has ended the process before. Raises DocumentBroken."""
        await self.journal.settle(live.id)
        damage = self._quarantine.damage(live.id)
        while True:
            try:
                damage = await self._read(live, damage) or damage
                break
            except EntryDamaged as error:
                damage = error.damage
            except DocumentBroken as error:
                if error.poison is None:
                    raise
                await self._quarantine.add(error.poison, _REASON)
                damage = self._quarantine.damage(live.id)
            live.reset()
        # No await from here on: a log that is parted with later finds the document among those that are open.
        if damage is None and live.log.is_damaged:
            damage = Damage(live.log.next_entry or sys.maxsize, "nothing can be written behind it")
        live.idle_since = time.monotonic()
        live.is_held = live.log.id in self._held
        live.is_finished = live.log.id in self._finished
        if damage is not None:
            _log.error("document damaged", document=live.id, entry=damage.entry, reason=damage.reason)
            live.damage = damage
            self.journal.tell(live.log, DAMAGED, {"document": live.id})

    async def _read(self, live: LiveDocument, known: Damage | None) -> Damage | None:
        """Everything before the damage that is known; the one that is found on the way.

        Raises EntryDamaged or DocumentBroken: then all is to be read again up to there.
        """
        after = 0
        while True:
            page, damage = await self._page(live.log.id, after)
            for number, entry in enumerate(page):
                if known is not None and entry.entry >= known.entry:
                    return None
                if entry.entry != after + 1:
                    return Damage(after + 1, "it is missing")
                after = entry.entry
                if entry.document == live.id:
                    live.restore(entry)
                if number % 500 == 499:
                    await anyio.lowlevel.checkpoint()
            if damage is not None or len(page) < _PAGE:
                return damage

    async def _page(self, log_id: str, after: int) -> tuple[list[Entry], Damage | None]:
        try:
            return await self.journal.entries(log_id, after=after, limit=_PAGE), None
        except Unreadable as error:
            return error.found, error.damage

    def _part_with(self, log: Log) -> None:
        """What is not on disk of these documents never will be."""
        for live in self.opened(log.id):
            self.discard(live)

    def _acknowledge(self) -> None:
        for live in list(self._documents.values()):
            live.acknowledge()

    async def run(self) -> None:
        """Keep every connection alive and evict what nobody uses, for ever."""
        while True:
            await anyio.sleep(self._tick_s)
            now, unsaved = time.monotonic(), self.journal.unsaved
            for live in list(self._documents.values()):
                if live.peers:
                    try:
                        live.keep_alive()
                    except Exception:  # noqa: BLE001 - one document's failure must not end the others' connections
                        _log.exception("keep-alive failed", document=live.id)
                        self.discard(live)
                elif live.idle_since is None:
                    live.idle_since = now
                elif now - live.idle_since >= self._idle_s and not live.selections and live.id not in unsaved:
                    del self._documents[live.id]
                    live.is_discarded = True  # somebody may have opened it, and is still being let in
                    self.on_quiet(live.log.id, live.id)

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """``run`` for as long as the block lasts."""
        async with task.running(self.run()):
            yield

    async def drain(self) -> None:
        """Let nobody in, acknowledge what is on disk, and send everybody away to come back to the next process."""
        self.is_draining = True
        try:
            await self.journal.flush()
        finally:
            for live in self._documents.values():
                live.close_peers(CloseCode.RESTART, "the server restarts")
                live.record_selections()
        await self.journal.flush()

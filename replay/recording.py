"""A room's past as its journal tells it: the state at an instant, the entries, one document's recording as a file."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import anyio
import structlog

from collab import task
from collab.errors import Unreadable
from collab.journal import Journal
from collab.log import Entry
from collab.note import NO_NOTE, Note
from collab.quarantine import Quarantine
from replay.cache import Cache, Damaged
from replay.chain import Chain
from replay.damaged import before
from replay.derivation import Derivation
from replay.errors import RecordingBroken
from replay.file import Request, Whole, flowing
from replay.reader import ATTEMPTS, PAGE, Reader
from replay.segment import Told

_MAX_LIMIT = 1_000
_MAX_PAGE_BYTES = 4 * 2**20
_PATIENCE_S = 0.25  # before a file is sent while it is being derived

_log = structlog.get_logger("replay")


@dataclass(frozen=True, slots=True)
class DocumentOverview:
    """``entries`` and ``bytes`` count the updates; ``head_hash`` is that of replay.chain."""

    id: str
    entries: int
    bytes: int
    head_hash: str


@dataclass(frozen=True, slots=True)
class Overview:
    started_at_ms: int | None
    duration_ms: int
    entries: int
    documents: list[DocumentOverview]


class Replay:
    """Of every interview that the journal has. Who may see what is decided by the caller."""

    def __init__(
        self,
        journal: Journal,
        note: Note = NO_NOTE,
        quarantine: Quarantine | None = None,
        cache: Cache | None = None,
    ) -> None:
        self._journal = journal
        self._note = note
        self._quarantine = quarantine
        self._cache = cache or Cache()
        self._chains = Reader(journal, self._chain)
        self._derivations = Reader(journal, self._derivation)
        self._quiet: dict[str, str] = {}  # documents, of their logs, to be derived in the background
        self._arrived = asyncio.Event()

    @property
    def deriving(self) -> int:
        """How many documents are being derived now."""
        return self._derivations.running

    async def text(self, interview_id: str, document_id: str, at_ms: int) -> tuple[int, int | None, dict[str, str]]:
        """(at_ms, entry, files): the texts by root after the document's last entry with a time of at most ``at_ms``.

        Past the end they are the last ones; before the first entry ``entry`` is None. ``source`` is always there.
        Raises RecordingBroken, Damaged.
        """
        try:
            return at_ms, *await self._text(interview_id, document_id, at_ms)
        except RecordingBroken as broken:
            found = await before(self._journal, self._note, broken, interview_id, at_ms) if broken.is_record else None
            if found is None:
                raise
            return at_ms, *found

    async def _text(self, interview_id: str, document_id: str, at_ms: int) -> tuple[int | None, dict[str, str]]:
        self._check(document_id)
        with self._derivations.using(interview_id, document_id) as slot:
            attempt = 0
            while True:
                attempt += 1
                derivation = await self._derivations.read(slot, at_ms)
                try:
                    return await derivation.texts(at_ms)
                except Damaged:
                    slot.forget(derivation)
                    if attempt == ATTEMPTS:
                        raise

    async def entries(
        self, interview_id: str, documents: Sequence[str], *, document: str | None, after: int, limit: int
    ) -> tuple[list[Entry], int | None]:
        """A page of the entries after ``after``, and the ``after`` of the next page or None on the last one.

        Those of ``document``, or else of all of ``documents`` together with the room events. A page has at most
        1,000 entries, and fewer where they are large; what cannot be read begins the next one, which then raises
        RecordingBroken.
        """
        limit = min(limit, _MAX_LIMIT)
        seen = {"", *documents}
        found: list[Entry] = []
        size = 0
        while True:
            damage = None
            try:
                page = await self._journal.entries(interview_id, after=after, limit=PAGE, document=document)
            except Unreadable as error:
                page, damage = error.found, error.damage
            for entry in page:
                if entry.document not in seen:
                    continue
                if len(found) == limit or size > _MAX_PAGE_BYTES:
                    return found, found[-1].entry
                found.append(entry)
                size += len(entry.payload)
            if damage is not None:
                if not found:
                    raise RecordingBroken(document or interview_id, damage.entry)
                return found, found[-1].entry
            if len(page) < PAGE:
                return found, None
            after = page[-1].entry

    async def overview(self, interview_id: str, documents: Sequence[str]) -> Overview:
        """The recordings of these documents, room events included, together."""
        chains = []
        for document in documents:
            with self._chains.using(interview_id, document) as slot:
                chains.append(await self._chains.read(slot))
        return Overview(
            await self._journal.started_at_ms(interview_id),
            max(each.at_ms for each in chains),
            sum(len(each) for each in chains),
            [DocumentOverview(each.document_id, each.updates, each.bytes, each.head.hex()) for each in chains],
        )

    async def file(
        self,
        interview_id: str,
        document_id: str,
        *,
        participants: Sequence[Mapping[str, str]],
        sealed: bool,
        told: Told,
        audience: str = "",
        after: int = 0,
    ) -> Whole | AsyncGenerator[bytes]:
        """One document's recording as the player loads it, or what has come ``after`` an entry.

        It is whole where it is derived already, or in a moment. ``participants`` have id, name, role and color;
        ``audience`` names what ``told`` lets through. Raises RecordingBroken, Damaged.
        """
        self._check(document_id)
        log = await self._journal.open(interview_id)
        head = {
            "interview": interview_id,
            "document": document_id,
            "started_at": None if log.started_at_ms is None else _iso(log.started_at_ms),
            "sealed": sealed,
            "participants": [dict(participant) for participant in participants],
        }
        request = Request(interview_id, document_id, head, told, audience, after)
        covered = ["", document_id] if document_id == interview_id else [document_id]
        entries, duration_ms = await self._journal.last(interview_id, covered)
        with self._derivations.using(interview_id, document_id) as slot, anyio.move_on_after(_PATIENCE_S):
            for attempt in range(ATTEMPTS):
                derivation = await self._derivations.read(slot)
                if after:
                    break
                whole = Whole(self._cache, request)
                try:
                    async with slot.alone():
                        await derivation.settle()
                        await whole.plan(derivation)
                except Damaged:
                    slot.forget(derivation)
                    if attempt == ATTEMPTS - 1:
                        raise
                else:
                    return whole
        return flowing(self._derivations, self._cache, request, entries, duration_ms)

    def derive_soon(self, interview_id: str, document_id: str) -> None:
        """The document is quiet: have all of it in the cache."""
        self._quiet[document_id] = interview_id
        self._arrived.set()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """For as long as the block lasts, derive in the background what is quiet."""
        await self._cache.open()
        try:
            async with task.running(self._run()):
                yield
        finally:
            await self._cache.aclose()

    async def _run(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._quiet:
                document_id, interview_id = self._quiet.popitem()
                try:
                    await self._derive(interview_id, document_id)
                except RecordingBroken:
                    pass  # was logged
                except Exception:  # noqa: BLE001 - whoever asks for it is told
                    _log.exception("not derived", document=document_id)

    async def _derive(self, interview_id: str, document_id: str) -> None:
        self._check(document_id)
        with self._derivations.using(interview_id, document_id) as slot:
            derivation = await self._derivations.read(slot)
            async with slot.alone():
                derivation.close()
                await derivation.settle()
                derivation.release()

    def _check(self, document_id: str) -> None:
        damage = None if self._quarantine is None else self._quarantine.damage(document_id)
        if damage is not None:
            raise RecordingBroken(document_id, damage.entry)

    async def _chain(self, _interview_id: str, document_id: str) -> Chain:
        return Chain(document_id)

    async def _derivation(self, interview_id: str, document_id: str) -> Derivation:
        derivation = Derivation(interview_id, document_id, self._journal, self._cache, self._note)
        await derivation.restore()
        return derivation


def _iso(epoch_ms: int) -> str:
    return datetime.fromtimestamp(epoch_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

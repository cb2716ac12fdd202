"""A room's past as its journal tells it: the state at an instant, the entries, one document's recording as a file."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from itertools import chain, islice
from typing import Any

from collab.journal import Journal
from collab.log import Entry
from collab.note import NO_NOTE, Note
from collab.quarantine import Quarantine
from replay.chain import Chain
from replay.errors import RecordingBroken
from replay.reader import PAGE, Reader
from replay.timeline import Timeline

FORMAT = "panelroom-recording"
VERSION = 1

Told = Callable[[str, dict[str, Any]], dict[str, Any] | None]
"""A room event by kind as whoever asks may read it, None where he may not."""

_MAX_LIMIT = 1_000
_MAX_PAGE_BYTES = 4 * 2**20
_LINES = 500  # of a file, in one chunk


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


@dataclass(frozen=True, slots=True)
class RecordingFile:
    """As docs/recording.md describes it. ``etag`` is the head hash and a digest of what the chain does not cover."""

    etag: str
    chunks: Iterator[bytes]


class Replay:
    """Of every interview that the journal has. Who may see what is decided by the caller."""

    def __init__(self, journal: Journal, note: Note = NO_NOTE, quarantine: Quarantine | None = None) -> None:
        self._journal = journal
        self._quarantine = quarantine
        self._chains = Reader(journal, Chain)
        self._timelines = Reader(journal, partial(Timeline, note=note))

    async def text(self, interview_id: str, document_id: str, at_ms: int) -> tuple[int, int | None, dict[str, str]]:
        """(at_ms, entry, files): the texts by root after the document's last entry with a time of at most ``at_ms``.

        Past the end they are the last ones; before the first entry ``entry`` is None. ``source`` is always there.
        Raises RecordingBroken.
        """
        timeline = await self._timeline(interview_id, document_id, at_ms)
        entry, files = timeline.texts(at_ms)
        return at_ms, entry, files

    async def entries(
        self, interview_id: str, documents: Sequence[str], *, document: str | None, after: int, limit: int
    ) -> tuple[list[Entry], int | None]:
        """A page of the entries after ``after``, and the ``after`` of the next page or None on the last one.

        Those of ``document``, or else of all of ``documents`` together with the room events. A page has at most
        1,000 entries, and fewer where they are large.
        """
        limit = min(limit, _MAX_LIMIT)
        seen = {"", *documents}
        found: list[Entry] = []
        size = 0
        while True:
            page = await self._journal.entries(interview_id, after=after, limit=PAGE, document=document)
            for entry in page:
                if entry.document not in seen:
                    continue
                if len(found) == limit or size > _MAX_PAGE_BYTES:
                    return found, found[-1].entry
                found.append(entry)
                size += len(entry.payload)
            if len(page) < PAGE:
                return found, None
            after = page[-1].entry

    async def overview(self, interview_id: str, documents: Sequence[str]) -> Overview:
        """The recordings of these documents, room events included, together."""
        chains = [await self._chains.read(interview_id, document) for document in documents]
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
    ) -> RecordingFile:
        """One document's recording as the player loads it. ``participants`` have id, name, role and color.

        The ETag does not depend on ``told``.

        Raises RecordingBroken.
        """
        started_at_ms = await self._journal.started_at_ms(interview_id)
        timeline = await self._timeline(interview_id, document_id)
        head_hash = timeline.chain.head.hex()
        header = {
            "format": FORMAT,
            "version": VERSION,
            "interview": interview_id,
            "document": document_id,
            "sealed": sealed,
            "started_at": None if started_at_ms is None else _iso(started_at_ms),
            "duration_ms": timeline.at_ms,
            "entries": timeline.chain.last_entry,
            "head_hash": head_hash,
            "participants": [dict(participant) for participant in participants],
            "files": timeline.files(),
            "roots": list(timeline.histories),
        }
        text = json.dumps(header, ensure_ascii=False, separators=(",", ":"))
        return RecordingFile(
            f"{head_hash}-{sha256(text.encode()).hexdigest()[:16]}", _chunks(text, header, timeline, told)
        )

    async def _timeline(self, interview_id: str, document_id: str, at_ms: int | None = None) -> Timeline:
        if self._quarantine is not None and self._quarantine.closes(document_id):
            raise RecordingBroken(document_id, 0)
        timeline = await self._timelines.read(interview_id, document_id, at_ms)
        timeline.verify()
        return timeline


def _iso(epoch_ms: int) -> str:
    return datetime.fromtimestamp(epoch_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _chunks(head: str, header: Mapping[str, Any], timeline: Timeline, told: Told) -> Iterator[bytes]:
    """Of the timeline as it is now; it may go on while the file is being sent."""
    people = {participant["id"]: index for index, participant in enumerate(header["participants"])}
    roots = {root: index for index, root in enumerate(header["roots"])}
    operations = (
        (entry, at_ms, people.get(delivered_by, -1), roots[root], position, deleted, inserted)
        for entry, at_ms, delivered_by, root, position, deleted, inserted in timeline.operations()
    )
    events = [
        (event.entry, event.at_ms, event.kind, shown)
        for event in timeline.events
        if (shown := told(event.kind, json.loads(event.payload))) is not None
    ]
    return chain(_array(head[:-1] + ',"operations":[', operations), _array('],"events":[', iter(events)), (b"]}",))


def _array(before: str, items: Iterator[Any]) -> Iterator[bytes]:
    while lines := list(islice(items, _LINES)):
        yield (before + json.dumps(lines, ensure_ascii=False, separators=(",", ":"))[1:-1]).encode()
        before = ","
    if before != ",":
        yield before.encode()

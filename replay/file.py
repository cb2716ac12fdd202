"""One document's recording as the player loads it: docs/recording.md."""

import json
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from replay.cache import Cache, Damaged
from replay.codec import BROKEN, END, HEAD, MAGIC, VERSION, json_block, proof
from replay.derivation import Derivation
from replay.errors import RecordingBroken
from replay.reader import ATTEMPTS, Reader, Slot
from replay.segment import Segment, Stored, Told, event_block


@dataclass(frozen=True, slots=True)
class Request:
    """``head`` is the file's without what the derivation knows; ``audience`` names what ``told`` lets through."""

    log_id: str
    document_id: str
    head: Mapping[str, Any]
    told: Told
    audience: str
    after: int

    def begin(self, entries: int, duration_ms: int) -> bytes:
        head = {**self.head, "after": self.after, "entries": entries, "duration_ms": duration_ms}
        return MAGIC + json_block(HEAD, head)

    def blocks(self, stored: Stored) -> bytes:
        """What a file has of a segment."""
        blocks = stored.blocks if stored.first > self.after else Segment.read(stored).blocks(self.after)
        return blocks + event_block(stored.events, self.told, self.after)


class Ending:
    """The open segment and what comes after it, as they are at the call."""

    def __init__(self, request: Request, derivation: Derivation) -> None:
        """Raises RecordingBroken."""
        state = derivation.verify()
        self.segments = len(derivation.segments)  # in the cache
        self.head_hash = derivation.chain.head.hex()
        self._request = request
        self._entry = derivation.chain.last_entry
        self._tail = derivation.tail.stored(proof(state)) if derivation.tail.entries else None
        self._roots = list(derivation.roots)
        self._writers = list(derivation.writers)
        self._files: list[list[Any]] = []
        self._proofs: list[tuple[int, int, str]] = []

    def add(self, last: int, last_ms: int, proof: str, files: str) -> None:
        """Name the next segment's proof, and the files when they changed in it."""
        if last > self._request.after:
            self._proofs.append((last, last_ms, proof))
            self._files += [row for row in json.loads(files) if row[0] > self._request.after]

    def read(self) -> tuple[bytes, bytes]:
        """The blocks of the open segment, and the last one."""
        tail, blocks = self._tail, b""
        if tail is not None:
            self.add(tail.last, tail.last_ms, tail.proof, tail.files)
            blocks = self._request.blocks(tail)
        end = {
            "entry": self._entry,
            "head_hash": self.head_hash,
            "roots": self._roots,
            "writers": self._writers,
            "files": self._files,
            "proofs": self._proofs,
        }
        return blocks, json_block(END, end)


class Whole:
    """A file that is derived: its size is known, and any part of it can be read."""

    def __init__(self, cache: Cache, request: Request) -> None:
        self.etag = ""
        self._cache = cache
        self._request = request
        self._sizes: list[int] = []  # of the segments in the cache
        self._head = self._rest = b""

    async def plan(self, derivation: Derivation) -> None:
        """Of what it is at the call; nobody may go on with it meanwhile. Raises RecordingBroken, Damaged."""
        request = self._request
        self._head = request.begin(derivation.chain.last_entry, derivation.at_ms)
        ending = Ending(request, derivation)
        async for outline in self._cache.outlines(request.document_id, 0, ending.segments):
            ending.add(outline.last, outline.last_ms, outline.proof, outline.files)
            self._sizes.append(outline.size + len(event_block(outline.events, request.told)))
        tail, end = ending.read()
        self._rest = tail + end
        sizes = [*self._sizes, len(tail)] if tail else self._sizes  # what is derived anew may be divided otherwise
        digest = sha256(self._head + f"{request.audience} {sizes}".encode()).hexdigest()
        self.etag = f"{VERSION}-{ending.head_hash}-{digest[:16]}"

    @property
    def size(self) -> int:
        return len(self._head) + sum(self._sizes) + len(self._rest)

    async def chunks(self, first: int = 0, end: int | None = None) -> AsyncGenerator[bytes]:
        """The bytes from ``first`` on, before ``end``. Raises Damaged in the middle."""
        end = self.size if end is None else end
        at = 0
        for number, size in enumerate((len(self._head), *self._sizes, len(self._rest))):
            if at < end and at + size > first:
                part = await self._part(number, size)
                yield part[max(0, first - at) : end - at]
            at += size

    async def _part(self, number: int, size: int) -> bytes:
        if not number:
            return self._head
        if number > len(self._sizes):
            return self._rest
        part = self._request.blocks(await self._cache.segment(self._request.document_id, number - 1))
        if len(part) != size:
            raise Damaged("the segment is another one")
        return part


async def flowing(
    reader: Reader[Derivation], cache: Cache, request: Request, entries: int, duration_ms: int
) -> AsyncGenerator[bytes]:
    """A file as it is being derived, with everything up to the entry ``entries`` and maybe more.

    Without its last block where something of the cache was damaged after some of it was sent.
    """
    yield request.begin(entries, duration_ms)
    is_begun = False
    try:
        with reader.using(request.log_id, request.document_id) as slot:
            for _ in range(ATTEMPTS):
                try:
                    async for part in _parts(reader, cache, request, slot, entries):
                        if part:
                            is_begun = True
                            yield part
                except Damaged:
                    if not is_begun:
                        continue
                return
    except RecordingBroken as error:
        yield json_block(BROKEN, {"entry": error.entry, "problem": str(error)})


async def _parts(
    reader: Reader[Derivation], cache: Cache, request: Request, slot: Slot[Derivation], entries: int
) -> AsyncGenerator[bytes]:
    """Raises RecordingBroken, Damaged."""
    derivation, is_last = await reader.step(slot)
    first = number = max(0, derivation.segments.after(request.after) - 1)
    try:
        while True:
            while number < len(derivation.segments):
                yield request.blocks(await derivation.stored(number))
                number += 1
            if not is_last and derivation.entry < entries:
                extended, is_last = await reader.step(slot)
                if extended is not derivation:
                    raise Damaged("what was sent is derived anew")
                continue
            async with slot.alone():
                await derivation.settle()
                if number < len(derivation.segments):
                    continue
                ending = Ending(request, derivation)
                async for outline in cache.outlines(request.document_id, first, ending.segments):
                    ending.add(outline.last, outline.last_ms, outline.proof, outline.files)
            yield b"".join(ending.read())
            return
    except Damaged:
        slot.forget(derivation)
        raise

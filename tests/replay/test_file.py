"""Files of random histories, whole and in parts, against the CRDT: by a decoder that knows only the documentation."""

import asyncio
import json
from contextlib import aclosing
from itertools import islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collab.log import Entry
from replay import recording, segment
from replay.cache import Cache
from replay.errors import RecordingBroken
from replay.file import Whole
from replay.recording import Replay
from tests.replay.decoder import File, decode
from tests.replay.record import INTERVIEW, NOTES, Listed, Recorded, everything, whole
from tests.replay.test_histories import logs, prefixes
from tests.replay.trace import entries, load, updates

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("small_segments")]


@st.composite
def rooms(draw: st.DrawFn) -> list[Entry]:
    """A random history with what else a log has: bindings, selections, events, and the notes."""
    log: list[Entry] = []

    def add(at_ms: int, document: str, by: str, kind: str, payload: bytes) -> None:
        log.append(Entry(INTERVIEW, len(log) + 1, at_ms, document, by, kind, payload))

    add(0, INTERVIEW, "ada", "author", b'{"client": 1, "boot": "x", "reach": 9}')
    for entry in draw(logs(12, 30)):
        match draw(st.integers(0, 7)):
            case 0:
                add(entry.at_ms, "", "p0", "chat", b'{"text": "\xc3\xa4", "to": "all"}')
            case 1:
                places = {"root": "source", "anchor": draw(st.integers(0, 20)), "head": draw(st.integers(0, 20))}
                add(entry.at_ms, INTERVIEW, "p1", "selection", json.dumps(places).encode())
            case 2:
                add(entry.at_ms, NOTES, "p2", "update", b"not for this document")
        add(entry.at_ms, INTERVIEW, entry.delivered_by, entry.kind, entry.payload)
    return log


async def read(replay: Replay, after: int = 0) -> File:
    made = await replay.file(INTERVIEW, INTERVIEW, participants=[], sealed=False, told=everything, after=after)
    data = await whole(made)
    if isinstance(made, Whole):
        assert len(data) == made.size
    return decode(data)


def of_code(log: list[Entry]) -> list[Entry]:
    return [entry for entry in log if entry.document == INTERVIEW and entry.kind == "update"]


@settings(max_examples=25, deadline=None)
@given(rooms(), st.data())
def test_whatever_is_known_a_tail_makes_it_whole(log: list[Entry], data: st.DataObject) -> None:
    """B5: also while the room goes on; the texts are the CRDT's after every entry, and every proof holds."""

    async def story() -> None:
        async with aclosing(Cache()) as cache, aclosing(Cache()) as other:
            live = Listed(log[: data.draw(st.integers(0, len(log)))])
            replay = live.replay(cache)
            known = await read(replay)
            while len(live.log) < len(log):
                live.log += log[len(live.log) : len(live.log) + data.draw(st.integers(1, 9))]
                if data.draw(st.booleans()):
                    await replay._derive(INTERVIEW, INTERVIEW)
                known.append(await read(replay, known.end["entry"]))
            full = await read(Listed(log).replay(other))
            known.head["duration_ms"] = full.head["duration_ms"]
            assert (known.operations, known.selections, known.events) == (
                full.operations,
                full.selections,
                full.events,
            )
            assert {key: known.end[key] for key in full.end if key != "proofs"} == {
                key: full.end[key] for key in full.end if key != "proofs"
            }
            for file in (known, full):
                file.check_proofs()
            texts: dict[str, bytes] = {}
            after = 0
            for entry, wanted in prefixes(of_code(log)):
                full.walk(texts, entry.entry, after=after)
                after = entry.entry
                assert {root: text.decode("utf-16-le") for root, text in texts.items() if text} == {
                    root: text for root, text in wanted.items() if text
                }
            for cut in range(0, len(log) + 2, 7):
                tail = await read(replay, cut)
                assert tail.operations == [row for row in full.operations if row[0] > cut]
                assert tail.selections == [row for row in full.selections if row[0] > cut]
                assert tail.events == [row for row in full.events if row[0] > cut]
                assert all(proof[0] > cut for proof in tail.end["proofs"])

    asyncio.run(story())


async def test_a_file_comes_while_it_is_derived_and_the_room_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """And whoever goes away takes nothing from the others."""
    monkeypatch.setattr(recording, "_PATIENCE_S", 0)
    monkeypatch.setattr(segment, "_LEAST", 64)
    log = entries(islice(updates(load("friendsforever")), 3_000))
    live = Listed(log[:2_000])
    async with aclosing(Cache()) as cache:
        replay = live.replay(cache)

        async def ask() -> Any:
            made = await replay.file(INTERVIEW, INTERVIEW, participants=[], sealed=False, told=everything)
            assert not isinstance(made, Whole)
            return made

        first, second = await ask(), await ask()
        data = await anext(first) + await anext(first)
        assert decode_head(data)["entries"] == 2_000
        await anext(second)
        await anext(second)
        follower = replay._derivations._slots[INTERVIEW].follower
        assert follower is not None
        assert follower.entry < 2_000, "its first blocks are sent already"
        live.log += log[2_000:]
        await second.aclose()
        async for chunk in first:
            data += chunk
        file = decode(data)
        assert file.end["entry"] >= 2_000
        file.check_proofs()
        file.append(
            decode(
                await whole(
                    await replay.file(
                        INTERVIEW, INTERVIEW, participants=[], sealed=False, told=everything, after=file.end["entry"]
                    )
                )
            )
        )
        assert file.end["entry"] == 3_000
        assert file.texts() == (await replay.text(INTERVIEW, INTERVIEW, 2**53))[2]
        monkeypatch.setattr(recording, "_PATIENCE_S", 60)
        assert (await read(replay)).operations == file.operations


async def test_a_file_begins_the_same_whether_it_is_derived_or_not(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the last entry of the room is another document's."""
    await recorded.type("code")
    await recorded.tell("chat", text="x", to="all")
    await recorded.type("more code", after_ms=500)
    await recorded.type("notes", NOTES, after_ms=1000)
    replay = recorded.replay()
    for document, last, duration_ms in ((INTERVIEW, 4, 600), (NOTES, 5, 1600), ("i.other", 0, 0)):
        heads = []
        for patience_s, after in ((0, 0), (60, 0), (60, 1)):
            monkeypatch.setattr(recording, "_PATIENCE_S", patience_s)
            made = await replay.file(INTERVIEW, document, participants=[], sealed=False, told=everything, after=after)
            assert isinstance(made, Whole) is (patience_s > 0 and not after)
            heads.append(decode_head(await whole(made)) | {"after": 0})
        assert heads[0] == heads[1] == heads[2]
        assert (heads[0]["entries"], heads[0]["duration_ms"]) == (last, duration_ms)


def decode_head(data: bytes) -> dict[str, Any]:
    head: dict[str, Any] = json.loads(data[16 : 16 + int.from_bytes(data[12:16], "little")])
    return head


async def test_a_file_that_turns_out_broken_says_so(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    replay = recorded.replay()
    for _ in range(300):
        await recorded.type("a")
    recorded.queue(b"\x01garbage")
    await recorded.journal.flush()
    monkeypatch.setattr(recording, "_PATIENCE_S", 0)
    made = await replay.file(INTERVIEW, INTERVIEW, participants=[], sealed=False, told=everything)
    file = decode(await whole(made))
    assert file.broken is not None
    assert file.broken["entry"] == 302
    assert b"oper" in file.blocks
    monkeypatch.setattr(recording, "_PATIENCE_S", 60)
    with pytest.raises(RecordingBroken):
        await replay.file(INTERVIEW, INTERVIEW, participants=[], sealed=False, told=everything)


async def test_every_part_of_a_file_is_that_of_the_whole(recorded: Recorded) -> None:
    replay = recorded.replay()
    for index in range(10):
        await recorded.type("ä😀"[index % 2])
        await recorded.tell("chat", text="x" * index, to="all")
    made = await replay.file(INTERVIEW, INTERVIEW, participants=[], sealed=False, told=everything)
    assert isinstance(made, Whole)
    data = await whole(made)
    for first in range(0, len(data), 37):
        for end in (first + 1, first + 100, len(data)):
            assert b"".join([chunk async for chunk in made.chunks(first, min(end, len(data)))]) == data[first:end]

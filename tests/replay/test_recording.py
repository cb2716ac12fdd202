from hashlib import sha256
from itertools import islice

import anyio
import pytest
from anyio import create_task_group, move_on_after
from anyio.lowlevel import checkpoint

from collab.log import Entry
from collab.note import Note, Noted
from collab.quarantine import Quarantine
from collab.registry import Registry
from replay import reader, recording, segment
from replay.derivation import Derivation
from replay.errors import RecordingBroken
from replay.file import Whole
from replay.recording import Replay
from tests.replay.decoder import File, decode
from tests.replay.record import INTERVIEW, NOTES, Recorded, everything, whole
from tests.replay.trace import load, updates

pytestmark = pytest.mark.anyio

BOTH = [INTERVIEW, NOTES]
PEOPLE = [
    {"id": "p", "name": "Ada 😀", "role": "candidate", "color": "#111111"},
    {"id": "q", "name": "Grace", "role": "interviewer", "color": "#222222"},
]


async def test_the_text_at_an_instant(recorded: Recorded) -> None:
    replay = recorded.replay()
    assert await replay.text(INTERVIEW, INTERVIEW, 0) == (0, None, {"source": ""})
    await recorded.type("b😀\r\n")  # entry 2 at 100
    await recorded.type("secret", NOTES)  # entry 3 at 200
    await recorded.type("a", by="q")  # entry 4 at 300
    assert await replay.text(INTERVIEW, INTERVIEW, 99) == (99, None, {"source": ""})
    assert await replay.text(INTERVIEW, INTERVIEW, 100) == (100, 2, {"source": "b😀\r\n"})
    assert await replay.text(INTERVIEW, INTERVIEW, 299) == (299, 2, {"source": "b😀\r\n"})
    assert await replay.text(INTERVIEW, INTERVIEW, 10**9) == (10**9, 4, {"source": "ab😀\r\n"})
    assert await replay.text(INTERVIEW, NOTES, 10**9) == (10**9, 3, {"source": "secret"})


async def test_a_live_room_goes_on(recorded: Recorded) -> None:
    replay = recorded.replay()
    for index in range(5):
        await recorded.type("x", after_ms=index % 2 * 10)  # also twice at one time
        now = recorded.clock.at_ms - recorded.log.started_at_ms if recorded.log.started_at_ms else 0
        assert await replay.text(INTERVIEW, INTERVIEW, now) == (now, index + 2, {"source": "x" * (index + 1)})


async def test_entries_come_in_pages(recorded: Recorded) -> None:
    replay = recorded.replay()
    made = [await recorded.type(str(index), NOTES if index % 3 == 0 else INTERVIEW) for index in range(10)]
    await recorded.tell("interview.finished", by={"id": "q"})

    async def pages(documents: list[str], document: str | None, limit: int) -> list[Entry]:
        found: list[Entry] = []
        after: int | None = 0
        while after is not None:
            page, after = await replay.entries(INTERVIEW, documents, document=document, after=after, limit=limit)
            assert len(page) == limit if after is not None else len(page) <= limit
            found += page
        return found

    for limit in (1, 2, 3, 7, 1000, 10**9):
        everything = await pages(BOTH, None, limit)
        assert [entry.entry for entry in everything] == list(range(1, 13))
        assert [entry.payload for entry in everything if entry.kind == "update"] == made
        notes = await pages(BOTH, NOTES, limit)
        assert [entry.payload for entry in notes] == made[::3]
        without = await pages([INTERVIEW], None, limit)
        assert without == [entry for entry in everything if entry.document != NOTES]
        assert await pages(BOTH, INTERVIEW, limit) == [entry for entry in everything if entry.document == INTERVIEW]


async def test_the_last_page_has_no_next_even_where_hidden_entries_follow(recorded: Recorded) -> None:
    await recorded.type("seen")
    await recorded.type("hidden", NOTES)
    found, after = await recorded.replay().entries(INTERVIEW, [INTERVIEW], document=None, after=0, limit=2)
    assert ([entry.entry for entry in found], after) == ([1, 2], None)


async def test_a_page_is_bounded(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        await recorded.type("x" * 1000)
    monkeypatch.setattr(recording, "_MAX_PAGE_BYTES", 1500)
    found, after = await recorded.replay().entries(INTERVIEW, BOTH, document=INTERVIEW, after=0, limit=1000)
    assert ([entry.entry for entry in found], after) == ([2, 3], 3)
    monkeypatch.undo()
    for _ in range(1100):
        recorded.queue(b"\x00\x00")
    await recorded.journal.flush()
    found, after = await recorded.replay().entries(INTERVIEW, BOTH, document=None, after=0, limit=5000)
    assert (len(found), after) == (1000, 1000)


async def test_the_overview(recorded: Recorded) -> None:
    replay = recorded.replay()
    first = await recorded.type("b")
    await recorded.type("secret", NOTES)
    second = await recorded.type("a")
    seen = await replay.overview(INTERVIEW, [INTERVIEW])
    assert (seen.started_at_ms, seen.duration_ms, seen.entries) == (recorded.log.started_at_ms, 300, 3)
    assert [(each.id, each.entries, each.bytes) for each in seen.documents] == [
        (INTERVIEW, 2, len(first) + len(second)),
    ]
    everything = await replay.overview(INTERVIEW, BOTH)
    assert (everything.entries, [each.id for each in everything.documents]) == (4, BOTH)
    assert everything.documents[0] == seen.documents[0]
    await recorded.tell("interview.finished")
    after = await replay.overview(INTERVIEW, BOTH)
    assert after.entries == 5
    assert after.documents[0].head_hash != seen.documents[0].head_hash
    assert after.documents[1] == everything.documents[1]


async def _read(replay: Replay, document: str = INTERVIEW, *, sealed: bool = False) -> tuple[str, File]:
    made = await replay.file(INTERVIEW, document, participants=PEOPLE, sealed=sealed, told=everything)
    assert isinstance(made, Whole)
    data = await whole(made)
    assert len(data) == made.size
    return made.etag, decode(data)


async def test_the_file(recorded: Recorded) -> None:
    replay = recorded.replay()
    await recorded.type("b😀", by="p")
    await recorded.tell("participant.joined", participant=PEOPLE[1])
    await recorded.type("a", by="q")
    await recorded.type("c", by="")
    etag, file = await _read(replay)
    head = (await replay.overview(INTERVIEW, [INTERVIEW])).documents[0].head_hash
    assert etag.startswith(f"2-{head}-")
    assert file.head == {
        "interview": INTERVIEW,
        "document": INTERVIEW,
        "after": 0,
        "entries": 5,
        "started_at": "2027-01-15T08:00:00.000Z",
        "duration_ms": 300,
        "sealed": False,
        "participants": PEOPLE,
    }
    assert file.operations == [
        (2, 100, "p", "source", 0, 0, "b😀"),
        (4, 200, "q", "source", 0, 0, "a"),
        (5, 300, None, "source", 0, 0, "c"),
    ]
    assert file.selections == []
    assert file.events == [
        [1, 0, "participant.entered", {"id": "p"}],
        [3, 100, "participant.joined", {"participant": PEOPLE[1]}],
    ]
    text = "cab😀".encode()
    state = b"\x06\0\0\0source" + len(text).to_bytes(4, "little") + text
    assert file.end == {
        "entry": 5,
        "head_hash": head,
        "roots": ["source"],
        "writers": ["p", "q"],
        "files": [],
        "proofs": [[5, 300, sha256(state).hexdigest()]],
    }
    assert file.blocks == [b"head", b"oper", b"evnt", b"end "]


async def test_the_notes_file_has_nothing_of_the_code_and_its_events(recorded: Recorded) -> None:
    replay = recorded.replay()
    await recorded.type("code")
    await recorded.type("notes", NOTES, "q")
    _, file = await _read(replay, NOTES)
    assert (file.operations, file.events) == ([(3, 200, "q", "source", 0, 0, "notes")], [])
    _, file = await _read(replay)
    assert "notes" not in str(file)


async def test_the_etag_changes_with_the_file_and_not_without(recorded: Recorded) -> None:
    replay = recorded.replay()
    await recorded.type("a")
    etag, _ = await _read(replay)
    assert await _read(recorded.replay()) == await _read(replay)
    await recorded.type("notes", NOTES)
    assert (await _read(replay))[0] == etag
    assert (await _read(replay, sealed=True))[0] != etag
    await replay._derive(INTERVIEW, INTERVIEW)
    assert (await _read(replay))[0] == etag
    await recorded.tell("participant.left", id="p")
    assert (await _read(replay))[0] != etag


async def test_a_file_is_of_one_moment_and_streams(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segment, "_LEAST", 3)
    replay = recorded.replay()
    await recorded.type("a")
    empty = await replay.file(INTERVIEW, NOTES, participants=[], sealed=False, told=everything)
    assert decode(await whole(empty)).operations == []
    made = await replay.file(INTERVIEW, INTERVIEW, participants=[], sealed=False, told=everything)
    await recorded.type("b")
    await replay.text(INTERVIEW, INTERVIEW, 10**9)
    file = decode(await whole(made))
    assert (len(file.operations), file.end["entry"], file.head["duration_ms"]) == (1, 2, 100)
    for _ in range(6):
        await recorded.type("c", after_ms=0)
    made = await replay.file(INTERVIEW, INTERVIEW, participants=[], sealed=False, told=everything)
    assert isinstance(made, Whole)
    chunks = [chunk async for chunk in made.chunks()]
    assert len(chunks) == 4  # the head, two segments, and the open one with the end
    file = decode(b"".join(chunks))
    assert len(file.operations) == 8
    assert file.blocks == [b"head", b"oper", b"evnt", b"oper", b"oper", b"end "]
    file.check_proofs()


async def test_many_ask_and_one_derives_without_holding_up_the_loop(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = load("friendsforever")
    payloads = list(islice(updates(trace), 2000))
    for payload in payloads:
        recorded.queue(payload)
    await recorded.journal.flush()
    taken: list[int] = []
    take = Derivation.take

    def counted(self: Derivation, entry: Entry) -> None:
        taken.append(entry.entry)
        take(self, entry)

    monkeypatch.setattr(Derivation, "take", counted)
    monkeypatch.setattr(reader, "SLICE_S", 0.0)
    replay = recorded.replay()
    turns = 0

    async def ask() -> None:
        await replay.text(INTERVIEW, INTERVIEW, 10**9)

    with move_on_after(60):
        async with create_task_group() as asking:
            asking.start_soon(ask)
            with anyio.CancelScope() as hung_up:  # who hangs up leaves what is done to the others
                async with create_task_group() as first:
                    first.start_soon(ask)
                    while len(taken) < 100:
                        await checkpoint()
                    hung_up.cancel()
            for _ in range(5):
                asking.start_soon(ask)
            while len(taken) < len(payloads) + 1:
                turns += 1
                await checkpoint()
    assert taken == list(range(1, len(payloads) + 2))
    assert turns > 1000


async def test_what_is_broken_stays_broken_and_harms_nobody_else(recorded: Recorded) -> None:
    replay = recorded.replay()
    await recorded.type("fine", NOTES)
    await recorded.type("a")
    recorded.queue(b"\x01garbage")
    await recorded.journal.flush()
    for _ in range(2):
        with pytest.raises(RecordingBroken, match="entry 4"):
            await replay.text(INTERVIEW, INTERVIEW, 10**9)
    assert (await replay.text(INTERVIEW, NOTES, 10**9))[2] == {"source": "fine"}
    found, _ = await replay.entries(INTERVIEW, BOTH, document=None, after=0, limit=10)
    assert len(found) == 4
    assert (await replay.overview(INTERVIEW, BOTH)).entries == 4


async def test_the_least_recently_used_leave(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_MAX_ENTRIES", 2 * reader._LEAST_ENTRIES)
    replay = recorded.replay()
    for document in ("i", "i.notes", "i", "x"):
        await replay.text(INTERVIEW, document, 10**9)
    assert list(replay._derivations._slots) == ["i", "x"]


async def test_a_document_that_has_ended_a_process_is_not_replayed_again(recorded: Recorded) -> None:
    """And what is being replayed is noted, should it be the first time."""
    await recorded.start()
    await recorded.type("x")
    written: list[tuple[str, int]] = []

    class Noting(Note):
        def write(self, document: str, participant: str, entry: int, update: bytes) -> None:
            written.append((document, entry))

    quarantine = Quarantine(recorded.journal.database, recorded.journal.clock)
    replay = recorded.replay(note=Noting(), quarantine=quarantine)
    await replay.text(INTERVIEW, INTERVIEW, 0)
    assert written
    assert {document for document, _ in written} == {INTERVIEW}
    poison = written[0][1]
    await quarantine.add(Noted(INTERVIEW, "", poison, b"\x00\x00", 2), "signal 11")
    written.clear()
    (entry,) = await recorded.journal.entries(INTERVIEW, after=poison - 1, limit=1)
    for at_ms in (entry.at_ms, entry.at_ms + 10, 2**40):
        with pytest.raises(RecordingBroken) as broken:
            await replay.text(INTERVIEW, INTERVIEW, at_ms)
        assert broken.value.entry == poison
    assert (await replay.text(INTERVIEW, INTERVIEW, entry.at_ms - 1))[2] == {"source": ""}  # what was before is there
    assert [each for each in written if each[1] >= poison] == []


async def test_what_becomes_quiet_is_derived_one_after_the_other(recorded: Recorded) -> None:
    """What is broken or unknown stops nothing; what comes back goes on."""
    replay = recorded.replay()
    await recorded.type("fine", NOTES)
    recorded.queue(b"\x01garbage")
    await recorded.journal.flush()

    async def quiet(document: str, entry: int) -> Derivation:
        replay.derive_soon(INTERVIEW, document)
        with anyio.fail_after(60):
            while True:
                await checkpoint()
                slot = replay._derivations._slots.get(document)
                if slot and slot.follower and slot.follower.entry == entry and not slot.follower.tail.entries:
                    return slot.follower

    async with replay.running():
        replay.derive_soon(INTERVIEW, INTERVIEW)
        derived = await quiet(NOTES, 2)
        assert len(derived.segments) == 1
        await recorded.type("more ", NOTES)
        assert (await quiet(NOTES, 4)) is derived
        assert len(derived.segments) == 2
        assert (await replay.text(INTERVIEW, NOTES, 10**9))[2] == {"source": "more fine"}
        assert derived.weight == 0
        with pytest.raises(RecordingBroken):
            await replay.text(INTERVIEW, INTERVIEW, 10**9)


async def test_an_evicted_document_is_quiet(recorded: Recorded) -> None:
    registry = Registry(recorded.journal, idle_s=0, tick_s=0.001)
    told: list[tuple[str, str]] = []
    registry.on_quiet = lambda log_id, document_id: told.append((log_id, document_id))
    async with registry.running():
        await registry.open(INTERVIEW, NOTES)
        with anyio.fail_after(60):
            while not told:
                await checkpoint()
    assert told == [(INTERVIEW, NOTES)]

"""A cache that is damaged while it is in use, and a record that turns out broken: what is answered is right, or it is
said that it is not.
"""

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint
from pycrdt import Doc, Map, Text
from structlog.testing import capture_logs

from collab.log import Entry
from replay import cache as cache_module
from replay import recording
from replay.cache import Cache, Damaged
from replay.errors import RecordingBroken
from replay.file import Whole
from replay.recording import Replay
from tests.replay.decoder import File, decode
from tests.replay.record import INTERVIEW, Listed, Recorded, everything, whole

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("small_segments")]

ONE = "WHERE number = 7"
DAMAGES = {
    "all is gone": "DELETE FROM segment",
    "the first is gone": "DELETE FROM segment WHERE number = 0",
    "one is gone": f"DELETE FROM segment {ONE}",
    "the last is gone": "DELETE FROM segment WHERE number = (SELECT max(number) FROM segment)",
    "the table is gone": "DROP TABLE segment",
    "another number": f"UPDATE segment SET number = 1007 {ONE}",
    "another proof": f"UPDATE segment SET proof = '00' || substr(proof, 3) {ONE}",
    "another time": f"UPDATE segment SET last_ms = last_ms + 10 {ONE}",
    "other files": f"UPDATE segment SET files = '[]' {ONE}",
    "other events": f"UPDATE segment SET events = '[]' {ONE}",
    "other operations": f"UPDATE segment SET blocks = zeroblob(length(blocks)) {ONE}",
    "no operations": f"UPDATE segment SET blocks = x'' {ONE}",
    "another text": f"UPDATE segment SET state = x'00' {ONE}",
}


def history() -> list[Entry]:
    """Typing, chat, and a map of files that changes again and again."""
    doc: Doc[Any] = Doc(client_id=1)
    log: list[Entry] = []
    doc.observe(
        lambda event: log.append(Entry(INTERVIEW, len(log) + 1, len(log) * 10, INTERVIEW, "p", "update", event.update))
    )
    for index in range(60):
        doc.get("source", type=Text).insert(0, "ä😀\r\na"[index % 5])
        if not index % 2:
            files: Any = doc.get("files", type=Map)
            files["source"] = {"name": f"{index}.py", "language": "python"}
            log.append(Entry(INTERVIEW, len(log) + 1, len(log) * 10, "", "p", "chat", b'{"to": "all", "text": "x"}'))
    return log


LOG = history()


def kinds(data: bytes) -> list[bytes]:
    """Of the blocks of a file."""
    found, at = [], 8
    while at < len(data):
        found.append(data[at : at + 4])
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + length + -length % 4
    return found


@dataclass
class Watched:
    replay: Replay
    cache: Cache
    expected: File

    async def ask(self, after: int = 0) -> File | None:
        """None where it says that it is not whole."""
        made = await self.replay.file(INTERVIEW, INTERVIEW, participants=[], sealed=False, told=everything, after=after)
        try:
            data = await whole(made)
        except Damaged:
            assert isinstance(made, Whole), "its length was said"
            return None
        return decode(data) if b"end " in kinds(data) else None

    async def is_right(self, after: int = 0) -> None:
        self.compare(await self.ask(after), after)

    def compare(self, file: File | None, after: int = 0) -> None:
        assert file is not None
        assert file.operations == [row for row in self.expected.operations if row[0] > after]
        assert file.events == [row for row in self.expected.events if row[0] > after]
        assert file.end["files"] == [row for row in self.expected.end["files"] if row[0] > after]
        if not after:
            file.check_proofs()
            assert file.end["proofs"][-1] == self.expected.end["proofs"][-1]


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncIterator[Watched]:
    async with aclosing(Cache(tmp_path / "cache.db")) as cache:
        replay = Listed(LOG).replay(cache)
        await replay._derive(INTERVIEW, INTERVIEW)
        made = Watched(replay, cache, File())
        found = await made.ask()
        assert found is not None
        made.expected = found
        assert len(found.end["proofs"]) > 12
        yield made


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("first", ["file", "poll", "text"])
async def test_damage_under_way_changes_no_answer(watched: Watched, first: str, damage: str) -> None:
    assert watched.cache._opened is not None
    before = watched.expected.end["proofs"][6][0]  # segment 7 comes next
    last_ms = LOG[-1].at_ms
    texts = (await watched.replay.text(INTERVIEW, INTERVIEW, last_ms))[2]
    await watched.cache._opened.execute_fetchall(DAMAGES[damage])
    match first:
        case "file":
            if (found := await watched.ask()) is not None:
                watched.compare(found)
            else:
                assert damage in {"other operations", "another text"}, "found before anything was sent"
        case "poll":
            if (found := await watched.ask(before)) is not None:
                watched.compare(found, before)
            else:
                assert damage == "the last is gone"
        case _:
            for at_ms in range(0, last_ms + 10, 10):
                entry = max(each.entry for each in LOG if each.at_ms <= at_ms)
                found_text = (await watched.replay.text(INTERVIEW, INTERVIEW, at_ms))[2]["source"]
                assert found_text == watched.expected.texts(entry).get("source", "")
    await watched.is_right(before)
    await watched.is_right()
    await watched.is_right(LOG[-1].entry)
    assert (await watched.replay.text(INTERVIEW, INTERVIEW, last_ms))[2] == texts


async def test_damage_after_the_first_block_ends_the_file(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is read from a socket: without its last block, so that whoever reads it says so."""
    monkeypatch.setattr(recording, "_PATIENCE_S", 0)
    made = await watched.replay.file(INTERVIEW, INTERVIEW, participants=[], sealed=False, told=everything)
    assert not isinstance(made, Whole)
    data = await anext(made) + await anext(made)
    assert watched.cache._opened is not None
    await watched.cache._opened.execute_fetchall("DELETE FROM segment")
    data += b"".join([chunk async for chunk in made])
    assert {b"head", b"oper"} <= {*kinds(data)} <= {b"head", b"oper", b"evnt"}
    monkeypatch.setattr(recording, "_PATIENCE_S", 60)
    await watched.is_right()


async def test_what_nobody_can_keep_is_given_up(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not tried for ever."""

    async def fail(*_: Any) -> None:
        raise Damaged("again")

    monkeypatch.setattr(watched.cache, "put", fail)
    await watched.cache.damage(INTERVIEW, "for a test")
    with anyio.fail_after(60):
        for _ in range(2):
            with pytest.raises(Damaged):
                await watched.replay.text(INTERVIEW, INTERVIEW, 0)
            with pytest.raises(Damaged):
                await watched.replay.file(INTERVIEW, INTERVIEW, participants=[], sealed=False, told=everything)
    monkeypatch.undo()
    await watched.is_right()


async def test_without_a_file_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not fit any more with the rest begins anew."""
    monkeypatch.setattr(cache_module, "_MEMORY_PAGES", 12)
    async with aclosing(Cache()) as cache:
        logs = [
            [replace(each, log=name, document=each.document and name) for each in LOG] for name in ("a", "b", "c", "d")
        ]
        for _ in range(2):
            for log in logs:
                replay = Listed(log).replay(cache)
                await replay._derive(log[0].log, log[0].log)
                _, _, texts = await replay.text(log[0].log, log[0].log, 2**40)
                assert len(texts["source"]) == 60
                assert cache._opened is not None
                ((pages,),) = await cache._opened.execute_fetchall("PRAGMA page_count")
                assert pages <= 12


async def test_a_cache_that_was_closed_stays_so(watched: Watched, tmp_path: Path) -> None:
    """And what is in it stays."""
    await watched.cache.aclose()
    with pytest.raises(Damaged):
        await watched.replay.text(INTERVIEW, INTERVIEW, 0)
    with pytest.raises(Damaged):
        await watched.ask()
    assert watched.cache._opened is None
    async with aclosing(Cache(tmp_path / "cache.db")) as cache:
        assert len([each async for each in cache.segments(INTERVIEW)]) > 12


async def test_what_was_before_what_is_broken_can_be_read(recorded: Recorded) -> None:
    """Whatever was asked for before; from there on nothing is told, at any instant, not what comes behind it either."""
    replay = recorded.replay()
    await recorded.start()
    for _ in range(10):
        await recorded.type("a")
    recorded.queue(b"\x01garbage")
    await recorded.journal.flush()
    *whole, broken = [each for each in await recorded.journal.entries(INTERVIEW) if each.kind == "update"]
    assert len({each.at_ms for each in whole}) > 5
    for at_ms in (0, 10**9, *(each.at_ms for each in whole), broken.at_ms - 1, broken.at_ms, 10**9, 0):
        known = [each for each in whole if each.at_ms <= at_ms]
        if at_ms < broken.at_ms:
            last = known[-1].entry if known else None
            assert await replay.text(INTERVIEW, INTERVIEW, at_ms) == (at_ms, last, {"source": "a" * len(known)})
        else:
            with pytest.raises(RecordingBroken, match=f"entry {broken.entry}"):
                await replay.text(INTERVIEW, INTERVIEW, at_ms)
    slot = replay._derivations._slots[INTERVIEW]
    assert slot.follower is None


async def test_what_is_found_broken_in_the_background_is_logged(recorded: Recorded) -> None:
    """Once, and whoever asks then is told."""
    replay = recorded.replay()
    await recorded.type("a")
    await replay.text(INTERVIEW, INTERVIEW, 10**9)
    await recorded.type("b")
    derived = replay._derivations._slots[INTERVIEW].follower
    assert derived is not None
    list(derived._texts["source"].take([{"retain": 1}, {"insert": "not the document's"}]))
    with capture_logs() as logs, anyio.fail_after(60):
        async with replay.running():
            replay.derive_soon(INTERVIEW, INTERVIEW)
            while not (errors := [each for each in logs if each["log_level"] == "error"]):
                await checkpoint()
            for _ in range(2):
                with pytest.raises(RecordingBroken):
                    await replay.text(INTERVIEW, INTERVIEW, 0)
    assert [(each["event"], each["document"]) for each in errors] == [("recording is broken", INTERVIEW)]
    assert len([each for each in logs if each["log_level"] == "error"]) == 1

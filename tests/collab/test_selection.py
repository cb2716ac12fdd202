"""What somebody selects is on record: the last of each half second, as it is in the text by then."""

import json
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from collab import selection as selection_module
from collab.gate import Limits
from collab.log import SELECTION, UPDATE, Entry
from collab.peer import Peer
from collab.wire import encode_update
from tests.collab.clock import SetClock
from tests.collab.room import LOG, Room, a_room, present, sent
from tests.collab.typist import Typist, string, update

pytestmark = pytest.mark.anyio

TEXT = "def solve():\n    return 😀\n"


class Timer:
    def __init__(self, at_ms: float, call: Callable[[], None]) -> None:
        self.at_ms = at_ms
        self._call = call
        self.is_set = True

    def cancel(self) -> None:
        self.is_set = False

    def fire(self) -> None:
        self.is_set = False
        self._call()


class Desk:
    """A room in which time passes when the test says so, and Ada has written a text."""

    def __init__(self, room: Room, clock: SetClock) -> None:
        self.room = room
        self.clock = clock
        self.timers: list[Timer] = []
        self.ada = room.seat("ada")
        self.typist = Typist(7)
        self.says(self.typist.insert(0, TEXT))
        self.room.accept(self.ada, present(7))
        self.passes(10_000)

    def call_later(self, delay_s: float, call: Callable[[], None]) -> Timer:
        self.timers.append(Timer(self.clock.ms + 1000 * delay_s, call))
        return self.timers[-1]

    def passes(self, ms: int) -> None:
        for _ in range(ms):
            self.clock.ms += 1
            for timer in [timer for timer in self.timers if timer.is_set and timer.at_ms <= self.clock.ms]:
                timer.fire()

    def says(self, change: bytes, peer: Peer | None = None) -> None:
        self.room.accept(peer or self.ada, encode_update(change))

    def selects(self, anchor: int, head: int, peer: Peer | None = None, client: int = 7) -> None:
        """Of what the typist has written, by clocks."""
        cursor = {"anchor": place(anchor), "head": place(head)}
        self.room.accept(peer or self.ada, present(client, json.dumps({"cursor": cursor})))

    async def entries(self) -> list[Entry]:
        await self.room.journal.flush()
        return await self.room.entries()

    async def selections(self) -> list[tuple[str, int, int]]:
        """Of all that is on disk: whose, anchor, head."""
        found = [each for each in await self.entries() if each.kind == SELECTION]
        return [(each.delivered_by, *[json.loads(each.payload)[end] for end in ("anchor", "head")]) for each in found]


def place(clock: int, client: int = 7) -> dict[str, Any]:
    return {"type": None, "tname": "source", "item": {"client": client, "clock": clock}, "assoc": 0}


@pytest.fixture
async def desk(clock: SetClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Desk]:
    async with a_room(tmp_path, clock=clock) as room:
        desk = Desk.__new__(Desk)
        monkeypatch.setattr(selection_module, "asyncio", SimpleNamespace(get_running_loop=lambda: desk))
        desk.__init__(room, clock)  # type: ignore[misc]
        yield desk


async def test_what_is_recorded(desk: Desk) -> None:
    desk.selects(4, 9)
    assert await desk.selections() == []
    desk.passes(500)
    entry = (await desk.entries())[-1]
    assert (entry.kind, entry.document, entry.delivered_by) == (SELECTION, LOG, "ada")
    assert entry.payload == b'{"root":"source","anchor":4,"head":9}'


async def test_the_last_of_each_half_second(desk: Desk) -> None:
    """Somebody drags for two seconds: one entry each half second, and where it ended in any case."""
    for head in range(20):
        desk.selects(2, 3 + head)
        desk.passes(100)
    assert await desk.selections() == [("ada", 2, 7), ("ada", 2, 12), ("ada", 2, 17), ("ada", 2, 22)]
    desk.passes(5000)
    assert len(await desk.selections()) == 4
    desk.selects(2, 3)
    desk.passes(500)
    assert (await desk.selections())[4:] == [("ada", 2, 3)]


async def test_who_floods_gets_two_entries_a_second(desk: Desk) -> None:
    for number in range(900):
        desk.selects(number % 2, 5 + number % 3)
        desk.passes(10)
    assert len(await desk.selections()) == 18


async def test_everybody_has_entries_of_his_own(desk: Desk) -> None:
    bob = desk.room.seat("bob")
    desk.says(Typist(8, desk.typist.whole()).insert(0, "# "), bob)
    desk.passes(1000)
    desk.selects(1, 2)
    desk.selects(3, 5, bob, client=8)
    desk.selects(1, 3)
    desk.passes(500)
    assert sorted(await desk.selections()) == [("ada", 3, 5), ("bob", 5, 7)]


async def test_positions_are_those_in_the_text_of_just_then(desk: Desk) -> None:
    """What others write meanwhile is before the entry, and moves it; UTF-16 units count."""
    bob = desk.room.seat("bob")
    typist = Typist(8, desk.typist.whole())
    desk.selects(4, 26)
    desk.passes(300)
    desk.says(typist.insert(0, "🙂é"), bob)
    desk.passes(300)
    desk.says(typist.insert(0, "later"), bob)
    entries = await desk.entries()
    assert [entry.kind for entry in entries][-3:] == [UPDATE, SELECTION, UPDATE]
    assert await desk.selections() == [("ada", 7, 29)]


async def test_a_caret_that_writing_moves_is_not_recorded(desk: Desk) -> None:
    for clock in range(20):
        desk.says(desk.typist.insert(5, "x"))
        desk.selects(clock, clock)
        desk.passes(100)
    desk.passes(1000)
    assert await desk.selections() == []


async def test_a_caret_that_is_moved_without_writing_is_recorded(desk: Desk) -> None:
    desk.says(desk.typist.insert(5, "x"))
    desk.passes(501)
    desk.selects(9, 9)
    desk.passes(500)
    assert await desk.selections() == [("ada", 10, 10)]
    desk.selects(12, 12)
    desk.says(desk.typist.insert(0, "x"))
    desk.passes(1000)
    assert len(await desk.selections()) == 1, "his writing says where he is"


async def test_the_caret_after_a_selection_is_recorded(desk: Desk) -> None:
    desk.says(desk.typist.insert(0, "x"))
    desk.selects(4, 9)
    desk.passes(100)
    desk.selects(9, 9)
    desk.passes(500)
    assert await desk.selections() == [("ada", 10, 10)]


async def test_a_selection_that_is_written_over_is_gone(desk: Desk) -> None:
    desk.selects(4, 9)
    desk.says(desk.typist.delete(4, 5))
    desk.passes(1000)
    assert await desk.selections() == []
    desk.selects(4, 10)
    desk.passes(1000)
    assert await desk.selections() == [("ada", 4, 5)], "of what is left of it"


async def test_a_selection_that_stays_while_its_lines_are_changed(desk: Desk) -> None:
    desk.selects(0, 12)
    desk.says(desk.typist.insert(0, "    "))
    desk.passes(500)
    assert await desk.selections() == [("ada", 4, 16)]


async def test_what_was_selected_before_somebody_wrote_elsewhere(desk: Desk) -> None:
    desk.selects(4, 9)
    desk.says(desk.typist.insert(0, "x"))
    desk.selects(0, 0)
    desk.passes(1000)
    assert await desk.selections() == [], "he selects nothing any more, and is where he wrote"


async def test_the_same_again_is_no_news(desk: Desk) -> None:
    """Clients renew their presence, two windows of one participant in turns."""
    window = desk.room.seat("ada")
    desk.room.accept(window, encode_update(Typist(17, desk.typist.whole()).insert(0, "x")))
    desk.passes(1000)
    desk.selects(4, 9)
    desk.passes(1000)
    desk.selects(5, 5, window, client=17)
    desk.passes(1000)
    for _ in range(3):
        desk.selects(4, 9)
        desk.passes(1000)
        desk.selects(5, 5, window, client=17)
        desk.passes(1000)
    assert len(await desk.selections()) == 2


@pytest.mark.parametrize(
    "cursor",
    [
        None,
        {"anchor": place(4), "head": place(10_000)},
        {"anchor": place(4), "head": place(0, 2**53 - 1)},
        {"anchor": place(0, 9), "head": place(1, 9)},
        {"anchor": place(4), "head": place(0, 10)},
    ],
    ids=["none", "beyond", "of nobody", "in the map of files", "in two texts"],
)
async def test_what_is_nowhere_is_not_recorded(desk: Desk, cursor: Any) -> None:
    bob = desk.room.seat("bob")
    typist = Typist(9)
    for name in ("a", "b"):
        desk.says(typist.put(name, {"name": f"{name}.py", "language": "python"}), bob)
    desk.says(update((10, 0, [string("another", root="source/a")])), bob)
    desk.room.accept(desk.ada, present(7, json.dumps({"cursor": cursor})))
    desk.passes(1000)
    assert await desk.selections() == []


@pytest.mark.parametrize("head", [place(25), place(24) | {"assoc": -1}], ids=["before", "after"])
async def test_inside_a_character_is_before_it(desk: Desk, head: Any) -> None:
    """No editor says so; on record it would be in the middle of a surrogate pair."""
    assert TEXT[24] == "😀"
    desk.room.accept(desk.ada, present(7, json.dumps({"cursor": {"anchor": place(4), "head": head}})))
    desk.passes(1000)
    assert await desk.selections() == [("ada", 4, 24)]


async def test_an_observers_is_not_recorded(desk: Desk) -> None:
    oz = desk.room.seat("oz", may_write=False)
    desk.selects(1, 4, oz, client=99)
    desk.passes(1000)
    assert await desk.selections() == []


async def test_who_is_muted_comes_before_the_decision(desk: Desk) -> None:
    desk.selects(1, 4)
    desk.room.live.set_may_write("ada", may_write=False)
    assert await desk.selections() == [("ada", 1, 4)]
    desk.selects(1, 5)
    desk.passes(1000)
    assert len(await desk.selections()) == 1


async def test_who_leaves_has_selected_it_before(desk: Desk) -> None:
    bob = Peer("bob", {"name": "bob"}, may_write=True)
    with desk.room.live.joined(bob):
        desk.says(Typist(8, desk.typist.whole()).insert(0, "x"), bob)
        desk.passes(1000)
        desk.selects(3, 4, bob, client=8)
    assert await desk.selections() == [("bob", 4, 5)]


async def test_who_comes_and_goes_does_not_get_more(desk: Desk) -> None:
    for number in range(100):
        bob = Peer("bob", {"name": "bob"}, may_write=True)
        with desk.room.live.joined(bob):
            desk.selects(3, 4 + number % 3, bob, client=8)
        desk.passes(10)
    desk.passes(500)
    found = await desk.selections()
    assert len(found) <= 3
    assert found[-1] == ("bob", 3, 4), "the last one is there"


async def test_finish_is_the_last_entry(desk: Desk) -> None:
    """What was selected is recorded with it, nothing after it; what was held back is there when it is undone."""
    registry = desk.room.registry
    desk.selects(1, 4)
    registry.hold(LOG)
    desk.selects(2, 4)
    desk.passes(2000)
    async with desk.room.journal.transaction() as transaction:
        await transaction.append(LOG, "interview.finished", {})
    registry.finish(LOG)
    desk.selects(3, 4)
    desk.passes(2000)
    entries = await desk.entries()
    assert [entry.kind for entry in entries][-2:] == [SELECTION, "interview.finished"]
    assert await desk.selections() == [("ada", 1, 4)]
    registry.reopen(LOG)
    desk.selects(5, 8)
    desk.passes(2000)
    assert await desk.selections() == [("ada", 1, 4), ("ada", 5, 8)]


async def test_a_finish_that_fails_loses_nothing(desk: Desk) -> None:
    desk.room.registry.hold(LOG)
    desk.selects(2, 4)
    desk.passes(2000)
    assert await desk.selections() == []
    desk.room.registry.reopen(LOG)
    desk.passes(500)
    assert await desk.selections() == [("ada", 2, 4)]


async def test_while_nothing_can_be_queued_it_waits(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk.room.journal, "_max_queued", 0)
    desk.selects(2, 4)
    desk.passes(1000)
    assert await desk.selections() == []
    monkeypatch.undo()
    desk.passes(500)
    assert desk.room.journal.queued > desk.room.journal.durable


async def test_a_server_that_stops_records_it_first(desk: Desk) -> None:
    desk.selects(2, 4)
    await desk.room.registry.drain()
    assert [entry.kind for entry in await desk.room.entries()][-1] == SELECTION


async def test_a_document_with_selections_is_read_again(desk: Desk) -> None:
    """It is the same document, with them in its log."""
    desk.selects(2, 4)
    desk.passes(500)
    desk.says(desk.typist.insert(0, "more "))
    await desk.room.journal.flush()
    again = type(desk.room)(desk.room.database, desk.clock, Limits(), {})
    live = await again.open()
    assert live.texts() == desk.room.live.texts() == {"source": f"more {TEXT}"}
    assert live._gate.clocks == desk.room.live._gate.clocks


async def test_acknowledgements_pass_over_them(desk: Desk) -> None:
    """Its entry is between two of Ada's updates; what she is told counts her frames alone."""
    await desk.room.journal.flush()
    desk.selects(2, 4)
    desk.passes(500)
    desk.says(desk.typist.insert(0, "y"))
    await sent(desk.ada)
    await desk.room.journal.flush()
    assert [frame for frame in await sent(desk.ada) if frame[0] == 8] == [b"\x08\x02"]


async def test_a_text_in_many_pieces_is_walked_less_often(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection_module, "_PIECES_PER_MS", 1 / 2000)
    for number in range(20):
        desk.selects(1, 4 + number % 3)
        desk.passes(500)
    assert len(await desk.selections()) < 10

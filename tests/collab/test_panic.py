"""The CRDT fails behind the gate: whoever brought the poison goes, everybody else stays and notices nothing."""

import json
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from structlog.testing import capture_logs

from collab.document import Document
from collab.errors import DocumentBroken, Refused
from collab.live import REBUILT, LiveDocument
from collab.log import SELECTION, UPDATE
from collab.note import Noted
from collab.peer import Peer
from collab.quarantine import Quarantine
from collab.update import parse
from collab.wire import CloseCode, encode_step_1, encode_step_2, encode_update
from tests.collab.room import LOG, NOTHING, Room, a_room, present, sent
from tests.collab.typist import Typist, string, update

pytestmark = pytest.mark.anyio

POISON = "☠"


class Panic(BaseException):
    """As pycrdt tells a panic of its native code."""


class Doc:
    """One that panics over poison, and must not be touched after that."""

    def __init__(self, doc: Any) -> None:
        self._doc = doc
        self._is_dead = False

    def apply_update(self, update: bytes) -> None:
        if POISON.encode() in update:
            self._is_dead = True
            raise Panic
        self._doc.apply_update(update)

    def __getattr__(self, name: str) -> Any:
        assert not self._is_dead, "it is used after it panicked"
        return getattr(self._doc, name)

    def __del__(self) -> None:
        assert not self._is_dead, "it is dropped after it panicked"


@pytest.fixture
def mortal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every document is one."""
    begin = Document.__init__

    def begin_mortal(document: Document, *arguments: Any) -> None:
        begin(document, *arguments)
        document._usable = Doc(document._usable)  # type: ignore[assignment]

    monkeypatch.setattr(Document, "__init__", begin_mortal)


@pytest.fixture
async def room(mortal: None, tmp_path: Path) -> AsyncGenerator[Room]:
    async with a_room(tmp_path) as room:
        yield room


async def rebuilt(live: LiveDocument) -> None:
    with anyio.fail_after(10):
        await live.reached(REBUILT)


def poison(room: Room, peer: Peer, frame: bytes) -> Noted:
    """What the socket does with a frame that breaks the document."""
    with pytest.raises(DocumentBroken) as broken:
        room.accept(peer, frame)
    assert broken.value.poison is not None
    room.registry.rebuild(room.live, broken.value.poison)
    return broken.value.poison


async def test_the_others_stay_and_go_on(room: Room) -> None:
    ada, bob, eve = [await room.join(name) for name in ("ada", "bob", "eve")]
    typist = Typist(1)
    room.accept(ada, encode_update(typist.insert(0, "hello")))
    live = room.live
    await room.journal.flush()
    await sent(ada)
    await sent(bob)
    bad = Typist(3, typist.whole()).insert(5, POISON)

    noted = poison(room, eve, encode_update(bad))
    assert noted == Noted(LOG, "eve", 0, bad, len(bad))
    for peer, frame in ((ada, encode_update(typist.insert(5, "!"))), (bob, encode_step_1(b"\0")), (bob, present(2))):
        assert live.accept(peer, frame) == REBUILT
    assert await sent(bob) == []
    await rebuilt(live)

    assert await room.open() is live
    assert live.texts() == {"source": "hello"}
    assert ada.closing is bob.closing is None
    assert await sent(ada) == await sent(bob) == []
    again = encode_update(typist.lacked_by(b"\1\1\5"))
    room.accept(ada, again)
    assert await sent(bob) == [again]
    room.accept(bob, encode_step_1(b"\0"))
    assert (await sent(bob))[0] == encode_step_2(typist.whole())
    assert live.texts() == {"source": "hello!"}
    await room.journal.flush()
    assert str(Typist(9, *await room.updates())) == "hello!"


async def test_what_was_selected_is_recorded_when_the_document_is_back(room: Room) -> None:
    ada, eve = await room.join("ada"), await room.join("eve")
    typist = Typist(1)
    room.accept(ada, encode_update(typist.insert(0, "hello")))
    ends = [{"type": None, "tname": "source", "item": {"client": 1, "clock": clock}, "assoc": 0} for clock in (1, 3)]
    room.accept(ada, present(1, json.dumps({"cursor": dict(zip(("anchor", "head"), ends, strict=True))})))
    poison(room, eve, encode_update(Typist(3, typist.whole()).insert(0, POISON)))
    room.live.record_selections()
    assert len(room.live.selections) == 1, "it waits"
    await rebuilt(room.live)
    room.live.record_selections()
    await room.journal.flush()
    (entry,) = await room.journal.entries(LOG, kind=SELECTION)
    assert (entry.delivered_by, json.loads(entry.payload)) == ("ada", {"root": "source", "anchor": 1, "head": 3})


async def test_the_poison_is_kept_and_turned_away(room: Room) -> None:
    eve, mallory = await room.join("eve"), await room.join("mallory")
    typist = Typist(3)
    room.accept(eve, encode_update(typist.insert(0, "hello")))
    with capture_logs() as logs:
        noted = poison(room, eve, encode_update(typist.insert(5, POISON)))
        await rebuilt(room.live)
    assert [line["event"] for line in logs] == ["document broken", "quarantined", "document rebuilt"]
    assert (logs[1]["participant"], logs[1]["document"], logs[1]["sha256"]) == ("eve", LOG, noted.sha256)
    await room.journal.flush()
    later = await Quarantine.open(room.database, room.journal.clock)
    assert later.holds(LOG, noted.update)
    for peer, frame in (
        (eve, encode_update(noted.update)),
        (eve, encode_step_2(typist.lacked_by(b"\1\3\5"))),
        (mallory, encode_step_2(typist.whole())),
    ):
        with pytest.raises(Refused) as refused:
            room.accept(peer, frame)
        assert refused.value.code is CloseCode.INVALID
    assert room.live.texts() == {"source": "hello"}


async def test_the_index_is_rebuilt_too(room: Room) -> None:
    """What the gate knows, and who owns what."""
    ada, bob, eve = [await room.join(name) for name in ("ada", "bob", "eve")]
    live, typist = room.live, Typist(1)
    first = encode_update(typist.insert(0, "a😀b"))
    assert live.accept(ada, first) == room.journal.queued  # a ticket: its client id is being bound
    await room.journal.flush()
    for frame in (first, encode_update(typist.delete(0)), encode_update(typist.put("1", {"name": "x"}))):
        assert live.accept(ada, frame) is None
    clocks, size = dict(live._gate.clocks), live._gate._bytes
    poison(room, eve, encode_update(Typist(3, typist.whole()).insert(0, POISON)))
    await rebuilt(live)
    assert (live._gate.clocks, live._gate._bytes) == (clocks, size)
    assert live._gate.knows(parse(typist.whole()))
    assert live._presence._is_root("source/1")
    assert live._authorship.owner(1) == "ada"
    half = update((3, 0, [string("x", left=(1, 1))]))
    for frame in (encode_update(Typist(1, typist.whole()).insert(0, "foreign")), encode_update(half)):
        with pytest.raises(Refused) as refused:
            room.accept(bob, frame)
        assert refused.value.code is CloseCode.INVALID


async def test_other_rooms_do_not_wait(room: Room) -> None:
    eve = await room.join("eve")
    others = [await room.registry.open(f"other {number}", f"other {number}") for number in range(3)]
    peers = [Peer("ada", {}, may_write=True) for _ in others]
    poison(room, eve, encode_update(Typist(3).insert(0, POISON)))
    for other, peer in zip(others, peers, strict=True):
        with other.joined(peer):
            assert other.accept(peer, encode_step_2(Typist(1).insert(0, "elsewhere"))) is None
            assert other.texts() == {"source": "elsewhere"}
            assert peer.closing is None
    await rebuilt(room.live)


async def test_who_comes_while_it_is_rebuilt(room: Room) -> None:
    ada, eve = await room.join("ada"), await room.join("eve")
    typist = Typist(1)
    room.accept(ada, encode_update(typist.insert(0, "hello")))
    poison(room, eve, encode_update(Typist(3).insert(0, POISON)))
    cy = room.seat("cy")
    assert room.live.accept(cy, encode_step_2(NOTHING)) == REBUILT
    await rebuilt(room.live)
    assert cy.closing is None
    await sent(cy)
    room.accept(cy, encode_step_2(NOTHING))
    room.accept(cy, encode_step_1(b"\0"))
    assert encode_step_2(typist.whole()) in await sent(cy)


async def test_several_rooms_break_at_once(room: Room) -> None:
    lives = [await room.registry.open(f"room {number}", f"room {number}") for number in range(5)]
    for number, live in enumerate(lives):
        ada, eve = Peer("ada", {}, may_write=True), Peer("eve", {}, may_write=True)
        with live.joined(ada), live.joined(eve):
            live.accept(ada, encode_step_2(Typist(1).insert(0, str(number))))
            with pytest.raises(DocumentBroken) as broken:
                live.accept(eve, encode_step_2(Typist(3).insert(0, POISON)))
        room.registry.rebuild(live, broken.value.poison)
    for number, live in enumerate(lives):
        await rebuilt(live)
        assert live.texts() == {"source": str(number)}
        assert await room.registry.open(f"room {number}", f"room {number}") is live


async def test_one_that_cannot_be_rebuilt_sends_everybody_away(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    ada, eve = await room.join("ada"), await room.join("eve")
    room.accept(ada, encode_update(Typist(1).insert(0, "hello")))
    broken = room.live
    with monkeypatch.context() as failing:
        failing.setattr(type(room.journal), "entries", _fails)
        poison(room, eve, encode_update(Typist(3).insert(0, POISON)))
        await rebuilt(broken)
    assert [peer.closing and peer.closing[0] for peer in (ada, eve)] == [CloseCode.RESTART] * 2
    with pytest.raises(Refused):
        broken.accept(ada, encode_step_1(b"\0"))
    assert await room.open() is not broken
    assert room.live.texts() == {"source": "hello"}


async def _fails(*_: Any, **__: Any) -> None:
    raise OSError


async def test_a_panic_while_reading_accuses_nobody(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = await room.join("ada")
    room.accept(ada, encode_update(Typist(1).insert(0, "hello")))
    question, live = encode_step_1(b"\1\2\1"), room.live
    ask(room, ada, question, monkeypatch)
    assert live.accept(ada, question) == REBUILT
    await rebuilt(live)
    assert live.accept(ada, question) is None
    assert (await sent(ada))[-1][:2] == b"\0\1"
    assert not room.registry._quarantine.closes(LOG)
    # A second time so soon, there is nothing that could be kept from it.
    ask(room, ada, question, monkeypatch)
    assert ada.closing is not None
    assert ada.closing[0] is CloseCode.RESTART
    assert await room.open() is not live


def ask(room: Room, peer: Peer, question: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer breaks the document."""
    with monkeypatch.context() as breaking:
        breaking.setattr(Doc, "get_update", _panics, raising=False)
        with pytest.raises(DocumentBroken) as broken:
            room.live.accept(peer, question)
    assert broken.value.poison is None
    room.registry.rebuild(room.live, None)


def _panics(*_: Any) -> None:
    raise Panic


async def test_a_document_that_panics_while_it_is_loaded_is_not_given_to_the_crdt_again(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would leave another broken one in memory every time that somebody comes. What was before can be read."""
    live = room.live
    room.journal.append(live.log, LOG, "ada", Typist(1).insert(0, "before"))
    bad = Typist(3).insert(0, POISON)
    room.journal.append(live.log, LOG, "eve", bad)
    room.registry.discard(live)
    loaded = count(monkeypatch, "_read")
    for _ in range(3):
        live = await room.open()
        assert live.texts() == {"source": "before"}
        assert live.damage is not None
        assert live.damage.entry == 2
        room.registry.discard(live)
    assert loaded() == 4  # the first one twice, of which one time up to the panic
    _, entry = await room.journal.entries(LOG, kind=UPDATE)
    later = await Quarantine.open(room.database, room.journal.clock)
    assert later.closes(LOG)
    assert not later.holds(LOG, entry.payload)


def count(monkeypatch: pytest.MonkeyPatch, method: str) -> Callable[[], int]:
    from collab.registry import Registry  # noqa: PLC0415

    calls = []
    real = getattr(Registry, method)

    async def counted(*arguments: Any) -> Any:
        calls.append(arguments)
        return await real(*arguments)

    monkeypatch.setattr(Registry, method, counted)
    return lambda: len(calls)


async def test_want_of_memory_accuses_nobody(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def hungry(*_: Any) -> None:
        raise MemoryError

    ada = await room.join("ada")
    with monkeypatch.context() as failing:
        failing.setattr(Doc, "apply_update", hungry)
        with pytest.raises(DocumentBroken) as broken:
            room.accept(ada, encode_update(Typist(1).insert(0, "x")))
    assert broken.value.poison is None

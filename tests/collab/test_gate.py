"""What honest clients send is let in, and all that is let in is integrated whole."""

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Doc

from collab.errors import Invalid
from collab.gate import Verdict
from collab.update import parse
from collab.wire import Malformed
from tests.collab.gate_room import Room
from tests.collab.typist import Typist, Unit, content_of, deleted, string, update

# Honest


def test_typing_is_new_once() -> None:
    room = Room()
    for key in Typist(1).type("ab😀\r\n"):
        assert room.take(key) is Verdict.NEW
        assert room.take(key) is Verdict.KNOWN
    assert room.gate.clocks == {1: 6}


def test_nothing_is_known() -> None:
    assert Room().judge(b"\x00\x00") is Verdict.KNOWN


def test_deleting_is_new_once() -> None:
    ada = Typist(1)
    room = Room(ada.insert(0, "hello"), ada.insert(2, "XY"))
    gone = ada.delete(1, 4)
    assert room.take(gone) is Verdict.NEW
    assert room.take(gone) is Verdict.KNOWN
    assert room.take(ada.delete(0)) is Verdict.NEW
    assert room.take(ada.whole()) is Verdict.KNOWN


def test_two_delete_the_same() -> None:
    ada = Typist(1)
    bob = Typist(2, ada.insert(0, "hello"))
    room = Room(ada.whole(), ada.delete(0, 3))
    assert room.take(bob.delete(2, 2)) is Verdict.NEW
    assert room.take(bob.delete(0, 2)) is Verdict.KNOWN
    assert room.take(bob.whole()) is Verdict.KNOWN


def test_overlap() -> None:
    ada = Typist(1)
    first, second = ada.insert(0, "ab"), ada.insert(2, "cd")
    room = Room(first)
    assert room.take(ada.whole()) is Verdict.NEW
    assert room.take(second) is Verdict.KNOWN
    assert room.gate.clocks == {1: 4}


def test_a_run_that_is_known_in_part() -> None:
    ada = Typist(1)
    ada.insert(0, "hello")
    room = Room(update((1, 0, [string("hel")])))
    assert room.take(ada.whole()) is Verdict.NEW
    assert str(room.doc.get("source", type=type(ada.source))) == "hello"
    assert room.take(ada.lacked_by(b"\x01\x01\x02")) is Verdict.KNOWN


def test_a_deleted_run_that_is_known_in_part() -> None:
    ada = Typist(1)
    first = ada.insert(0, "ab")
    room = Room(first, ada.delete(0, 2))
    ada.insert(0, "cd")
    ada.delete(0, 2)
    assert room.take(ada.whole()) is Verdict.NEW
    assert room.take(ada.whole()) is Verdict.KNOWN
    assert content_of(room.doc) == content_of(ada.doc)


def test_insert_and_delete_in_one() -> None:
    ada = Typist(1)
    ada.insert(0, "abc")
    ada.delete(1)
    room = Room(ada.whole())
    assert room.take(ada.whole()) is Verdict.KNOWN
    assert room.take(update(deletes={1: [(1, 1)]})) is Verdict.KNOWN


def test_what_was_typed_and_deleted_offline() -> None:
    ada = Typist(1)
    ada.insert(0, "abc")
    ada.delete(0, 3)
    room = Room(ada.whole())
    assert room.gate.clocks == {1: 3}
    assert room.take(update(deletes={1: [(0, 3)]})) is Verdict.KNOWN


def test_a_delete_before_its_insert() -> None:
    ada = Typist(1)
    first, second = ada.insert(0, "ab"), ada.insert(2, "cd")
    gone = ada.delete(1, 2)
    room = Room(first)
    assert room.take(gone) is Verdict.GAP
    assert room.take(second) is Verdict.NEW
    assert room.take(gone) is Verdict.NEW


def test_updates_that_overtake_each_other() -> None:
    keys = Typist(1).type("abc")
    room = Room()
    assert [room.take(key) for key in reversed(keys)] == [Verdict.GAP, Verdict.GAP, Verdict.NEW]
    assert [room.take(key) for key in keys] == [Verdict.KNOWN, Verdict.NEW, Verdict.NEW]


def test_an_answer_that_overtakes_its_question() -> None:
    ada = Typist(1)
    question = ada.insert(0, "?")
    bob = Typist(2, question)
    left, right = bob.insert(1, "!"), bob.insert(0, "¿")
    room = Room()
    assert room.take(left) is Verdict.GAP
    assert room.take(right) is Verdict.GAP
    assert room.take(bob.whole()) is Verdict.NEW
    assert room.take(question) is Verdict.KNOWN


def test_a_right_origin_that_is_missing() -> None:
    ada = Typist(1)
    bob = Typist(2, ada.insert(0, "b"))
    room = Room()
    assert room.take(bob.insert(0, "a")) is Verdict.GAP
    assert room.gate.clocks == {}


def test_an_echo() -> None:
    ada = Typist(1)
    told = [*ada.type("hi"), ada.delete(0)]
    room = Room(*told)
    bob = Typist(2)
    for received in told:
        before = bob.vector()
        bob.receive(received)
        assert room.take(bob.lacked_by(before)) is Verdict.KNOWN


def test_the_whole_delete_set_of_a_synchronised_peer() -> None:
    ada = Typist(1)
    room = Room(*ada.type("x" * 200))
    for at in range(100):
        assert room.take(ada.delete(at)) is Verdict.NEW
    bob = Typist(2, ada.whole())
    assert len(parse(bob.lacked_by(ada.vector())).deletes) == 100
    assert room.take(bob.lacked_by(ada.vector())) is Verdict.KNOWN
    assert room.take(bob.whole()) is Verdict.KNOWN
    bob.delete(0)
    assert room.take(bob.lacked_by(ada.vector())) is Verdict.NEW


def test_clients_that_build_on_each_other_in_one_update() -> None:
    ada, bob = Typist(1), Typist(2)
    for word in range(20):
        bob.receive(ada.insert(word, "a"))
        ada.receive(bob.insert(word, "b"))
    assert Room().take(ada.whole()) is Verdict.NEW


def test_values() -> None:
    ada = Typist(1)
    first, second = ada.put("source", {"name": "a"}), ada.put("source", {"name": "b"})
    room = Room(first, second)
    assert room.take(ada.whole()) is Verdict.KNOWN
    assert room.take(ada.put("other", None)) is Verdict.NEW


def test_further_files() -> None:
    room = Room(update((1, 0, [string("x", root="source/abc")])))
    assert room.take(update((1, 1, [string("y", left=(1, 0))]))) is Verdict.NEW


# Against pycrdt


def _units(ranges: list[tuple[int, int, int]]) -> set[Unit]:
    return {(client, clock + n) for client, clock, length in ranges for n in range(length)}


def _expected(held: Doc[Any], received: bytes) -> Verdict:
    """What a fresh document shows: all of the update, and whether that was more than before."""
    fresh: Doc[Any] = Doc()
    fresh.apply_update(held.get_update())
    before = content_of(fresh)
    fresh.apply_update(received)
    try:
        after = content_of(fresh)
    except Malformed:
        return Verdict.GAP
    parsed = parse(received)
    complete = all(s.clock + s.length <= after[0].get(s.client, 0) for s in parsed.structs)
    if not complete or not _units(parsed.deletes) <= after[1]:
        return Verdict.GAP
    return Verdict.KNOWN if before == after else Verdict.NEW


def _history(chance: random.Random, edits: int) -> tuple[list[Typist], list[bytes]]:
    """What three typists did and sent, now and then hearing of each other; also whole step 2s."""
    typists = [Typist(client_id) for client_id in (1, 200, 2**40)]
    sent: list[bytes] = []
    for _ in range(edits):
        typist, another = chance.choice(typists), chance.choice(typists)
        length = len(str(typist))
        match chance.randrange(8):
            case 0 | 1 | 2 | 3:
                text = chance.choice(["a", "bc", "😀", "\r\n", "é", "0123456789"])
                sent.append(typist.insert(chance.randint(0, length), text))
            case 4 | 5 if length:
                at = chance.randrange(length)
                sent.append(typist.delete(at, chance.randint(1, length - at)))
            case 6:
                typist.receive(another.lacked_by(typist.vector()))
            case _:
                sent.append(another.lacked_by(typist.vector()))
    return typists, sent


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 30))
def test_the_verdict_is_what_a_fresh_document_shows(seed: int, edits: int) -> None:
    chance = random.Random(seed)
    typists, sent = _history(chance, edits)
    room = Room()
    delivered = sent + chance.choices(sent, k=len(sent) // 2) if sent else []
    chance.shuffle(delivered)
    for received in delivered:
        assert _expected(room.doc, received) is room.take(received)
    for typist in typists:
        assert _expected(room.doc, typist.whole()) is room.take(typist.whole())
        assert room.take(typist.whole()) is Verdict.KNOWN
    assert {room.judge(received) for received in delivered} <= {Verdict.KNOWN}
    whole: Doc[Any] = Doc()
    for received in (*sent, *(typist.whole() for typist in typists)):
        whole.apply_update(received)
    assert content_of(room.doc) == content_of(whole)
    assert room.gate.clocks == content_of(room.doc)[0]


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32))
def test_what_the_gate_calls_new_is_integrated_whole(seed: int) -> None:
    """Random structs, most of which no honest client writes: no panic, nothing pending, nothing ignored."""
    chance = random.Random(seed)
    ada = Typist(1)
    room = Room(ada.insert(0, "hello"), ada.insert(2, "XY"), ada.delete(1, 2))
    for _ in range(20):
        data = _any_update(chance, room.gate.clocks)
        try:
            verdict = room.judge(data)
        except Invalid:
            continue
        if verdict is not Verdict.GAP:
            assert _expected(room.doc, data) is verdict
        room.take(data)
        assert room.gate.clocks == content_of(room.doc)[0]


def _any_update(chance: random.Random, clocks: dict[int, int]) -> bytes:
    def origin() -> Unit | None:
        client = chance.randint(1, 3)
        return chance.choice([None, (client, chance.randint(0, clocks.get(client, 0) + 1))])

    def struct() -> bytes:
        if chance.random() < 0.2:
            return deleted(chance.randint(1, 3), left=origin())
        return string("x" * chance.randint(1, 3), left=origin(), right=origin())

    blocks = [
        (client, max(0, clocks.get(client, 0) - chance.choice([0, 0, 0, 1, 4])), [struct() for _ in range(2)])
        for client in chance.sample((1, 2, 3), chance.randint(1, 3))
    ]
    gone = {chance.randint(1, 3): [(chance.randint(0, 5), chance.randint(1, 4))]} if chance.random() < 0.3 else None
    return update(*blocks, deletes=gone)

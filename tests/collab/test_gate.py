import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Doc, Text

from collab.document import unseen
from collab.errors import Invalid
from collab.gate import Gate, Limits, Verdict
from collab.update import parse
from collab.wire import Malformed, TooLarge
from tests.collab.cost import calls_of
from tests.collab.typist import Typist, Unit, content_of, deleted, string, update, values

NULL = b"\x7e"


class Room:
    """A gate, and the document behind it that gets what the gate calls new."""

    def __init__(self, *updates: bytes, limits: Limits | None = None) -> None:
        self.gate = Gate(limits or Limits())
        self.doc: Doc[Any] = Doc()
        for received in updates:
            assert self.take(received) is Verdict.NEW

    def judge(self, received: bytes, by: str = "ada") -> Verdict:
        update, data = self.gate.news(parse(received), received, unseen)
        verdict = self.gate.judge(update, data, by)
        self.gate.dismiss()
        return verdict

    def take(self, received: bytes, by: str = "ada") -> Verdict:
        update, data = self.gate.news(parse(received), received, unseen)
        verdict = self.gate.judge(update, data, by)
        if verdict is Verdict.NEW:
            self.doc.apply_update(data)
            self.gate.admit()
        return verdict


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


# Invalid


@pytest.mark.parametrize(
    "data",
    [
        update((1, 0, [string("x", left=(1, 0))])),
        update((1, 0, [string("x", right=(1, 0))])),
        update((1, 0, [string("abc", left=(1, 1))])),
        update((1, 0, [string("a"), string("b", left=(1, 0), right=(1, 2)), string("c", left=(1, 0))])),
        update((1, 0, [string("a", left=(2, 0))]), (2, 0, [string("b", left=(1, 0))])),
        update((1, 0, [string("a", left=(2, 0))]), (2, 0, [string("b", right=(1, 0))])),
        update((1, 0, [string("a", left=(2, 1))]), (2, 0, [string("b"), string("c", right=(1, 0))])),
        update(
            (1, 0, [string("a", left=(3, 0))]),
            (2, 0, [string("b", left=(1, 0))]),
            (3, 0, [string("c", left=(2, 0))]),
            (4, 0, [string("d")]),
        ),
    ],
    ids=bytes.hex,
)
def test_structs_that_wait_on_each_other(data: bytes) -> None:
    with pytest.raises(Invalid):
        Room().judge(data)


@pytest.mark.parametrize(
    "data",
    [
        update((1, 5, [string("x", left=(1, 5))])),
        update((1, 0, [string("x", left=(1, 0), right=(9, 9))])),
        update((1, 0, [string("a", left=(2, 0))]), (2, 0, [string("b", left=(1, 0))]), deletes={9: [(0, 1)]}),
        update((1, 7, [string("a", left=(2, 7))]), (2, 7, [string("b", left=(1, 7))])),
    ],
    ids=bytes.hex,
)
def test_a_broken_structure_is_invalid_even_if_something_is_missing_too(data: bytes) -> None:
    with pytest.raises(Invalid):
        Room().judge(data)


@pytest.mark.parametrize(
    "struct",
    [
        string("x", root=""),
        string("x", root="code"),
        string("x", root="sourc"),
        string("x", root="sources"),
        string("x", root="Source"),
        deleted(1, root="code"),
        values(NULL, root="code", key="k"),
        string("x", root="files"),
        deleted(1, root="files"),
        values(NULL),  # in files, without a key
        values(NULL, root="source"),
        values(NULL, root="source", key="k"),
        values(NULL, root="source/a"),
        values(NULL, root="source/a", key="k"),
    ],
    ids=bytes.hex,
)
def test_what_the_document_model_does_not_hold(struct: bytes) -> None:
    with pytest.raises(Invalid):
        Room().judge(update((1, 0, [struct])))
    with pytest.raises(Invalid):
        Room().judge(update((1, 5, [struct]), deletes={9: [(0, 1)]}))


def test_a_text_in_files_beside_a_value() -> None:
    data = bytearray(update((1, 0, [values(NULL, key="k")])))
    data[data.index(b"\x28\x01\x05files") :] = b"\x24\x01\x05files\x01k\x01x\x00"
    with pytest.raises(Invalid):
        Room().judge(bytes(data))


def test_known_structs_deleted_again_claim_nothing() -> None:
    """A deletion that the document behind the gate does not make must not be known to the gate either."""
    ada = Typist(1)
    room = Room(ada.insert(0, "hello"))
    try:
        room.take(update((1, 0, [deleted(5)]), (2, 0, [string("x")])))
    except Invalid:
        return
    gone = ada.delete(0, 5)
    assert room.take(gone) is Verdict.NEW


def test_a_run_known_in_part_and_deleted_claims_only_the_rest() -> None:
    ada = Typist(1)
    room = Room(ada.insert(0, "hello"))
    try:
        room.take(update((1, 0, [deleted(6)])))
    except Invalid:
        return
    gone = ada.delete(0, 5)
    assert room.take(gone) is Verdict.NEW


@pytest.mark.parametrize(
    "again",
    [
        pytest.param((1, 0, [string("hello", left=(9, 0))]), id="on a client that nobody knows"),
        pytest.param((1, 0, [string("hello", right=(1, 9))]), id="on what is not written yet"),
        pytest.param((1, 5, [string("!", left=(1, 4), right=(2, 0))]), id="on what comes with it"),
        pytest.param((1, 0, [string("hello", left=(1, 0))]), id="on itself"),
        pytest.param((1, 0, [string("hello", right=(1, 3))]), id="on its own end"),
        pytest.param((1, 0, [string("hello", root="source/b")]), id="in another text"),
        pytest.param((1, 0, [deleted(5, root="files")]), id="in files"),
        pytest.param((1, 2, [string("llo")]), id="a root within a run"),
        pytest.param((1, 5, [string("!")]), id="a root instead of an origin"),
        pytest.param((1, 6, [values(NULL, key="b")]), id="under another key"),
        pytest.param((1, 6, [values(NULL, key="a", root="source")]), id="a value in a text"),
    ],
)
def test_known_structs_are_cut_off_whatever_they_say_now(again: tuple[int, int, list[bytes]]) -> None:
    """A browser that had not got them yet would believe them, or wait for ever."""
    known = [string("hello"), string("!", left=(1, 4)), values(NULL, key="a")]
    room = Room(update((1, 0, known)))
    new, gone = update((2, 0, [string("x")])), update(deletes={1: [(0, 1)]})
    for data, rest in (
        (update((2, 0, [string("x")]), again), new),
        (update(again, deletes={1: [(0, 1)]}), gone),
        (update(again), b"\x00\x00"),
    ):
        assert room.gate.news(parse(data), data, unseen) == (parse(rest), rest)


@pytest.mark.parametrize(
    "more",
    [
        string("hello!", root="source/b"),
        string("other!", left=(9, 0)),
        string("😀😀0!"),
    ],
    ids=bytes.hex,
)
def test_a_run_known_in_part_goes_on_where_it_is(more: bytes) -> None:
    room = Room(update((1, 0, [string("hello")])))
    assert room.take(update((1, 0, [more]))) is Verdict.NEW
    assert str(room.doc.get("source", type=Text)) == "hello!"


def test_a_run_known_in_part_that_stands_on_its_own_end() -> None:
    with pytest.raises(Invalid):
        Room(update((1, 0, [string("hello")]))).judge(update((1, 0, [string("hello!", right=(1, 5))])))


def test_a_run_known_in_part_that_differs_in_the_middle_of_a_character() -> None:
    with pytest.raises(Invalid):
        Room(update((1, 0, [string("hello")]))).judge(update((1, 0, [string("hell😀!")])))


def test_known_structs_as_they_are_come_with_new_ones() -> None:
    """The step 2 of an honest client may hold anything that it has, in runs cut anywhere."""
    known = [string("hello"), string("!", left=(1, 4)), values(NULL, key="a"), values(NULL, left=(1, 6))]
    room = Room(update((1, 0, known)), update((3, 0, [string("x", root="source/b")])))
    for again in (
        (1, 0, known),
        (1, 0, [string("hel"), string("lo!", left=(1, 2))]),
        (1, 3, [string("lo!", left=(1, 2)), *known[2:]]),
        (1, 6, known[2:]),
        (1, 0, [deleted(5), deleted(1, left=(1, 4)), *known[2:]]),
        (3, 0, [string("xyz", root="source/b")]),
    ):
        assert room.judge(update((2, 0, [string("x")]), again)) is Verdict.NEW


# Too large


def test_structs_over_the_limit() -> None:
    room = Room(limits=Limits(max_structs=3))
    fits = update((1, 0, [string("a"), string("b", left=(1, 0)), string("c", left=(1, 1))]))
    assert room.take(fits) is Verdict.NEW
    with pytest.raises(TooLarge):
        room.judge(update((1, 3, [string("x", left=(1, 0))] * 4)))
    again = update((1, 0, [string("a"), *[string("b", left=(1, at)) for at in range(5)]]))
    assert room.judge(again) is Verdict.NEW  # half of it is known


def test_ranges_over_the_limit() -> None:
    room = Room(update((1, 0, [string("abcdefghij")])), limits=Limits(max_ranges=3))
    assert room.take(update(deletes={1: [(0, 1), (2, 1), (4, 1)]})) is Verdict.NEW
    with pytest.raises(TooLarge):
        room.judge(update(deletes={1: [(1, 1), (3, 1), (5, 1), (7, 1)]}))
    assert room.judge(update(deletes={1: [(0, 1), (2, 1), (4, 1), (6, 1)]})) is Verdict.NEW


def test_a_full_document() -> None:
    data = update((1, 0, [string("abc")]))
    room = Room(data, limits=Limits(max_document_bytes=2 * len(data)))
    assert room.take(update((1, 3, [string("d", left=(1, 2))]))) is Verdict.NEW
    assert room.judge(data) is Verdict.KNOWN
    with pytest.raises(TooLarge):
        room.judge(update((2, 0, [string("abc")])))


def test_a_chain_of_clients_in_the_worst_order_costs_little() -> None:
    """Every client builds on one that comes after it in the order of trying."""
    clients = 4_000
    for step in (1, -1):
        order = range(1, clients + 1)[::step]
        chain = [(client, 0, [string("x", left=(client - 1, 0)) if client > 1 else string("x")]) for client in order]
        data = update(*chain)
        assert Room().judge(data) is Verdict.NEW
        assert calls_of(lambda data=data: Room().judge(data)) < 100 * clients  # type: ignore[misc]


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

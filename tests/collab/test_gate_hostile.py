"""What no honest client sends is refused, or cut down to what is new."""

import pytest
from pycrdt import Text

from collab import gate as gate_module
from collab.document import unseen
from collab.errors import Invalid
from collab.gate import Limits, Verdict
from collab.update import parse
from collab.wire import TooLarge
from tests.collab.cost import calls_of
from tests.collab.gate_room import Room
from tests.collab.typist import Typist, deleted, string, update, values

NULL = b"\x7e"

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


def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """One participant may fill the whole document."""
    monkeypatch.setattr(gate_module, "_SHARE_OF_STRUCTS", 1)
    monkeypatch.setattr(gate_module, "_SHARE_OF_BYTES", 1)


def test_a_full_document(monkeypatch: pytest.MonkeyPatch) -> None:
    alone(monkeypatch)
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

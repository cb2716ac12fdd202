"""Where the rules of the gate end: the last that is allowed, and the first that is not."""

import pytest

from collab.document import unseen
from collab.errors import Invalid
from collab.gate import Gate, Limits, Verdict
from collab.update import parse
from collab.wire import TooLarge
from tests.collab.gate_room import Room
from tests.collab.typist import Typist, deleted, string, update, values

NULL = b"\x7e"


# Characters of two units

EMOJI = [string("😀b😀c😀"), string("😀d", left=(1, 7)), string("😀", left=(1, 10))]
INSIDE = {1, 4, 7, 9, 12}


@pytest.mark.parametrize("place", range(1, 13))
@pytest.mark.parametrize("name", ["between", "behind", "before", "deleted up to", "deleted from"])
def test_no_boundary_in_the_middle_of_a_character(name: str, place: int) -> None:
    behind, before = (1, place - 1), (1, place)
    struct = {
        "between": string("x", left=behind, right=before),
        "behind": string("x", left=behind),
        "before": string("x", right=before),
    }.get(name, string("x"))
    deletes = {"deleted up to": {1: [(0, place)]}, "deleted from": {1: [(place, 13 - place)]}}.get(name)
    at_once = Room()
    known = Room(*[update((1, clock, [each])) for clock, each in zip((0, 8, 11), EMOJI, strict=True)])
    for room, blocks in ((at_once, [(1, 0, EMOJI), (2, 0, [struct])]), (known, [(2, 0, [struct])])):
        if place in INSIDE:
            with pytest.raises(Invalid, match="middle of a character"):
                room.judge(update(*blocks, deletes=deletes))
        elif name != "before":
            assert room.judge(update(*blocks, deletes=deletes)) is Verdict.NEW


def test_characters_beside_what_is_known() -> None:
    known = (1, 0, [string("hello")])
    assert Room(update(known)).judge(update(known, (2, 0, [string("😀😀")]))) is Verdict.NEW


# Roots and files


@pytest.mark.parametrize("length", [0, 1, 64, 65])
def test_names_of_files(length: int) -> None:
    with pytest.raises(Invalid):
        Room().judge(update((1, 0, [string("x", root="sauces/" + "n" * length)])))
    for struct in (string("x", root="source/" + "n" * length), values(NULL, key="n" * length)):
        if 1 <= length <= 64:
            assert Room().judge(update((1, 0, [struct]))) is Verdict.NEW
        else:
            with pytest.raises(Invalid):
                Room().judge(update((1, 0, [struct])))


def test_so_many_files() -> None:
    room = Room(limits=Limits(max_files=2))
    for client, (name, root) in enumerate(zip("abc", ("source", "source/a", "source/b"), strict=True)):
        assert room.take(update((2 * client, 0, [string("x", root=root)]))) is Verdict.NEW
        assert room.take(update((2 * client + 1, 0, [values(NULL, key=name)]))) is Verdict.NEW
    for struct in (string("x", root="source/c"), values(NULL, key="d")):
        with pytest.raises(TooLarge):
            room.judge(update((9, 0, [struct])))
    for struct in (string("x", root="source/b"), values(NULL, key="c")):
        assert room.judge(update((9, 0, [struct]))) is Verdict.NEW


def test_what_is_a_text() -> None:
    room = Room()
    assert room.gate.is_root("source")
    assert not room.gate.is_root("source/a")
    room.take(update((1, 0, [string("x", root="source/a"), values(NULL, key="b")])))
    assert {name for name in ("source/a", "source/b", "source/c", "files", "src") if room.gate.is_root(name)} == {
        "source/a",
        "source/b",
    }


@pytest.mark.parametrize(
    "struct",
    [
        values(NULL, left=(1, 0)),
        deleted(1, left=(1, 0), right=(1, 5)),
        string("x", left=(1, 5)),
        string("x", right=(1, 5)),
        deleted(1, right=(1, 5)),
    ],
    ids=[
        "a value in a text",
        "in a text and in files",
        "text in files",
        "text before a value",
        "on the right of files",
    ],
)
def test_what_its_neighbours_do_not_allow(struct: bytes) -> None:
    known = update((1, 0, [string("hello"), values(NULL, key="k")]))
    with pytest.raises(Invalid):
        Room(known).judge(update((2, 0, [struct])))


@pytest.mark.parametrize(
    "struct", [values(NULL, left=(99, 0)), string("x", left=(99, 5)), string("x", left=(9, 9), right=(99, 5))]
)
def test_what_its_neighbours_do_not_allow_even_if_something_is_missing(struct: bytes) -> None:
    known = update((99, 0, [string("hello"), values(NULL, key="k")]))
    with pytest.raises(Invalid):
        Room(known).judge(update((2, 5, [struct])))


def test_a_value_that_was_replaced() -> None:
    ada = Typist(1)
    ada.put("k", 1)
    ada.put("k", 2)
    assert Room().take(ada.whole()) is Verdict.NEW


def test_what_comes_without_its_content_is_deleted() -> None:
    room = Room(update((1, 0, [string("a"), deleted(2, left=(1, 0))])))
    assert room.take(update(deletes={1: [(1, 2)]})) is Verdict.KNOWN
    assert room.take(update(deletes={1: [(0, 1)]})) is Verdict.NEW


@pytest.mark.parametrize(
    ("deletes", "is_dead"),
    [
        ({2: [(1, 2)]}, True),
        ({2: [(0, 4)]}, True),
        ({2: [(0, 1), (1, 3)]}, True),
        ({2: [(1, 1)]}, False),
        ({2: [(2, 1)]}, False),
        ({2: [(2, 2)]}, False),
        ({2: [(0, 2)]}, False),
        ({2: [(3, 1)]}, False),
        ({1: [(0, 4)]}, False),
        ({3: [(0, 4)]}, False),
        (None, False),
    ],
)
def test_several_values_at_once_must_be_dead(deletes: dict[int, list[tuple[int, int]]] | None, is_dead: bool) -> None:
    room = Room(update((1, 0, [string("hello")])), update((3, 0, [string("hello")])))
    several = (2, 0, [string("a"), values(NULL, NULL, key="k"), string("b", left=(2, 0))])
    if is_dead:
        assert room.judge(update(several, deletes=deletes)) is Verdict.NEW
    else:
        with pytest.raises(Invalid):
            room.judge(update(several, deletes=deletes))


def test_so_many_dead_values() -> None:
    assert Room().judge(update((1, 0, [values(*[NULL] * 256, key="k")]), deletes={1: [(0, 256)]})) is Verdict.NEW
    with pytest.raises(Invalid):
        Room().judge(update((1, 0, [values(*[NULL] * 257, key="k")]), deletes={1: [(0, 257)]}))


# What is missing, and what is known


@pytest.mark.parametrize("missing", [(1, 0), (1, 9), (3, 0), (3, 9)])
def test_a_struct_on_what_nobody_has_yet(missing: tuple[int, int]) -> None:
    for struct in (string("x", left=missing), string("x", right=missing)):
        assert Room().judge(update((2, 0, [struct]))) is Verdict.GAP


def test_what_of_an_update_waits_for_nothing() -> None:
    room = Room(update((1, 0, [string("ab")])))
    data = update(
        (1, 2, [string("c", left=(1, 1))]),
        (2, 0, [string("x", left=(1, 2)), string("late", left=(9, 9)), string("too", left=(2, 0))]),
        (3, 0, [string("late", left=(2, 1))]),
        (4, 5, [string("late", left=(4, 4))]),
        deletes={1: [(0, 1), (2, 1), (3, 1)], 2: [(0, 1), (1, 1)], 3: [(0, 1)], 9: [(0, 1)]},
    )
    fitting = update(
        (1, 2, [string("c", left=(1, 1))]),
        (2, 0, [string("x", left=(1, 2))]),
        deletes={1: [(0, 1), (2, 1)], 2: [(0, 1)]},
    )
    assert room.gate.judge(parse(data), data, "ada") is Verdict.GAP
    assert room.gate.fitting(parse(data), data) == (parse(fitting), fitting)
    assert room.judge(fitting) is Verdict.NEW


def test_what_of_an_update_is_known() -> None:
    ada = Typist(1)
    room = Room(ada.insert(0, "hello"), ada.delete(1, 2))
    for known in (string("hello"), string("hel")):
        assert room.gate.knows(parse(update((1, 0, [known]), deletes={1: [(1, 2)]})))
    for more in (
        update((1, 0, [string("hello!")])),
        update((1, 5, [string("!", left=(1, 4))])),
        update((1, 0, [string("hello")]), (2, 0, [string("x")])),
        update((1, 0, [string("hello")]), deletes={1: [(1, 3)]}),
        update(deletes={1: [(1, 2), (4, 1)]}),
        update(deletes={2: [(0, 1)]}),
    ):
        assert not room.gate.knows(parse(more))


def test_deletions_that_are_known_in_part() -> None:
    ada = Typist(1)
    room = Room(ada.insert(0, "abcdefghij"), ada.delete(0, 2), ada.delete(2, 2))
    again = update(deletes={1: [(8, 1), (0, 6), (6, 1)]})
    rest = update(deletes={1: [(2, 2), (6, 1), (8, 1)]})
    assert room.gate.news(parse(again), again, unseen) == (parse(rest), rest)
    more = (1, 10, [string("k", left=(1, 9))])
    again, rest = update(more, deletes={1: [(0, 6)]}), update(more, deletes={1: [(2, 2)]})
    assert room.gate.news(parse(again), again, unseen) == (parse(rest), rest)
    unsorted = update(deletes={1: [(8, 1), (2, 2)]})
    ascending = update(deletes={1: [(2, 2), (8, 1)]})
    assert room.gate.news(parse(unsorted), unsorted, unseen) == (parse(ascending), ascending)


# Use


def test_only_what_was_judged_to_be_new_is_admitted() -> None:
    hello = update((1, 0, [string("hello")]))
    gate = Gate(Limits())
    for data, verdict in ((b"\x00\x00", Verdict.KNOWN), (update((1, 9, [string("x")])), Verdict.GAP)):
        assert gate.judge(parse(data), data, "ada") is verdict
        with pytest.raises(RuntimeError):
            gate.admit()
    assert gate.judge(parse(hello), hello, "ada") is Verdict.NEW
    gate.dismiss()
    assert gate.clocks == {}
    with pytest.raises(RuntimeError):
        gate.admit()
    assert gate.judge(parse(hello), hello, "ada") is Verdict.NEW
    gate.admit()
    with pytest.raises(RuntimeError):
        gate.admit()
    gate.dismiss()
    assert gate.clocks == {1: 5}


def test_a_journal_whose_update_builds_on_what_is_not_there() -> None:
    later = update((1, 5, [string("!", left=(1, 4))]))
    with pytest.raises(Invalid):
        Gate(Limits()).restore(parse(later), len(later), "ada")

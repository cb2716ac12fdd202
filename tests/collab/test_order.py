"""The order of the gate against that of the CRDT, and what keeping it costs."""

import random
from contextlib import suppress
from itertools import pairwise
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Doc, Text

from collab import order as order_module
from collab.document import unseen
from collab.errors import Invalid
from collab.gate import Gate, Limits, Verdict
from collab.order import Order, Run
from collab.ranges import Ranges
from collab.sequence import in_order
from collab.update import STRING, Id, Struct, parse
from collab.wire import TooLarge
from tests.collab.typist import Typist, string, update

UNLIMITED = Limits(max_steps=10**9, max_participant_steps=10**9)


class Room:
    """A gate, the document behind it, and every character by its id."""

    def __init__(self, limits: Limits = UNLIMITED) -> None:
        self.gate = Gate(limits)
        self.doc: Doc[Any] = Doc()
        self.source: Text = self.doc.get("source", type=Text)
        self.units: dict[Id, bytes] = {}

    @property
    def order(self) -> Order:
        return self.gate._order

    def take(self, data: bytes) -> Verdict:
        news, data = self.gate.news(parse(data), data, unseen)
        verdict = self.gate.judge(news, data, "ada")
        if verdict is Verdict.NEW:
            self.gate.admit()
            self.doc.apply_update(data)
            for struct in news.structs:
                for at in range(struct.length if struct.text is not None else 0):
                    unit = (struct.text or "").encode("utf-16-le")[2 * at : 2 * at + 2]
                    self.units[struct.client, struct.clock + at] = unit
        return verdict

    def text(self) -> str:
        """As the gate's order has it."""
        shown = b"".join(
            self.units[run.client, clock]
            for run in runs(self.order)
            for clock in range(run.clock, run.clock + run.length)
            if not self.order.is_deleted(run.client, clock, 1)
        )
        return shown.decode("utf-16-le")


def runs(order: Order, root: str = "source") -> list[Run]:
    place = order.places.get((root, None))
    found: list[Run] = []
    run = place.head if place is not None else None
    while run is not None:
        found.append(run)
        run = run.next
    return found


def units_of(order: Order) -> list[Id]:
    return [(run.client, clock) for run in runs(order) for clock in range(run.clock, run.clock + run.length)]


class Visitor(Order):
    """Only what it visits counts."""

    def _steps_to_split(self, run: Run, clock: int, reached: int = 0) -> int:
        return 0

    def _check_concurrent(self, struct: Struct, gap: list[tuple[Run, int]]) -> int:
        return 0 * super()._check_concurrent(struct, gap)


def structs_of(order: Order) -> list[Struct]:
    """What a newcomer is sent of it."""
    return [
        Struct(
            run.client,
            run.clock,
            run.length,
            STRING,
            run.left,
            run.right,
            run.place.root if run.left is None and run.right is None else None,
            None,
            "x" * run.length,
        )
        for lane in order._runs.values()
        for run in lane
    ]


def shuffled(structs: list[Struct], chance: random.Random) -> list[Struct]:
    """In any order in which each comes after what it builds on."""
    lanes: dict[int, list[Struct]] = {}
    for struct in structs:
        lanes.setdefault(struct.client, []).append(struct)
    reached = dict.fromkeys(lanes, 0)
    found = []
    while lanes:
        client = chance.choice(list(lanes))
        struct = lanes[client][0]
        if all(origin is None or origin[1] < reached[origin[0]] for origin in (struct.left, struct.right)):
            found.append(lanes[client].pop(0))
            reached[client] = struct.clock + struct.length
            if not lanes[client]:
                del lanes[client]
    return found


def layout(order: Order) -> list[tuple[int, int, int, Id | None, Id | None]]:
    return [(run.client, run.clock, run.length, run.left, run.right) for run in runs(order)]


def state(order: Order) -> tuple[Any, ...]:
    starts = {client: list(starts) for client, starts in order._starts.items()}
    return layout(order), dict(order.clocks), starts, order.size, {named: p.size for named, p in order.places.items()}


def a_session(chance: random.Random, edits: int) -> list[bytes]:
    """What four typists send who hear of each other late, most of it in the same few places."""
    typists = [Typist(client) for client in chance.sample(range(1, 100), 4)]
    sent: list[bytes] = []
    heard = [0] * len(typists)
    for _ in range(edits):
        at = chance.randrange(len(typists))
        typist = typists[at]
        if chance.random() < 0.4:
            until = chance.randint(heard[at], len(sent))
            typist.receive(*sent[heard[at] : until])
            heard[at] = until
        length = len(str(typist))
        place = chance.choice([0, length, length // 2, chance.randint(0, length)])
        if chance.random() < 0.25 and place < length:
            sent.append(typist.delete(place, min(chance.randint(1, 4), length - place)))
        else:
            sent.append(typist.insert(place, chance.choice(["a", "b", "xyz", "é", "😀", "ab😀c"])))
    return sent


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 60))
def test_the_order_is_that_of_the_crdt(seed: int, edits: int) -> None:
    room = Room()
    for data in a_session(random.Random(seed), edits):
        room.take(data)
        assert room.text() == str(room.source)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 40))
def test_the_order_of_what_no_honest_client_writes(seed: int, edits: int) -> None:
    """Any origins: the gate and the CRDT still agree, and so does a newcomer."""
    chance = random.Random(seed)
    room = Room()
    clients = chance.sample(range(1, 50), 3)
    for _ in range(edits):
        with suppress(Invalid):
            room.take(_anything(chance, room.gate.clocks, clients))
        assert room.text() == str(room.source)
    newcomer = Doc[Any]()
    newcomer.apply_update(room.doc.get_update())
    assert str(newcomer.get("source", type=Text)) == str(room.source)


def _anything(chance: random.Random, clocks: dict[int, int], clients: list[int]) -> bytes:
    reached = dict(clocks)

    def origin() -> Id | None:
        known = [client for client in clients if reached.get(client)]
        if not known or chance.random() < 0.2:
            return None
        client = chance.choice(known)
        return client, chance.randrange(reached[client])

    blocks = []
    for client in chance.sample(clients, chance.randint(1, 2)):
        structs = []
        first = reached.get(client, 0)
        for _ in range(chance.randint(1, 3)):
            text = "x" * chance.randint(1, 3)
            structs.append(string(text, left=origin(), right=origin()))
            reached[client] = reached.get(client, 0) + len(text)
        blocks.append((client, first, structs))
    deletes = {}
    if chance.random() < 0.3 and clocks:
        client = chance.choice(list(clocks))
        start = chance.randrange(clocks[client])
        deletes[client] = [(start, chance.randint(1, clocks[client] - start))]
    return update(*blocks, deletes=deletes)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 40))
def test_what_is_dismissed_leaves_no_trace(seed: int, edits: int) -> None:
    chance = random.Random(seed)
    room = Room()
    clients = chance.sample(range(1, 50), 3)
    for _ in range(edits):
        data = _anything(chance, room.gate.clocks, clients)
        before = state(room.order)
        news, rest = room.gate.news(parse(data), data, unseen)
        try:
            room.gate.judge(news, rest, "ada")
        except (Invalid, TooLarge):
            assert state(room.order) == before
            continue
        room.gate.dismiss()
        assert state(room.order) == before
        room.take(data)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 60))
def test_a_newcomer_has_the_same_order(seed: int, edits: int) -> None:
    room = Room()
    for data in a_session(random.Random(seed), edits):
        room.take(data)
    newcomer = Order()
    for struct in in_order(structs_of(room.order)):
        newcomer.integrate(struct)
    assert units_of(newcomer) == units_of(room.order)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 60), st.booleans())
def test_every_order_gives_the_same_text_within_the_crossings(seed: int, edits: int, honest: bool) -> None:
    """Of the highest client first, as Yjs integrates what a newcomer is sent, and of any other order."""
    chance = random.Random(seed)
    room = Room()
    if honest:
        for data in a_session(chance, edits):
            room.take(data)
    else:
        clients = chance.sample(range(1, 50), 4)
        for _ in range(edits):
            with suppress(Invalid):
                room.take(_anything(chance, room.gate.clocks, clients))
    structs = structs_of(room.order)
    with patch.object(order_module, "_STEPS_PER_VISIT", 0):
        for order in (in_order(structs), *(shuffled(structs, chance) for _ in range(3))):
            newcomer = Visitor()
            newcomer.deleted = room.order.deleted
            assert sum(newcomer.integrate(struct)[0] for struct in order) <= room.order.crossings.total + len(structs)
            assert units_of(newcomer) == units_of(room.order), "whoever integrates in another order has another text"


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 10)), max_size=20), st.integers(0, 40), st.integers(1, 20))
def test_ranges(added: list[tuple[int, int]], start: int, length: int) -> None:
    ranges, units = Ranges(), set()
    for first, size in added:
        ranges.add(first, first + size)
        units |= set(range(first, first + size))
    wanted = set(range(start, start + length))
    missing = ranges.missing(start, start + length)
    assert {unit for first, end in missing for unit in range(first, end)} == wanted - units
    assert all(first < end for first, end in missing)
    assert all(end < following for (_, end), (following, _) in pairwise(missing))
    assert ranges.covers(start, start + length) is (wanted <= units)
    assert all(end < following for end, following in zip(ranges.ends, ranges.starts[1:], strict=False))


def text(client: int, clock: int, left: Id | None = None, right: Id | None = None, length: int = 1) -> Struct:
    root = "source" if left is None and right is None else None
    return Struct(client, clock, length, STRING, left, right, root, None, "x" * length)


def test_typing_on_is_one_run_and_takes_no_steps() -> None:
    order = Order()
    assert order.integrate(text(1, 0))[0] == 0
    for clock in range(1, 100):
        assert order.integrate(text(1, clock, (1, clock - 1)))[0] == 0
    assert layout(order) == [(1, 0, 100, None, None)]


def test_the_one_who_was_beaten_to_a_place_goes_on_in_one_run() -> None:
    order = Order()
    order.integrate(text(2, 0, length=5))
    for clock in range(10):
        order.integrate(text(1, clock, (1, clock - 1) if clock else None))
    assert layout(order) == [(1, 0, 10, None, None), (2, 0, 5, None, None)]
    assert order.crossings.total == 2


def test_each_item_that_is_looked_at_is_a_step() -> None:
    """Siblings that see nothing of each other: each of them passes all before it."""
    order = Order()
    steps = [order.integrate(text(client, 0))[0] for client in range(1, 51)]
    assert steps == [2 * passed for passed in range(50)]  # one more for the walk to the place
    assert order.crossings.total == 2 * 49 * 25


def test_deletions_make_more_items() -> None:
    order = Order()
    order.integrate(text(1, 0, length=100))
    for clock in range(0, 100, 4):
        order.delete(1, clock, 2)
    assert order.integrate(text(2, 0))[0] == 50 + 1


def test_splitting_is_charged_by_what_has_to_be_walked_copied_and_moved() -> None:
    order = Order()
    order.integrate(text(1, 0, length=96_000))
    assert order.steps_to_delete([(1, 95_999, 1)]) == 2 + 95_999 // 128
    assert order.steps_to_delete([(1, 0, 1)]) == 2 + 95_999 // 10_000
    order.integrate(text(1, 96_000, (1, 95_999)))
    assert order.steps_to_delete([(1, 0, 1)]) > 3_000  # it has grown: all of it is copied once more


def test_a_known_value_chain_is_walked_by_whoever_ignores_it() -> None:
    order = Order()
    for clock in range(100):
        left = (1, clock - 1) if clock else None
        order.integrate(Struct(1, clock, 1, 8, left, None, None if left else "files", None if left else "k", None))
        if clock:
            order.delete(1, clock - 1, 1)
    steps, place = order.integrate(Struct(2, 0, 1, 8, None, None, "files", "k", None))
    assert place.key == "k"
    assert steps >= 2


def test_a_struct_between_neighbours_in_the_other_order() -> None:
    order = Order()
    order.integrate(text(1, 0, length=5))
    with pytest.raises(Invalid):
        order.integrate(text(2, 0, (1, 3), (1, 1)))
    order.undo()
    assert order.size == 0


def test_a_struct_between_neighbours_in_two_texts() -> None:
    order = Order()
    order.integrate(text(1, 0, length=5))
    order.integrate(Struct(2, 0, 1, STRING, None, None, "source/a", None, "x"))
    with pytest.raises(Invalid):
        order.integrate(text(3, 0, (1, 3), (2, 0)))

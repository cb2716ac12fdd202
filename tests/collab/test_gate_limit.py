"""The limits of one update, of a document, and of a participant in it."""

from contextlib import suppress
from itertools import pairwise

import pytest

from collab import gate as gate_module
from collab.gate import Gate, Limits, Verdict
from collab.update import parse
from collab.wire import TooLarge
from tests.collab.gate_room import Room
from tests.collab.typist import string, update


def test_the_limits_that_are_promised() -> None:
    limits = Limits()
    assert (limits.max_structs, limits.max_ranges) == (5_000, 5_000)
    assert (limits.max_new_clients, limits.max_clients) == (16, 1_000)


def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """One participant may fill the whole document."""
    monkeypatch.setattr(gate_module, "_SHARE_OF_STRUCTS", 1)
    monkeypatch.setattr(gate_module, "_SHARE_OF_BYTES", 1)


def test_a_document_that_is_full_to_the_last_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    alone(monkeypatch)
    first, second = update((1, 0, [string("abc")])), update((1, 3, [string("d", left=(1, 2))]))
    assert Room(first, limits=Limits(max_document_bytes=len(first + second))).judge(second) is Verdict.NEW
    with pytest.raises(TooLarge):
        Room(first, limits=Limits(max_document_bytes=len(first + second) - 1)).judge(second)


def test_so_many_pieces_in_a_document(monkeypatch: pytest.MonkeyPatch) -> None:
    alone(monkeypatch)
    room = Room(limits=Limits(max_document_structs=3))
    for client in (1, 2, 3):
        assert room.take(update((client, 0, [string("xy")])), f"participant {client}") is Verdict.NEW
    assert room.judge(update((3, 2, [string("z", left=(3, 1))]))) is Verdict.NEW  # the piece is longer
    for more in (string("x", left=(1, 1)), string("x", left=(1, 0), right=(1, 1))):
        with pytest.raises(TooLarge, match="the document has too many pieces"):
            room.judge(update((4, 0, [more])))


def test_deleted_ranges_are_pieces_too(monkeypatch: pytest.MonkeyPatch) -> None:
    alone(monkeypatch)
    room = Room(*[update((client, 0, [string("xyz")])) for client in (1, 2)], limits=Limits(max_document_structs=4))
    with pytest.raises(TooLarge):
        room.judge(update(deletes={1: [(0, 1), (2, 1)], 2: [(0, 1)]}))
    assert room.take(update(deletes={1: [(0, 1), (2, 1)]})) is Verdict.NEW
    with pytest.raises(TooLarge):
        room.judge(update(deletes={2: [(0, 1)]}))
    with pytest.raises(TooLarge):
        room.judge(update((3, 0, [string("x")])))


def test_everybody_together_fills_a_document(monkeypatch: pytest.MonkeyPatch) -> None:
    alone(monkeypatch)
    room = Room(limits=Limits(max_document_structs=4, max_document_bytes=900))
    for client in (1, 2):
        assert room.take(update((client, 0, [string("x" * 300)])), f"participant {client}") is Verdict.NEW
    assert room.take(update(deletes={1: [(0, 1)], 2: [(5, 1)]}), "ada") is Verdict.NEW
    with pytest.raises(TooLarge, match="the document has too many pieces"):
        room.judge(update((3, 0, [string("x")])), "bob")
    with pytest.raises(TooLarge, match="the document is full"):
        room.judge(update((3, 0, [string("x" * 300)])), "bob")


def test_guests_leave_half_of_a_document_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many of them come, one after another."""
    alone(monkeypatch)
    room = Room(limits=Limits(max_document_structs=4, max_document_bytes=1_000))

    def verdict(data: bytes, by: str, *, leaves_half: bool) -> Verdict:
        return room.gate.judge(parse(data), data, by, leaves_half=leaves_half)

    for client in (1, 2):
        assert verdict(update((client, 0, [string("x")])), f"guest {client}", leaves_half=True) is Verdict.NEW
        room.gate.admit()
    more = update((3, 0, [string("x")]))
    with pytest.raises(TooLarge, match="the document has too many pieces"):
        verdict(more, "guest 3", leaves_half=True)
    on, much = update((2, 1, [string("x", left=(2, 0))])), update((2, 1, [string("x" * 500, left=(2, 0))]))
    assert verdict(on, "guest 2", leaves_half=True) is Verdict.NEW  # what is there may grow
    room.gate.dismiss()
    with pytest.raises(TooLarge, match="the document is full"):
        verdict(much, "guest 2", leaves_half=True)
    assert verdict(more, "candidate", leaves_half=False) is Verdict.NEW


def test_nobody_fills_a_document_alone() -> None:
    """When one participant may add nothing more the others still may, also after a restart."""
    limits = Limits(max_document_structs=9, max_document_bytes=1_000)
    room, again = Room(limits=limits), Gate(limits)
    told = [update((client, 0, [string("x")])) for client in (1, 2)] + [update(deletes={1: [(0, 1)]})]
    for data in told:
        assert room.take(data, "eve") is Verdict.NEW
        again.restore(parse(data), len(data), "eve")
    more, on = update((3, 0, [string("x")])), update((2, 1, [string("y", left=(2, 0))]))
    large = update((4, 0, [string("x" * 490)]))
    some, some_more = (update((client, 0, [string("x" * 250)])) for client in (5, 6))
    for gate in (room.gate, again):
        with pytest.raises(TooLarge, match="pieces of one participant"):
            gate.judge(parse(more), more, "eve")
        assert gate.judge(parse(on), on, "eve") is Verdict.NEW
        gate.dismiss()
        assert gate.judge(parse(more), more, "ada") is Verdict.NEW
        gate.dismiss()
        with pytest.raises(TooLarge, match="much of one participant"):
            gate.judge(parse(large), large, "ada")
        assert gate.judge(parse(some), some, "ada") is Verdict.NEW
        gate.admit()
        with pytest.raises(TooLarge, match="much of one participant"):
            gate.judge(parse(some_more), some_more, "ada")


def test_so_many_clients_in_a_document(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_module, "_MAX_CLIENTS", 2)
    room = Room(*[update((client, 0, [string("x")])) for client in (1, 2)])
    for more in (update((3, 0, [string("x")])), update((2, 1, [string("y", left=(2, 0))]), (3, 0, [string("x")]))):
        with pytest.raises(TooLarge):
            room.judge(more)
    assert room.judge(update((2, 1, [string("y", left=(2, 0))]), deletes={1: [(0, 1)]})) is Verdict.NEW


def test_so_many_visits_of_one_update(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each passes all siblings before it. The journal passes as many as it has."""
    monkeypatch.setattr(gate_module, "_MAX_VISITS", 3)
    siblings = [update((client, 0, [string("x")])) for client in range(1, 7)]
    room = Room(*siblings[:4])
    with pytest.raises(TooLarge, match="too many others"):
        room.judge(siblings[4])
    for data in siblings[4:]:
        room.gate.restore(parse(data), len(data), "ada")
    assert room.gate.clocks == dict.fromkeys(range(1, 7), 1)


def steps_of(data: bytes, *known: bytes) -> int:
    room = Room(*known)
    assert room.take(data, "eve") is Verdict.NEW
    return room.gate._accounts["eve"].steps + 2 * len(data)


def test_what_an_update_costs() -> None:
    """The same for every update, and some for what it takes to put it into its place."""
    hello = update((1, 0, [string("hello")]))
    least = steps_of(hello)
    assert least == gate_module._STEPS_PER_UPDATE
    assert Room(limits=Limits(max_steps=least)).judge(hello) is Verdict.NEW
    with pytest.raises(TooLarge):
        Room(limits=Limits(max_steps=least - 1)).judge(hello)
    assert steps_of(update((1, 5, [string("!", left=(1, 4))])), hello) == least
    assert steps_of(update((2, 0, [string("x", left=(1, 1), right=(1, 2))])), hello) == least + 1  # a split
    assert steps_of(update(deletes={1: [(1, 1), (3, 1)]}), hello) == least + 6  # two ranges and four splits
    elsewhere = [update((client, 0, [string("x", root=f"source/{client}")])) for client in range(1, 8)]
    assert steps_of(update((8, 0, [string("x")])), *elsewhere) == least + 2  # eight clients
    siblings = [update((client, 0, [string("x")])) for client in range(1, 8)]
    costs = [steps_of(update((8, 0, [string("x")])), *siblings[:count]) for count in range(8)]
    assert all(less < more for less, more in pairwise(costs))


def test_an_update_that_costs_too_much_is_stopped_in_time() -> None:
    room = Room(limits=Limits(max_steps=50))
    with pytest.raises(TooLarge, match="costs everybody"):
        room.judge(update(*[(client, 0, [string("x")]) for client in range(1, 101)]))
    assert gate_module._MAX_VISITS - room.gate._order.visits_left <= 50
    assert room.judge(update((1, 0, [string("x")]))) is Verdict.NEW


def test_what_a_participant_may_cost() -> None:
    """What his bytes are worth is taken off; all others go on; it is remembered by the journal."""
    hello = update((1, 0, [string("x" * 100)]))
    edits = [update(deletes={1: [(at, 1)]}) for at in range(1, 60, 2)]
    costs = [steps_of(edit, hello, *edits[:at]) - 2 * len(edit) for at, edit in enumerate(edits)]
    assert min(costs) > 0
    told = [(hello, "ada"), *[(edit, "eve") for edit in edits[:-1]]]
    for limit in (sum(costs), sum(costs) - 1):
        room, again = Room(limits=Limits(max_participant_steps=limit)), Gate(Limits(max_participant_steps=limit))
        for data, by in told:
            assert room.take(data, by) is Verdict.NEW
            again.restore(parse(data), len(data), by)
        for gate in (room.gate, again):
            assert gate.judge(parse(edits[-1]), edits[-1], "ada") is Verdict.NEW
            gate.dismiss()
            if limit == sum(costs):
                assert gate.judge(parse(edits[-1]), edits[-1], "eve") is Verdict.NEW
            else:
                with pytest.raises(TooLarge):
                    gate.judge(parse(edits[-1]), edits[-1], "eve")


def test_so_many_crossings() -> None:
    """Edits in the same places as others': of a participant, and of all together; what crosses nothing goes on, also
    where the limit was higher once.
    """
    siblings = [(update((client, 0, [string("x")])), by) for client, by in enumerate(("ada", *["eve"] * 4, "ada"), 1)]
    counted = Room()
    reached = [0]
    for data, by in siblings:
        counted.take(data, by)
        reached.append(counted.gate._order.crossings.total)
    of_eve = reached[5] - reached[1]
    for limits, is_enough in (
        (Limits(max_participant_crossings=of_eve), True),
        (Limits(max_participant_crossings=of_eve - 1), False),
        (Limits(max_crossings=reached[5]), True),
        (Limits(max_crossings=reached[5] - 1), False),
    ):
        room, again = Room(limits=limits), Gate(limits)
        for data, by in siblings[:4]:
            assert room.take(data, by) is Verdict.NEW
            again.restore(parse(data), len(data), by)
        for gate in (room.gate, again):
            # What is not taken does not count.
            for data in (update((9, 0, [string("x", left=(1, 9))])), siblings[4][0]):
                with suppress(TooLarge):
                    gate.judge(parse(data), data, "ada")
                    gate.dismiss()
            data, by = siblings[4]
            if is_enough:
                assert gate.judge(parse(data), data, by) is Verdict.NEW
                gate.admit()
                data, _ = siblings[5]
            with pytest.raises(TooLarge):
                gate.judge(parse(data), data, "eve")
            data = update((3, 1, [string("more", left=(3, 0))]))
            assert gate.judge(parse(data), data, "eve") is Verdict.NEW
    lower = Gate(Limits(max_crossings=1))
    for data, by in siblings:
        lower.restore(parse(data), len(data), by)
    data = update((3, 1, [string("more", left=(3, 0))]))
    assert lower.judge(parse(data), data, "eve") is Verdict.NEW

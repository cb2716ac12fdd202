"""What each change to the order takes, and what no honest client can have known."""

import pytest

from collab import order as order_module
from collab.errors import Invalid
from collab.order import Order
from collab.update import ANY, Id, Struct
from tests.collab.test_order import layout, runs, text


def order_of(*structs: Struct) -> Order:
    order = Order()
    for struct in structs:
        order.integrate(struct)
    order.done()
    return order


# Deleting


def test_ranges_in_one_run_are_walked_to_from_the_last_cut() -> None:
    order = order_of(text(1, 0, length=1_000), text(2, 0, length=1_000))
    assert order.steps_to_delete([(1, 500, 1)]) == 1 + (1 + 500 // 128) + 1
    assert order.steps_to_delete([(1, 100, 1), (1, 500, 1)]) == (1 + 1 + 1) + 1 + (1 + 399 // 128) + 1
    assert order.steps_to_delete([(1, 100, 200), (1, 500, 1)]) == (1 + 1 + 2) + 1 + (1 + 200 // 128) + 1
    assert order.steps_to_delete([(1, 500, 1), (2, 400, 1)]) == (1 + 4 + 1) + 1 + (1 + 400 // 128) + 1
    assert order.steps_to_delete([(1, 0, 1_000)]) == 1


def test_every_run_of_a_range_is_a_step() -> None:
    order = order_of(text(1, 0, length=10), text(2, 0, (1, 2), (1, 3)), text(2, 1, (1, 5), (1, 6)))
    assert [start for client, start, *_ in layout(order) if client == 1] == [0, 3, 6]
    assert order.steps_to_delete([(1, 4, 4)]) == 2 + 1 + 1
    assert order.steps_to_delete([(1, 3, 3)]) == 1
    assert order.steps_to_delete([(1, 0, 10)]) == 3


def test_what_is_deleted_is_cut_off_already() -> None:
    order = order_of(text(1, 0, length=100_000))
    assert order.steps_to_delete([(1, 700, 1)]) == 1 + (1 + 700 // 128 + 99_300 // 10_000) + (1 + 99_299 // 10_000)
    order.delete(1, 0, 600)
    order.delete(1, 800, 100)
    assert order.steps_to_delete([(1, 700, 1)]) == 3
    assert order.steps_to_delete([(1, 600, 200)]) == 1


def test_what_was_typed_is_copied_when_it_is_cut_first() -> None:
    order = order_of(text(1, 0, length=6_400), text(1, 6_400, (1, 6_399)))
    assert order.steps_to_delete([(1, 64, 1), (1, 128, 1)]) == 6 + (6_401 + 6_337 + 6_336 + 6_273) // 32
    assert order.integrate(text(2, 0, (1, 63), (1, 64)))[0] == 1 + 6_401 // 32
    assert order.integrate(text(2, 1, (1, 31), (1, 32)))[0] == 1


def test_many_behind_a_cut_are_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_module, "_FEW_BEHIND", 4)
    monkeypatch.setattr(order_module, "_BEHIND_PER_STEP", 2)
    order = order_of(text(1, 0, length=10))
    for at in range(2):
        order.delete(1, 8 - 2 * at, 1)
        assert order.steps_to_delete([(1, 1, 1)]) == 3
    order.delete(1, 4, 1)
    assert order.steps_to_delete([(1, 1, 1)]) == 3 + 2 * (6 // 2)
    order = order_of(text(1, 0, length=10), *[text(1, 10 + at, None, (1, 9 + at if at else 0)) for at in range(5)])
    assert order.steps_to_delete([(1, 1, 1)]) == 3 + 2 * (5 // 2)
    assert order.steps_to_delete([(1, 10, 1)]) == 1
    order = order_of(text(1, 0, length=10))
    for clock in (0, 2, 4):
        order.delete(1, clock, 1)
    assert order.steps_to_delete([(1, 8, 1)]) == 3


def test_deleted_ranges_are_counted_as_they_join() -> None:
    order = order_of(text(1, 0, length=10))
    held = []
    for clock in (2, 6, 8, 7):
        order.delete(1, clock, 1)
        held.append(order.holes)
    assert held == [1, 2, 3, 2]


def test_a_run_is_as_many_items_as_its_deletions_make_of_it() -> None:
    order = order_of(text(1, 0, length=12), text(2, 0, (1, 7), (1, 8)))
    order.delete(1, 2, 2)
    order.delete(1, 6, 3)
    assert [order._items(run) for run in runs(order)] == [4, 1, 2]


# Finding a place


def test_who_does_not_know_of_a_value_passes_all_that_are_there() -> None:
    order = Order()
    for turn in range(100):
        left = (1 + (turn - 1) % 2, (turn - 1) // 2) if turn else None
        root, key = (None, None) if left else ("files", "k")
        order.integrate(Struct(1 + turn % 2, turn // 2, 1, ANY, left, None, root, key, None))
    assert order.size == 100
    steps, _ = order.integrate(Struct(9, 0, 1, ANY, None, None, "files", "k", None))
    assert steps >= (1 + 1 + order_module._STEPS_PER_VISIT) * 100  # a browser walks to the last one first


@pytest.mark.parametrize("left", [None, (2, 0)])
def test_ranks_ascend_when_there_is_no_room_between_two(left: Id | None) -> None:
    order = order_of(text(2, 0, length=2))
    free = order.visits_left
    for clock in range(150):
        right = (1, clock - 1) if clock else (2, 1) if left else (2, 0)
        order.integrate(text(1, clock, left, right))
        ranks = [run.rank for run in runs(order)]
        assert ranks == sorted(set(ranks))
    assert [run.clock for run in runs(order) if run.client == 1] == list(range(149, -1, -1))
    assert 1 <= free - order.visits_left <= 150 // 4  # new ranks for all, twice


def test_what_a_client_knows_is_looked_up_once() -> None:
    """The forty runs of another, who typed each before the last."""
    order = order_of(text(3, 0), *[text(3, clock, None, (3, clock - 1)) for clock in range(1, 40)])
    order.integrate(text(7, 0, (3, 39), (3, 38)))
    visit = order_module._STEPS_PER_VISIT
    assert order.integrate(text(8, 0, (3, 39), (3, 38)))[0] == 1 + 40 // 4 + visit + 1
    order.integrate(text(9, 0, (8, 0), (3, 38)))
    order.done()
    order.integrate(text(5, 0, (3, 39), (3, 38)))
    order.undo()
    assert order.integrate(text(8, 1, (8, 0), (3, 38)))[0] < 1 + 40 // 4


@pytest.mark.parametrize("base", [1, 9])
def test_whoever_goes_on_behind_what_he_does_not_know(base: int) -> None:
    """A third one inserted between the last that he typed and its right neighbour."""
    order = order_of(text(base, 0, length=2), text(5, 0, (base, 0), (base, 1)), text(3, 0, (5, 0), (base, 1)))
    order.integrate(text(5, 1, (5, 0), (base, 1)))
    assert [(run.client, run.clock) for run in runs(order)] == [(base, 0), (5, 0), (3, 0), (5, 1), (base, 1)]


# What nobody honest can have


@pytest.mark.parametrize(
    ("left", "right"), [((1, 3), (1, 1)), ((1, 4), (1, 1)), ((1, 4), (1, 0)), ((1, 1), (1, 1)), ((3, 0), (1, 1))]
)
def test_neighbours_in_the_other_order(left: Id, right: Id) -> None:
    order = order_of(text(1, 0, length=5), text(3, 0, (1, 4)))
    with pytest.raises(Invalid):
        order.integrate(text(2, 0, left, right))


@pytest.mark.parametrize(
    ("known", "struct"),
    [
        pytest.param([text(5, 0), text(3, 0)], text(5, 1, (3, 0)), id="what he typed himself"),
        pytest.param([text(5, 0), text(3, 0, (5, 0))], text(3, 1, (5, 0)), id="and typed last"),
        pytest.param([text(3, 0), text(3, 1, None, (3, 0))], text(5, 0, (3, 1)), id="what his neighbour typed before"),
        pytest.param([text(3, 0), text(7, 0, (3, 0))], text(5, 0, None, (7, 0)), id="what his neighbour stands on"),
        pytest.param(
            [text(3, 0), text(3, 1, None, (3, 0)), text(7, 0, (3, 1), (3, 0))],
            text(5, 0, (7, 0)),
            id="what his neighbour knew",
        ),
    ],
)
def test_neighbours_between_which_there_was_something(known: list[Struct], struct: Struct) -> None:
    order = order_of(*known)
    with pytest.raises(Invalid):
        order.integrate(struct)

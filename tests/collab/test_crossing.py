"""How many items may pass each other: what each item adds to it, and that what is undone leaves no trace."""

from dataclasses import dataclass
from typing import Any

from collab.crossing import Crossed, Crossings


@dataclass(eq=False)
class Item:
    rank: int
    crossed: Crossed | None = None


def everything(crossings: Crossings, *items: Item) -> list[Any]:
    """Of items, by whom they know: identity does not matter."""
    families = [item.crossed.family for item in items if item.crossed is not None]
    state: list[Any] = [crossings.total]
    for item in items:
        if item.crossed is None:
            state.append(None)
        else:
            family, left, right = item.crossed
            sides = [[families.index(each) for each in side] for side in (left, right)]
            state.append((family.items, family.passed, *sides))
    return state


def test_an_item_alone_passes_nothing() -> None:
    crossings, alone = Crossings(), Item(1)
    assert crossings.insert(alone, [], None, None) == 0
    assert crossings.split(alone, 2) == 0
    crossings.insert(Item(2), [], alone, None)
    crossings.insert(Item(0), [], None, alone)
    crossings.done()
    assert everything(crossings, alone) == [0, None]


def siblings() -> tuple[Crossings, Item, Item, Item]:
    """Three between the same origins, who do not know of each other."""
    crossings, first, second, third = Crossings(), Item(1), Item(2), Item(3)
    assert crossings.insert(first, [], None, None) == 0
    assert crossings.insert(third, [(first, 1)], None, None) == 0
    assert crossings.insert(second, [(first, 1), (third, 1)], None, None) == 0
    crossings.done()
    return crossings, first, second, third


def test_each_sibling_may_pass_each_other() -> None:
    crossings, *items = siblings()
    assert everything(crossings, *items) == [3, (1, 0, [], [2, 1]), (1, 0, [0], [2]), (1, 0, [0, 1], [])]


def test_what_is_many_items_is_passed_so_often() -> None:
    crossings, long, late = Crossings(), Item(1), Item(2)
    crossings.insert(long, [], None, None)
    crossings.insert(late, [(long, 5)], None, None)
    assert crossings.total == 5
    assert crossings.split(late, 2) == 1
    assert crossings.total == 15


def test_each_part_of_a_sibling_may_pass_the_others() -> None:
    for at in range(3):
        crossings, *items = siblings()
        before = everything(crossings, *items)
        assert crossings.split(items[at], 2) == 2
        assert crossings.total == 3 + 2 * 2
        crossings.undo()
        assert everything(crossings, *items) == before


def test_who_may_pass_a_neighbour_may_pass_what_stands_beside_it() -> None:
    crossings, first, second, third = siblings()
    behind, ahead = Item(4), Item(0)
    assert crossings.insert(behind, [], third, None) == 2
    assert crossings.total == 3 + 2
    assert crossings.insert(ahead, [], None, first) == 2
    assert crossings.total == 3 + 2 + 2
    crossings.done()
    before = everything(crossings, ahead, first, second, third, behind)
    for item, visited, more in ((ahead, 2, 2), (first, 2, 3), (second, 2, 4), (third, 2, 3), (behind, 2, 2)):
        assert crossings.split(item, 1) == visited
        assert crossings.total == 7 + more
        crossings.undo()
        assert everything(crossings, ahead, first, second, third, behind) == before


def test_what_is_undone_leaves_no_trace() -> None:
    crossings = Crossings()
    crossings.insert(Item(2), [(Item(1), 1)], None, None)
    crossings.undo()
    assert crossings.total == 0
    crossings, *items = siblings()
    before = everything(crossings, *items)
    for _ in range(2):
        new = Item(4)
        crossings.insert(new, [(item, 1) for item in items], None, None)
        crossings.insert(Item(5), [], new, None)
        crossings.split(items[1], 2)
        crossings.split(new, 2)
        assert crossings.total > before[0]
        crossings.undo()
        assert everything(crossings, *items) == before

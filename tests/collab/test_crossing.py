"""Who may visit whom: counted, and taken back."""

from dataclasses import dataclass, field

import pytest

from collab.crossing import MAX_VISITORS, Crossings
from collab.update import Id
from collab.wire import TooLarge


@dataclass
class Run:
    visitors: list[Id] = field(default_factory=list)


def test_every_item_is_visited_by_every_visitor() -> None:
    crossings, one, other = Crossings(), Run(), Run()
    crossings.visit([(one, 3)], ((1, 0),))
    crossings.visit([(one, 3)], ((2, 0), (3, 0)))
    crossings.visit([(other, 1)], ((1, 0),))
    assert crossings.total == 10
    crossings.split(one, 2)
    crossings.split(Run(), 5)
    assert crossings.total == 16


def test_what_is_done_stays_and_what_is_not_is_taken_back() -> None:
    crossings, run = Crossings(), Run()
    crossings.visit([(run, 1)], ((1, 0),))
    crossings.done()
    crossings.visit([(run, 1)], ((2, 0),))
    crossings.split(run, 4)
    crossings.undo()
    assert (crossings.total, run.visitors) == (1, [(1, 0)])
    crossings.split(run, 1)
    crossings.undo()
    assert crossings.total == 1
    crossings.split(run, 1)
    crossings.done()
    crossings.undo()
    assert crossings.total == 2


def test_so_many_visitors() -> None:
    crossings, run = Crossings(), Run()
    crossings.visit([(run, 1)], ((1, 0),) * MAX_VISITORS)
    with pytest.raises(TooLarge):
        crossings.visit([(run, 1)], ((1, 0),))
    assert crossings.total == MAX_VISITORS

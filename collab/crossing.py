"""How many items pass each other on the way to their places, at most, in whatever order they are integrated.

What a document costs a newcomer depends on the order in which he integrates it, which is not ours: an item may have to
visit every other one between its origins of which it did not know.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from collab.wire import TooLarge

MAX_FAMILIES = 1_024
"""That may pass one run: two people off line would each have to make as many runs in the very same place."""


class Family:
    """A run and what is cut from it."""

    __slots__ = ("items", "passed")

    def __init__(self, items: int) -> None:
        self.items = items
        self.passed = 0  # items that stand beside one that each of these may pass


class Crossed(NamedTuple):
    """With whom a run may have to change places: families on its left and on its right."""

    family: Family
    left: tuple[Family, ...]
    right: tuple[Family, ...]


class Run(Protocol):
    rank: int
    crossed: Crossed | None


class Crossings:
    """Invariant: in no order do more than ``total`` visits of one item to another happen."""

    def __init__(self) -> None:
        self.total = 0
        self._kept = 0
        self._runs: list[tuple[Run, Crossed | None]] = []  # as they were, since ``done``
        self._families: list[tuple[Family, int, int]] = []

    def insert(self, run: Run, gap: Sequence[tuple[Run, int]], origin: Run | None, after: Run | None) -> int:
        """``run`` was put among those of the ``gap`` between its origins, each of so many items; how many it touched.

        Whoever may pass a neighbour may pass it, too.
        """
        left = origin.crossed.left if origin is not None and origin.crossed is not None else ()
        right = after.crossed.right if after is not None and after.crossed is not None else ()
        if not gap and not left and not right:
            return 0
        if len(left) + len(right) > MAX_FAMILIES:
            raise TooLarge("an update in the middle of too many others")
        family = Family(1)
        self._meet(left + right, 1)
        on_left: list[Family] = []
        on_right: list[Family] = []
        for other, items in gap:
            self.total += items
            crossed = other.crossed or Crossed(Family(items), (), ())
            self._runs.append((other, other.crossed))
            if other.rank < run.rank:
                on_left.append(crossed.family)
                other.crossed = crossed._replace(right=(*crossed.right, family))
            else:
                on_right.append(crossed.family)
                other.crossed = crossed._replace(left=(*crossed.left, family))
        run.crossed = Crossed(
            family, (*left, *on_left) if on_left else left, (*right, *on_right) if on_right else right
        )
        return len(left) + len(right)

    def split(self, run: Run, more: int) -> int:
        """``run`` has so many items more; how many it touched."""
        crossed = run.crossed
        if crossed is None:
            return 0
        self._families.append((crossed.family, crossed.family.items, crossed.family.passed))
        self.total += more * crossed.family.passed
        crossed.family.items += more
        self._meet(crossed.left + crossed.right, more)
        return len(crossed.left) + len(crossed.right)

    def _meet(self, families: tuple[Family, ...], items: int) -> None:
        for family in families:
            self._families.append((family, family.items, family.passed))
            self.total += items * family.items
            family.passed += items

    def done(self) -> None:
        if self._runs or self._families:
            self._kept = self.total
            self._runs.clear()
            self._families.clear()

    def undo(self) -> None:
        """Take back all since ``done``."""
        self.total = self._kept
        for run, crossed in reversed(self._runs):
            run.crossed = crossed
        for family, items, passed in reversed(self._families):
            family.items, family.passed = items, passed
        self.done()

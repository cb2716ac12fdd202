"""How many items visit each other on the way to their places, at most, in whatever order they are integrated.

What a document costs a newcomer depends on the order in which he integrates it, which is not ours. An item that is put
between its origins visits those there that stand, directly or not, on its own left origin; and only those of which it
did not know, for what it builds on is there first, and nothing that builds on it is there yet.
"""

from collections.abc import Sequence
from typing import Protocol

from collab.update import Id
from collab.wire import TooLarge

MAX_VISITORS = 1_024
"""Of one run: two people off line would each have to begin as often in the very same place."""


class Run(Protocol):
    visitors: list[Id]


class Crossings:
    """Invariant: in no order do more than ``total`` visits happen, beside the one that ends each search for a place."""

    def __init__(self) -> None:
        self.total = 0
        self._kept = 0
        self._runs: list[tuple[Run, int]] = []  # and how many visitors they had, since ``done``

    def visit(self, runs: Sequence[tuple[Run, int]], visitors: Sequence[Id]) -> None:
        """``visitors``, by the first clock of each, may visit ``runs``, which are so many items each, beside those
        before.
        """
        for run, items in runs:
            held = len(run.visitors)
            if held + len(visitors) > MAX_VISITORS:
                raise TooLarge("an update in the middle of too many others")
            self._runs.append((run, held))
            run.visitors.extend(visitors)  # in place: copying them would take the square of their number
            self.total += items * len(visitors)

    def split(self, run: Run, more: int) -> None:
        """``run`` is so many items more."""
        self.total += more * len(run.visitors)

    def done(self) -> None:
        self._kept = self.total
        if self._runs:
            self._runs.clear()

    def undo(self) -> None:
        """Take back all since ``done``."""
        self.total = self._kept
        for run, visitors in reversed(self._runs):
            del run.visitors[visitors:]
        self._runs.clear()

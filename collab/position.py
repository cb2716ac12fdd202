"""Where relative positions are, in UTF-16 units.

Algorithm: https://github.com/yjs/yjs (src/utils/RelativePosition.js, ``createAbsolutePositionFromRelativePosition``).
"""

from collections.abc import Sequence
from typing import Any

from collab.order import Order
from collab.ranges import Ranges
from collab.update import Id

Relative = dict[str, Any]
"""As ``collab.presence`` lets them through: with ``item``, ``tname`` and ``assoc``."""

Absolute = tuple[str, int]
"""The name of a text, and how much of it is before."""

_END: Id = (-1, 0)
_NOTHING = Ranges()


def absolute(order: Order, positions: Sequence[Relative]) -> list[Absolute | None]:
    """Each position in its text as it is now; None where what it stands at is not there, or is no text.

    Takes one walk of each text.
    """
    found: list[tuple[str, Id | None, int] | None] = [_stands(order, position) for position in positions]
    sought: dict[str, set[Id]] = {}
    for root, at, _ in filter(None, found):
        if at is not None:
            sought.setdefault(root, set()).add(at)
    before = {root: _before(order, root, ids) for root, ids in sought.items()}
    return [each and (each[0], each[2] + (0 if each[1] is None else before[each[0]][each[1]])) for each in found]


def _stands(order: Order, position: Relative) -> tuple[str, Id | None, int] | None:
    """The text, what the position stands before, None at the beginning, and how much farther it is."""
    item, is_left = position["item"], position["assoc"] < 0
    if item is None:
        return position["tname"], None if is_left else _END, 0
    client, clock = item["client"], item["clock"]
    if clock >= order.clocks.get(client, 0):
        return None
    place = order.place_of((client, clock))
    if place.key is not None:
        return None
    return place.root, (client, clock), int(is_left and not order.is_deleted(client, clock, 1))


def _before(order: Order, root: str, ids: set[Id]) -> dict[Id, int]:
    """How much of the text is before each of these."""
    clocks: dict[int, list[int]] = {}
    for client, clock in ids:
        clocks.setdefault(client, []).append(clock)
    place = order.places.get((root, None))
    run = None if place is None else place.head
    before: dict[Id, int] = {}
    count = 0
    while run is not None and len(before) < len(ids):
        start, end = run.clock, run.clock + run.length
        deleted = order.deleted.get(run.client, _NOTHING)
        for clock in clocks.get(run.client, ()):
            if start <= clock < end:
                before[run.client, clock] = count + clock - start - deleted.covered(start, clock)
        count += run.length - deleted.covered(start, end)
        run = run.next
    before[_END] = count
    return before

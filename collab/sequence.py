"""In which sequence Yjs integrates the structs of an update."""

from collections.abc import Iterable

from collab.errors import Invalid
from collab.update import Id, Struct


def in_order(structs: Iterable[Struct]) -> list[Struct]:
    """``structs``, contiguous for each client, as Yjs integrates them: from the highest client id down, and before each
    what it builds on. What is not among them is taken to be there.

    Raises Invalid where they wait on each other.
    """
    lanes: dict[int, list[Struct]] = {}
    for struct in structs:
        lanes.setdefault(struct.client, []).append(struct)
    for lane in lanes.values():
        lane.reverse()
    ordered: list[Struct] = []
    ends = {client: lane[0].clock + lane[0].length for client, lane in lanes.items()}
    reached = {client: lane[-1].clock for client, lane in lanes.items()}
    waiting: list[Struct] = []
    blocked: set[int] = set()  # clients of the waiting structs
    for client in sorted(lanes, reverse=True):
        lane = lanes[client]
        while lane or waiting:
            struct = waiting.pop() if waiting else lane.pop()
            blocked.discard(struct.client)
            reached[struct.client] = struct.clock  # further on where clocks are left out
            needed = _needed(struct.left, reached, ends)
            if needed is None:
                needed = _needed(struct.right, reached, ends)
            if needed is None:
                ordered.append(struct)
                reached[struct.client] = struct.clock + struct.length
                continue
            blocked.add(struct.client)
            if needed in blocked:
                raise Invalid("structs that wait on each other")
            waiting += (struct, lanes[needed].pop())
    return ordered


def _needed(origin: Id | None, reached: dict[int, int], ends: dict[int, int]) -> int | None:
    """The client of an origin that is still to come."""
    if origin is None:
        return None
    client, clock = origin
    return client if reached.get(client, clock + 1) <= clock < ends.get(client, 0) else None

"""Who is let in when many are connected already."""

from contextlib import ExitStack

import pytest

from collab.errors import Refused
from collab.wire import CloseCode
from rooms.grant import Grant
from rooms.participant import Role
from web.capacity import Capacity


def grant(participant: str, *, ticket: str = "", document: str = "room", role: Role = Role.GUEST) -> Grant:
    return Grant(document, document, participant, role, True, {}, False, False, ticket or f"{participant}'s", None)


class Door:
    """Connections that stay until they are told to go."""

    def __init__(self, of_participant: int = 0, of_document: int = 0, of_server: int = 0) -> None:
        self.capacity = Capacity(of_participant, of_document, of_server)
        self.inside: list[ExitStack] = []

    def lets_in(self, granted: Grant) -> bool:
        stack = ExitStack()
        try:
            stack.enter_context(self.capacity.taken(granted))
        except Refused:
            return False
        self.inside.append(stack)
        return True

    def fill(self, granted: Grant) -> int:
        """How many more are let in."""
        count = 0
        while self.lets_in(granted):
            count += 1
        return count


def test_one_participant() -> None:
    door = Door(of_participant=3)
    assert door.fill(grant("eve")) == 3
    with pytest.raises(Refused) as refused, door.capacity.taken(grant("eve", ticket="another")):
        pass
    assert refused.value.code is CloseCode.RATE
    assert door.lets_in(grant("eve", document="room.notes"))
    assert door.fill(grant("ada")) == 3
    door.inside.pop(0).close()
    assert door.fill(grant("eve")) == 1


def test_one_document() -> None:
    door = Door(of_document=3)
    assert door.fill(grant("eve")) == 3
    assert [door.lets_in(grant(name)) for name in ("ada", "bob", "cy", "dan")] == [True, True, True, False]
    assert not door.lets_in(grant("ada"))
    assert door.fill(grant("eve", document="another")) == 3


def test_the_whole_server() -> None:
    door = Door(of_server=3)
    assert door.fill(grant("eve")) == 3
    assert not door.lets_in(grant("eve"))
    assert [door.lets_in(grant(name, document=name)) for name in ("ada", "bob", "cy", "dan")] == [True] * 3 + [False]


@pytest.mark.parametrize("limits", [(2, 3, 0), (2, 0, 20), (2, 3, 20)])
def test_the_candidate_is_let_in_whoever_fills_the_room(limits: tuple[int, int, int]) -> None:
    door = Door(*limits)
    for name in ("eve", "mal", "sybil", "trudy"):
        door.fill(grant(name))
    assert door.lets_in(grant("cleo", role=Role.CANDIDATE))


def test_another_who_says_he_is_the_candidate_keeps_the_candidate_not_out() -> None:
    door = Door(of_participant=2, of_document=30)
    assert door.fill(grant("cleo", ticket="impostor's", role=Role.CANDIDATE)) == 2
    for number in range(10):
        assert door.fill(grant("cleo", ticket=f"impostor's {number}", role=Role.CANDIDATE)) == 1
    assert door.lets_in(grant("cleo", role=Role.CANDIDATE))


def test_no_limits_and_nothing_left_behind() -> None:
    door = Door()
    assert all(door.lets_in(grant("eve")) for _ in range(100))
    for stack in door.inside:
        stack.close()
    assert not door.capacity._connections
    with pytest.raises(ValueError, match="inside"), door.capacity.taken(grant("eve")):
        raise ValueError("inside")
    assert not door.capacity._connections

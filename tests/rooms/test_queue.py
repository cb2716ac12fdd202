"""Who waits where, told to everybody who waits."""

import anyio
import pytest

from rooms import seating
from rooms.errors import InterviewUnknown
from rooms.participant import Role
from rooms.policy import OverLimit
from rooms.view import View
from tests.rooms.conftest import House

pytestmark = pytest.mark.anyio


async def test_it_is_read_once_for_all_who_wait(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """B1: however many wait, and however many streams each of them opens, the candidate's joining costs one reading."""
    olga = await house.member()
    interview = await house.interview(olga, limits={"guests": 1, "over_limit": OverLimit.WAIT})
    guests = [await house.join(interview, Role.GUEST) for _ in range(12)]
    await house.join(interview, Role.CANDIDATE)
    entry = (await house.entries(interview))[-1].entry
    readings = 0
    read = seating.of_interview

    async def counted(*arguments: object) -> object:
        nonlocal readings
        readings += 1
        return await read(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(seating, "of_interview", counted)
    places: set[int] = set()

    async def ask(participant_id: str) -> None:
        queue = await house.rooms.views.queue(interview, entry)
        assert queue.entry >= entry
        places.add(queue.admission(participant_id)["place"])

    async with anyio.create_task_group() as tasks:
        for guest in guests[1:] * 8:
            tasks.start_soon(ask, guest.participant.id)
    assert (places, readings) == (set(range(1, 12)), 1)
    await house.rooms.leave(interview, guests[5].ticket)
    entry = (await house.entries(interview))[-1].entry
    assert (await house.rooms.views.queue(interview, entry)).admission(guests[6].participant.id)["place"] == 5
    assert readings == 2 + 1  # leaving asks too
    with pytest.raises(InterviewUnknown):
        await house.rooms.views.queue("nowhere", 0)


async def test_what_a_waiting_one_need_not_look_at(house: House) -> None:
    olga = await house.member()
    interview = await house.interview(olga, limits={"guests": 1, "over_limit": OverLimit.WAIT})
    first, waiting = [await house.join(interview, Role.GUEST) for _ in range(2)]
    outside: View = await house.rooms.views.of(interview, waiting.ticket)
    inside: View = await house.rooms.views.of(interview, first.ticket)
    own = f'{{"id": "{waiting.participant.id}"}}'.encode()
    others = f'{{"id": "{first.participant.id}"}}'.encode()
    cases = [("participant.connected", own), ("participant.connected", others), ("interview.finished", b"{}")]
    assert [outside.concerns(*each) for each in cases] == [True, False, True]
    assert all(inside.concerns(*each) for each in cases)
    newest: int = outside.snapshot["entry"]
    assert outside.moves("admission.changed", newest + 1)
    assert not outside.moves("admission.changed", newest)
    assert not outside.moves("chat", newest + 1)
    assert not inside.moves("admission.changed", newest + 1)

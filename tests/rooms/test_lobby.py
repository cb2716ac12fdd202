"""The lobby: interviewers prepare unseen until they let candidate and guests in."""

from typing import Any

import pytest

from rooms.errors import TicketInvalid
from rooms.participant import Role
from rooms.policy import OverLimit, Phase, State
from rooms.principal import Principal
from tests.rooms.conftest import House

pytestmark = pytest.mark.anyio


async def lobby(house: House, olga: Principal, **limits: Any) -> str:
    return await house.interview(olga, limits={"lobby": True} | limits, interviewers=(olga.email,))


async def test_let_in_together(house: House) -> None:
    """A24, B1: candidate and guests wait, see nothing, and come in at once; interviewers work meanwhile."""
    olga = await house.member()
    interview = await lobby(house, olga)
    waiting = [await house.join(interview, role) for role in (Role.CANDIDATE, Role.GUEST)]
    assert {(each.admission.state, each.openings) for each in waiting} == {(State.WAITING, ())}
    assert waiting[0].admission.reason == "The interviewers will let you in."
    for each in waiting:
        with pytest.raises(TicketInvalid):
            await house.grant(each)
    inside = await house.join(interview, Role.INTERVIEWER, olga)
    assert inside.admission.state is State.SEATED
    assert (await house.grant(inside, ".notes")).may_write
    for _ in range(2):
        opened = await house.rooms.moderation.admit(olga, interview)
        assert (opened.phase, opened.opened_at_ms) == (Phase.PENDING, house.clock.at_ms)
    for each in waiting:
        assert (await house.grant(each)).may_write
    events = await house.events(interview)
    assert events.count("interview.opened") == 1
    assert events[events.index("interview.opened") :] == ["interview.opened"] + ["admission.changed"] * 2


async def test_the_limits_hold_when_the_door_opens(house: House) -> None:
    olga = await house.member()
    interview = await lobby(house, olga, guests=1)
    first, second = [await house.join(interview, Role.GUEST) for _ in range(2)]
    await house.rooms.moderation.admit(olga, interview)
    assert (await house.grant(first)).may_write
    with pytest.raises(TicketInvalid):
        await house.grant(second)


async def test_without_a_lobby_there_is_nothing_to_open(house: House) -> None:
    olga = await house.member()
    interview = await house.interview(olga, interviewers=(olga.email,))
    assert (await house.rooms.moderation.admit(olga, interview)).opened_at_ms is None
    assert await house.events(interview) == []


@pytest.mark.parametrize("change", [{"lobby": False}, {"guests": 2}])
async def test_who_waits_is_seated_when_the_limits_change(house: House, change: dict[str, Any]) -> None:
    """A29: a limit that is raised, or a lobby that is done away with, lets in at once."""
    olga = await house.member()
    interview = await house.interview(
        olga, limits={"lobby": "lobby" in change, "guests": 1, "over_limit": OverLimit.WAIT}
    )
    last = [await house.join(interview, Role.GUEST) for _ in range(1 if "lobby" in change else 2)][-1]
    assert last.admission.state is State.WAITING
    await house.rooms.agenda.change(olga, interview, {"limits": change})
    assert (await house.grant(last)).may_write
    assert (await house.events(interview))[-1] == "admission.changed"


async def test_the_room_hears_what_it_is_shown(house: House) -> None:
    """A36: title, instructions and call are told when they change; the rest is not the room's business."""
    olga = await house.member()
    interview = await house.active(olga)
    before = len(await house.events(interview))
    await house.rooms.agenda.change(olga, interview, {"candidate_email": "cleo@example.org", "language": "rust"})
    await house.rooms.agenda.change(olga, interview, {"meeting_url": None})
    assert len(await house.events(interview)) == before
    await house.rooms.agenda.change(olga, interview, {"instructions": "Think aloud.\nAsk.", "title": "Backend"})
    await house.rooms.agenda.change(olga, interview, {"meeting_url": "https://meet.example/x"})
    await house.rooms.lifecycle.finish(olga, interview)
    await house.rooms.agenda.change(olga, interview, {"title": "Afterwards"})
    assert (await house.events(interview))[before:] == ["interview.changed"] * 2 + ["interview.finished"]

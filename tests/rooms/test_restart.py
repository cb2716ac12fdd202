"""What a process says at its start of those whom the one before it has left behind."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from rooms.participant import Role
from rooms.policy import OverLimit
from rooms.seat import Seats
from rooms.service import Service
from tests.rooms.conftest import House

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def _started(house: House) -> AsyncIterator[Seats]:
    """Another process on the same disk, whose predecessor has said nothing more."""
    rooms = Service(house.database, house.journal, house.registry, house.clock)
    async with rooms.seats.running():
        yield rooms.seats


async def test_whoever_was_connected_is_not_any_more(house: House) -> None:
    """On record once, before anybody comes back; nothing is told of those who had gone, or only waited."""
    olga = await house.member()
    interview = await house.interview(olga)
    await house.rooms.agenda.change(olga, interview, {"limits": {"interviewers": 1, "over_limit": OverLimit.WAIT}})
    ada = await house.join(interview, Role.CANDIDATE)
    ann = await house.join(interview, Role.INTERVIEWER, olga)
    gil = await house.join(interview, Role.GUEST, name="Gil")
    ben = await house.join(interview, Role.INTERVIEWER, await house.member("ben@example.org"))
    for each in (ada, ann):
        await house.connect(each)
    await house.disconnect(await house.connect(gil))
    with house.rooms.seats.listening(interview, ben.participant.id):
        await house.rooms.seats.sweep()
        told = len(await house.entries(interview))
        async with _started(house) as seats:
            await seats.connected(await house.grant(ann), lambda code, reason: None)
        async with _started(house):
            pass
        async with _started(house):
            pass
    later = [(entry.kind, json.loads(entry.payload)) for entry in (await house.entries(interview))[told:]]
    gone = [event for kind, event in later[:2] if kind == "participant.disconnected"]
    assert sorted(event["id"] for event in gone) == sorted([ada.participant.id, ann.participant.id])
    assert [set(event) for event in gone] == [{"id"}, {"id"}]
    assert [(kind, event["id"]) for kind, event in later[2:]] == [
        ("participant.connected", ann.participant.id),
        ("participant.disconnected", ann.participant.id),
    ]


async def test_when_it_is_over_nothing_is_told(house: House) -> None:
    """A35: the end is the last line."""
    olga = await house.member()
    interview = await house.active(olga)
    await house.connect(await house.join(interview, Role.INTERVIEWER, olga))
    await house.rooms.lifecycle.finish(olga, interview)
    async with _started(house):
        pass
    assert (await house.events(interview))[-1] == "interview.finished"

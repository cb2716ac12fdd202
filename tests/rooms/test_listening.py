"""Who only listens to the events: interviewers see that the browser is there, and nothing of it is on record."""

import json
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from collab.journal import Journal, Transaction
from collab.log import Subscription
from rooms.participant import Role
from rooms.principal import Principal
from rooms.service import Joined
from tests.rooms.conftest import House

pytestmark = pytest.mark.anyio

Told = tuple[str, int, list[int] | None]


@dataclass
class Phones:
    """The candidate's two browsers, which have joined and are not connected."""

    house: House
    owner: Principal
    interview: str
    joined: list[Joined]
    ids: list[str]
    heard: Subscription

    def listening(self, at: int) -> Any:
        seats = self.house.rooms.seats
        return seats.listening(self.interview, self.joined[at].participant.id, self.ids[at])

    async def told(self) -> list[Told]:
        """Since the last look: kind, entry and devices."""
        await self.house.rooms.seats.sweep()
        await self.house.rooms.seats.sweep()
        async with self.house.journal.transaction() as transaction:
            await transaction.mention(self.interview, "end", {})
        found: list[Told] = []
        while (entry := await anext(self.heard)).kind != "end":
            event = json.loads(entry.payload)
            if entry.kind.startswith("participant."):
                devices = event.get("devices")
                found.append((entry.kind, entry.entry, devices and [self.ids.index(each["id"]) for each in devices]))
        return found


@pytest.fixture
async def phones(house: House) -> AsyncIterator[Phones]:
    owner = await house.member()
    interview = await house.interview(owner)
    joined, ids = [], []
    for _ in range(2):
        joined.append(await house.join(interview, Role.CANDIDATE))
        ids.append((await house.grant(joined[-1])).device_id or "")
        house.clock.at_ms += 1000
    async with house.journal.subscribe(interview) as heard:
        yield Phones(house, owner, interview, joined, ids, heard)


def heard(*devices: int) -> Told:
    return ("participant.devices", 0, [*devices])


async def test_coming_and_going(phones: Phones) -> None:
    """B1: the oldest first; a second stream of the same browser changes nothing."""
    before = await phones.house.entries(phones.interview)
    with phones.listening(1):
        assert await phones.told() == [heard(1)]
        with phones.listening(0), phones.listening(1):
            assert await phones.told() == [heard(0, 1)]
        assert await phones.told() == [heard(1)]
    assert await phones.told() == [heard()]
    assert await phones.house.entries(phones.interview) == before


async def test_with_connections(phones: Phones) -> None:
    """What is connected is on record as before, whoever listens beside it."""
    with phones.listening(0):
        await phones.told()
        grants = [await phones.house.connect(each) for each in phones.joined]
        assert [(kind, devices) for kind, entry, devices in await phones.told() if entry] == [
            ("participant.connected", [0]),
            ("participant.devices", [0, 1]),
        ]
        with phones.listening(1):
            assert await phones.told() == []
        for grant in reversed(grants):
            await phones.house.disconnect(grant)
        assert [(kind, devices) for kind, entry, devices in await phones.told() if entry] == [
            ("participant.devices", [0]),
            ("participant.disconnected", [0]),
        ]
    assert await phones.told() == [heard()]


async def test_back_before_it_was_told_that_he_had_gone(phones: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    """What changes while it is being told is told after it."""
    mention = Transaction.mention
    with ExitStack() as again, phones.listening(0):
        with phones.listening(1):
            assert await phones.told() == [heard(0, 1)]

        async def meanwhile(self: Transaction, log_id: str, kind: str, event: dict[str, Any]) -> None:
            monkeypatch.setattr(Transaction, "mention", mention)
            again.enter_context(phones.listening(1))
            await mention(self, log_id, kind, event)

        monkeypatch.setattr(Transaction, "mention", meanwhile)
        assert await phones.told() == [heard(0), heard(0, 1)]


async def test_told_once_commits_succeed_again(phones: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Journal, **_: object) -> Any:
        raise OperationalError("BEGIN", {}, Exception("disk full"))

    with phones.listening(0):
        with monkeypatch.context() as patch:
            patch.setattr(Journal, "transaction", full)
            with pytest.raises(OperationalError):
                await phones.house.rooms.seats.sweep()
        assert await phones.told() == [heard(0)]


async def test_a_removed_browser_is_not_there(phones: Phones) -> None:
    """B1: from the decision on, however long its stream takes to end."""
    await phones.house.join(phones.interview, Role.INTERVIEWER, phones.owner)
    rooms, candidate = phones.house.rooms, phones.joined[0].participant
    with phones.listening(0), phones.listening(1):
        await phones.told()
        await rooms.moderation.remove(phones.owner, phones.interview, candidate.id, device_id=phones.ids[1])
        view = await rooms.views.of(phones.interview, is_interviewer=True)
        (person,) = [each for each in view.snapshot["participants"] if each["id"] == candidate.id]
        assert [each["id"] for each in person["devices"]] == [phones.ids[0]]
        assert [each["device"] for each in view.snapshot["removed"]] == [phones.ids[1]]
        await phones.told()
    assert await phones.told() == [heard()]


async def test_when_it_is_over_nothing_is_told(phones: Phones) -> None:
    for role, who in ((Role.CANDIDATE, None), (Role.INTERVIEWER, phones.owner)):
        await phones.house.enter(phones.interview, role, who)
    await phones.house.rooms.lifecycle.finish(phones.owner, phones.interview)
    await phones.told()
    with phones.listening(0):
        assert await phones.told() == []
    assert await phones.told() == []

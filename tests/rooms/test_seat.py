"""Seats: who comes in, who waits, and who gets what becomes free."""

import json
from typing import Any

import anyio
import pytest
from sqlalchemy import select

from collab.wire import CloseCode
from rooms import schema, seating
from rooms.errors import TicketInvalid
from rooms.grant import Grant
from rooms.participant import Role
from rooms.policy import Admission, OverLimit, State
from rooms.principal import Principal
from rooms.seat import Seats
from rooms.service import Joined
from tests.rooms.conftest import House

pytestmark = pytest.mark.anyio

HOLD_MS = 30_000


class Panel:
    """An interview, and the people who come to it by their names."""

    def __init__(self, house: House, owner: Principal, interview: str) -> None:
        self.house = house
        self.owner = owner
        self.id = interview
        self.joined: dict[str, Joined] = {}
        self.grants: dict[str, list[Grant]] = {}
        self.closed: dict[str, list[CloseCode]] = {}

    async def join(self, name: str, role: Role = Role.INTERVIEWER) -> Joined:
        """Interviewers and observers are members; a second time with the earlier ticket."""
        inside = role in {Role.INTERVIEWER, Role.OBSERVER}
        member = None
        if inside:
            principal = await self.house.member(f"{name.lower()}@example.org")
            member = await self.house.rooms.people.acting_member(principal, None)
        before = self.joined.get(name)
        resume = before.ticket if before is not None and before.participant.role is role else None
        self.joined[name] = await self.house.rooms.join(self.id, role, name=name, member=member, resume=resume)
        return self.joined[name]

    async def connect(self, name: str) -> Grant:
        grant = await self.house.grant(self.joined[name])
        self.grants.setdefault(name, []).append(grant)
        closed = self.closed.setdefault(name, [])
        await self.house.rooms.seats.connected(grant, lambda code, _: closed.append(code))
        return grant

    async def come(self, name: str, role: Role = Role.INTERVIEWER) -> None:
        await self.join(name, role)
        await self.connect(name)

    async def drop(self, name: str) -> None:
        """All connections."""
        for grant in self.grants.pop(name):
            await self.house.rooms.seats.disconnected(grant)

    async def leave(self, name: str) -> None:
        await self.house.rooms.leave(self.id, self.joined[name].ticket)

    async def wait(self, ms: int) -> None:
        """Let time pass, and what lapses be passed on."""
        self.house.clock.at_ms += ms
        await self.house.rooms.seats.sweep()

    async def states(self) -> dict[str, str]:
        """Of those who are in or wait, in the order of asking."""
        names = {joined.participant.id: name for name, joined in self.joined.items()}
        async with self.house.database.reading() as connection:
            rows = await connection.execute(
                select(schema.seats.c.participant_id, schema.seats.c.state).order_by(schema.seats.c.number)
            )
            return {names[who]: state for who, state in rows}

    async def told(self, name: str) -> list[dict[str, Any]]:
        """The admissions of this person on record."""
        events = [json.loads(entry.payload) for entry in await self.house.entries(self.id) if entry.document == ""]
        mine = self.joined[name].participant.id
        return [event for event in events if event.get("id") == mine and "state" in event]

    async def limit(self, **limits: object) -> None:
        await self.house.rooms.agenda.change(self.owner, self.id, {"limits": limits})


@pytest.fixture
async def panel(house: House) -> Panel:
    owner = await house.member()
    return Panel(house, owner, await house.interview(owner))


async def test_the_fourth_interviewer_observes_and_is_told_why(panel: Panel) -> None:
    """A29."""
    for name in ("Ann", "Ben", "Cy"):
        assert (await panel.join(name)).admission.state is State.SEATED
    dan = await panel.join("Dan")
    assert dan.admission == Admission(State.OBSERVING, 1, "The room has its 3 interviewers.")
    assert [opening.may_write for opening in dan.openings] == [False, False]
    (event,) = await panel.told("Dan")
    assert event == {
        "id": dan.participant.id,
        "state": "observing",
        "place": 1,
        "reason": "The room has its 3 interviewers.",
        "number": 4,
    }


async def test_a_free_seat_is_passed_on_in_the_order_of_asking(panel: Panel) -> None:
    """A29."""
    await panel.limit(interviewers=1)
    for name in ("Ann", "Ben", "Cy"):
        await panel.come(name)
    assert await panel.states() == {"Ann": "seated", "Ben": "observing", "Cy": "observing"}
    await panel.leave("Ann")
    assert await panel.states() == {"Ben": "seated", "Cy": "observing"}
    assert [event["state"] for event in await panel.told("Ann")] == ["seated", "none"]
    assert [event["state"] for event in await panel.told("Ben")] == ["observing", "seated"]
    assert panel.closed["Ann"] == [CloseCode.TICKET]
    assert panel.closed["Ben"] == []


async def test_whoever_comes_back_within_the_hold_has_his_seat(panel: Panel) -> None:
    """B1."""
    await panel.limit(guests=1)
    await panel.come("Ann", Role.GUEST)
    await panel.join("Ben", Role.GUEST)
    with panel.house.rooms.seats.listening(panel.id, panel.joined["Ben"].participant.id):
        await panel.drop("Ann")
        await panel.wait(HOLD_MS - 1)
        assert await panel.states() == {"Ann": "seated", "Ben": "waiting"}
        await panel.connect("Ann")
        await panel.wait(10 * HOLD_MS)
        assert await panel.states() == {"Ann": "seated", "Ben": "waiting"}
        await panel.drop("Ann")
        await panel.wait(HOLD_MS)
        assert await panel.states() == {"Ben": "seated"}


async def test_a_seat_is_kept_after_the_join_while_no_connection_comes(panel: Panel) -> None:
    await panel.join("Ann")
    await panel.wait(HOLD_MS - 1)
    await panel.join("Ann")
    await panel.wait(HOLD_MS - 1)
    assert await panel.states() == {"Ann": "seated"}
    await panel.wait(1)
    assert await panel.states() == {}


async def test_several_connections_share_a_seat(panel: Panel) -> None:
    await panel.join("Ann")
    one, two = await panel.connect("Ann"), await panel.connect("Ann")
    await panel.house.rooms.seats.disconnected(one)
    await panel.wait(HOLD_MS)
    assert await panel.states() == {"Ann": "seated"}
    await panel.house.rooms.seats.disconnected(two)
    await panel.wait(HOLD_MS)
    assert await panel.states() == {}


async def test_who_waits_keeps_his_place_by_listening(panel: Panel) -> None:
    await panel.limit(guests=1)
    await panel.come("Ann", Role.GUEST)
    await panel.join("Ben", Role.GUEST)
    await panel.join("Cy", Role.GUEST)
    with panel.house.rooms.seats.listening(panel.id, panel.joined["Cy"].participant.id):
        await panel.wait(HOLD_MS)
        assert await panel.states() == {"Ann": "seated", "Cy": "waiting"}
    await panel.wait(0)
    await panel.wait(HOLD_MS)
    assert await panel.states() == {"Ann": "seated"}


async def test_a_promoted_waiter_has_the_hold_to_come_in(panel: Panel) -> None:
    await panel.limit(guests=1)
    await panel.come("Ann", Role.GUEST)
    await panel.join("Ben", Role.GUEST)
    with panel.house.rooms.seats.listening(panel.id, panel.joined["Ben"].participant.id):
        await panel.wait(HOLD_MS - 1)
        await panel.leave("Ann")
        await panel.wait(HOLD_MS - 1)
        assert await panel.states() == {"Ben": "seated"}
        await panel.wait(1)
        assert await panel.states() == {}


async def test_a_socket_after_a_lapsed_seat_is_admitted_afresh(panel: Panel) -> None:
    await panel.limit(interviewers=1)
    await panel.come("Ann")
    await panel.drop("Ann")
    await panel.wait(HOLD_MS)
    await panel.come("Ben")
    assert not (await panel.connect("Ann")).may_write
    assert await panel.states() == {"Ben": "seated", "Ann": "observing"}
    assert [event["number"] for event in await panel.told("Ann")] == [1, None, 2]


async def test_a_socket_is_no_way_past_the_queue(panel: Panel) -> None:
    await panel.limit(guests=1)
    await panel.come("Ann", Role.GUEST)
    waiting = await panel.join("Ben", Role.GUEST)
    with pytest.raises(TicketInvalid):
        await panel.connect("Ben")
    await panel.wait(HOLD_MS)
    entries = len(await panel.house.entries(panel.id))
    with pytest.raises(TicketInvalid, match="The room has its 1 guest"):
        await panel.house.grant(waiting)
    assert await panel.states() == {"Ann": "seated"}
    assert len(await panel.house.entries(panel.id)) == entries


@pytest.mark.parametrize("over_limit", OverLimit)
async def test_the_candidate_comes_in_whoever_is_there(panel: Panel, over_limit: OverLimit) -> None:
    """A29, B1."""
    await panel.limit(interviewers=1, observers=1, guests=1, over_limit=over_limit)
    for role in (Role.INTERVIEWER, Role.OBSERVER, Role.GUEST):
        for number in range(3):
            await panel.join(f"{role}{number}", role)
    for _ in range(50):
        assert (await panel.join("Ada", Role.CANDIDATE)).admission.state is State.SEATED
        await panel.connect("Ada")
        await panel.drop("Ada")
    await panel.wait(HOLD_MS)
    assert (await panel.connect("Ada")).may_write
    assert (await panel.states())["Ada"] == "seated"


async def test_refused_is_told_and_takes_no_place(panel: Panel) -> None:
    await panel.limit(guests=1, over_limit=OverLimit.REFUSE)
    await panel.join("Ann", Role.GUEST)
    ben = await panel.join("Ben", Role.GUEST)
    assert (ben.admission.state, ben.openings) == (State.REFUSED, ())
    assert await panel.states() == {"Ann": "seated"}
    (event,) = await panel.told("Ben")
    assert (event["state"], event["reason"], event["number"]) == ("refused", "The room has its 1 guest.", None)
    await panel.leave("Ann")
    assert (await panel.join("Ben", Role.GUEST)).admission.state is State.SEATED


async def test_observers_over_the_limit_of_interviewers_count_against_nobody(panel: Panel) -> None:
    await panel.limit(interviewers=1, observers=1)
    for name in ("Ann", "Ben", "Cy"):
        await panel.join(name)
    assert (await panel.join("Dan", Role.OBSERVER)).admission.state is State.OBSERVING
    assert (await panel.join("Eve", Role.OBSERVER)).admission.state is State.WAITING


async def test_limits_hold_also_for_those_inside(panel: Panel) -> None:
    """The last who came give way, and come back in their order."""
    for name in ("Ann", "Ben", "Cy"):
        await panel.come(name)
    await panel.limit(interviewers=1)
    assert await panel.states() == {"Ann": "seated", "Ben": "observing", "Cy": "observing"}
    await panel.limit(interviewers=2)
    assert await panel.states() == {"Ann": "seated", "Ben": "seated", "Cy": "observing"}
    assert all(not codes for codes in panel.closed.values())


async def test_the_lobby_opens_for_everybody_in_the_order_of_asking(panel: Panel) -> None:
    await panel.limit(lobby=True, guests=1)
    ada = await panel.join("Ada", Role.CANDIDATE)
    assert (ada.admission.state, ada.admission.place) == (State.WAITING, None)
    for name in ("Gil", "Guy"):
        assert (await panel.join(name, Role.GUEST)).admission.state is State.WAITING
    assert (await panel.join("Ann")).admission.state is State.SEATED
    with pytest.raises(TicketInvalid):
        await panel.connect("Ada")
    await panel.limit(lobby=False)
    assert await panel.states() == {"Ada": "seated", "Gil": "seated", "Guy": "waiting", "Ann": "seated"}


async def test_of_many_who_join_at_once_exactly_as_many_are_seated(panel: Panel) -> None:
    """A29."""
    admitted: list[State] = []

    async def join(name: str, role: Role) -> None:
        admitted.append((await panel.join(name, role)).admission.state)

    async with anyio.create_task_group() as tasks:
        for number in range(12):
            tasks.start_soon(join, f"N{number}", Role.INTERVIEWER)
            tasks.start_soon(join, f"G{number}", Role.GUEST)
            if number == 6:
                tasks.start_soon(join, "Ada", Role.CANDIDATE)
    states = await panel.states()
    assert [states[name] for name in states if name[0] == "N"] == ["seated"] * 3 + ["observing"] * 9
    assert [states[name] for name in states if name[0] == "G"] == ["seated"] * 5 + ["waiting"] * 7
    assert states["Ada"] == "seated"
    assert sorted(admitted) == sorted(states.values())


async def test_after_a_crash_seats_are_kept_for_who_comes_back(panel: Panel) -> None:
    await panel.limit(interviewers=1)
    for name in ("Ann", "Ben"):
        await panel.come(name)
    after = Seats(panel.house.database, panel.house.journal, panel.house.registry)
    async with after.running():
        await _until_held(panel)
    panel.house.clock.at_ms += HOLD_MS - 1
    await after.sweep()
    assert await panel.states() == {"Ann": "seated", "Ben": "observing"}
    panel.house.clock.at_ms += 1
    await after.sweep()
    assert await panel.states() == {}


async def _until_held(panel: Panel) -> None:
    held = select(schema.seats.c.until_ms)
    with anyio.fail_after(10):
        while True:
            async with panel.house.database.reading() as connection:
                if None not in list((await connection.execute(held)).scalars()):
                    return
            await anyio.lowlevel.checkpoint()


async def test_finish_keeps_the_seats_for_a_reopening(panel: Panel) -> None:
    """A35: nothing is told after the end, and it begins again as it was."""
    house = panel.house
    await panel.limit(interviewers=1)
    await panel.join("Ada", Role.CANDIDATE)
    for name in ("Olga", "Ann"):
        await panel.join(name)
    for name in ("Ada", "Olga", "Ann"):
        await house.rooms.enter(await panel.connect(name))
    before = await panel.states()
    await house.rooms.lifecycle.finish(panel.owner, panel.id)
    for name in ("Ada", "Olga", "Ann"):
        await panel.drop(name)
    await panel.wait(10 * HOLD_MS)
    assert (await house.events(panel.id))[-1] == "interview.finished"
    assert await panel.states() == before
    await house.rooms.lifecycle.reopen(panel.owner, panel.id)
    await panel.connect("Ann")
    assert await panel.states() == before


async def test_the_candidate_leaves_with_one_device_and_stays_with_the_other(panel: Panel) -> None:
    """A39, B1."""
    first = await panel.join("Ada", Role.CANDIDATE)
    await panel.connect("Ada")
    one = panel.closed.pop("Ada")
    panel.joined["Phone"] = await panel.house.join(panel.id, Role.CANDIDATE)
    await panel.connect("Phone")
    assert panel.joined["Phone"].participant.id == first.participant.id
    await panel.house.rooms.leave(panel.id, first.ticket, is_done=True)
    assert (one, panel.closed["Phone"]) == ([CloseCode.TICKET], [])
    assert (await panel.house.events(panel.id))[-2:] == ["participant.left", "participant.devices"]
    await panel.leave("Phone")
    assert panel.closed["Phone"] == [CloseCode.TICKET]
    assert await panel.states() == {}


async def test_a_seat_is_not_kept_for_a_device_that_was_removed(panel: Panel) -> None:
    """B1: nor for anybody else whose connections were closed."""
    await panel.join("Ada", Role.CANDIDATE)
    device = (await panel.connect("Ada")).device_id
    assert device is not None
    ann = await panel.house.member("ann@example.org")
    await panel.house.join(panel.id, Role.INTERVIEWER, ann)
    candidate = panel.joined["Ada"].participant
    await panel.house.rooms.moderation.remove(ann, panel.id, candidate.id, device_id=device)
    assert panel.closed["Ada"] == [CloseCode.REMOVED]
    await panel.wait(0)
    await panel.wait(HOLD_MS)
    async with panel.house.database.reading() as connection:
        assert await seating.of_interview(connection, panel.id) == []


async def test_devices_are_told_when_they_change(panel: Panel) -> None:
    house = panel.house
    first = await house.join(panel.id, Role.CANDIDATE)
    assert first.device is not None
    again = await house.rooms.join(panel.id, Role.CANDIDATE, device=first.device)
    assert again.device is None
    resumed = await house.rooms.join(panel.id, Role.CANDIDATE, resume=again.ticket)
    second = await house.join(panel.id, Role.CANDIDATE)
    grants = [await house.connect(joined) for joined in (first, again, resumed, second)]
    devices = [grant.device_id for grant in grants]
    assert devices[0] == devices[1] == devices[2] != devices[3]
    for grant in reversed(grants):
        await house.disconnect(grant)
    told = [
        (entry.kind, json.loads(entry.payload).get("devices"))
        for entry in await house.entries(panel.id)
        if entry.kind in {"participant.connected", "participant.devices", "participant.disconnected"}
    ]
    assert [(kind, None if each is None else sorted(device["id"] for device in each)) for kind, each in told] == [
        ("participant.connected", devices[:1]),
        ("participant.devices", sorted({str(device) for device in devices})),
        ("participant.devices", devices[:1]),
        ("participant.disconnected", None),
    ]

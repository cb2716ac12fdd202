"""Whatever people and interviewers do, in whatever order: the rules of seats hold, and the record knows all of it."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from collab.database import Database
from collab.journal import Journal
from collab.registry import Registry
from rooms import schema, seating, store
from rooms.errors import TicketInvalid
from rooms.grant import Grant
from rooms.member import Member
from rooms.participant import Role
from rooms.policy import Limits, OverLimit, Seat, State
from rooms.service import Joined, Service
from tests.rooms.conftest import HandClock, House

HOLD_MS = 30_000
CAST = [Role.CANDIDATE] + [Role.INTERVIEWER] * 4 + [Role.OBSERVER] * 3 + [Role.GUEST] * 3
PEOPLE = st.integers(0, len(CAST) - 1)
COUNT = st.integers(0, 3)
STEPS = st.one_of(
    st.tuples(st.just("join"), PEOPLE),
    st.tuples(st.just("join"), PEOPLE),
    st.tuples(st.just("connect"), PEOPLE),
    st.tuples(st.just("connect"), PEOPLE),
    st.tuples(st.just("drop"), PEOPLE),
    st.tuples(st.just("leave"), PEOPLE),
    st.tuples(st.just("turn"), st.integers(1, 7)),
    st.tuples(st.just("wait"), st.sampled_from([0, 1, HOLD_MS - 1, HOLD_MS])),
    st.tuples(st.just("limit"), st.builds(Limits, COUNT, COUNT, COUNT, st.sampled_from(OverLimit), st.booleans())),
)


class Story:
    """One interview, through which a cast of eleven goes."""

    def __init__(self, house: House, members: list[Member]) -> None:
        self.house = house
        self.members = members
        self.roles = list(CAST)
        self.joined: dict[int, Joined] = {}
        self.connections: dict[int, list[Grant]] = {}
        self.kept_until_ms: dict[str, int] = {}  # no one may lose a seat before, but by leaving or by a lower limit
        self.before: list[Seat] = []

    async def begin(self) -> None:
        self.owner = await self.house.member()
        self.interview = await self.house.interview(self.owner)

    async def step(self, name: str, what: Any) -> None:
        asked = await getattr(self, name)(what)
        await self.hang_up()
        await self.check(asked)

    async def join(self, who: int) -> str:
        role = self.roles[who]
        member = self.members[who] if role in {Role.INTERVIEWER, Role.OBSERVER} else None
        resume = self.joined[who].ticket if who in self.joined and role is Role.GUEST else None
        joined = self.joined[who] = await self.house.rooms.join(self.interview, role, member=member, resume=resume)
        if role is Role.CANDIDATE:
            is_shut = (await self.planned()).lobby
            assert joined.admission.state is (State.WAITING if is_shut else State.SEATED)
        if joined.admission.state is not State.REFUSED:
            self.kept_until_ms[joined.participant.id] = self.house.clock.at_ms + HOLD_MS
        return joined.participant.id

    async def connect(self, who: int) -> str | None:
        if who not in self.joined:
            return None
        joined = self.joined[who]
        try:
            grant = await self.house.grant(joined)
        except TicketInvalid:
            assert self.roles[who] is not Role.CANDIDATE or (await self.planned()).lobby
            return None
        self.connections.setdefault(who, []).append(grant)
        await self.house.rooms.seats.connected(grant, lambda code, reason: None)
        return joined.participant.id

    async def drop(self, who: int) -> None:
        for grant in self.connections.pop(who, []):
            await self.house.rooms.seats.disconnected(grant)
            self.kept_until_ms[grant.participant_id] = self.house.clock.at_ms + HOLD_MS

    async def leave(self, who: int) -> None:
        if who in self.joined:
            await self.house.rooms.leave(self.interview, self.joined[who].ticket)
            self.kept_until_ms.pop(self.joined[who].participant.id, None)
            await self.drop(who)
            self.kept_until_ms.pop(self.joined[who].participant.id, None)

    async def turn(self, who: int) -> str | None:
        """An interviewer becomes an observer, or the other way round."""
        if who not in self.joined:
            return None
        role = Role.OBSERVER if self.roles[who] is Role.INTERVIEWER else Role.INTERVIEWER
        self.roles[who] = role
        participant = replace(self.joined[who].participant, role=role)
        self.joined[who] = replace(self.joined[who], participant=participant)
        async with self.house.journal.transaction() as transaction:
            interview = await store.interview(transaction.connection, self.interview)
            assert interview is not None
            values = {"role": role.value, "is_role_set": True}
            change = update(schema.participants).where(schema.participants.c.id == participant.id).values(values)
            await transaction.connection.execute(change)
            await self.house.rooms.seats.move(transaction, interview, participant, {"id": "olga", "name": "Olga"})
        return participant.id

    async def wait(self, ms: int) -> None:
        self.house.clock.at_ms += ms
        await self.house.rooms.seats.sweep()

    async def limit(self, limits: Limits) -> None:
        await self.house.rooms.agenda.change(
            self.owner,
            self.interview,
            {"limits": {name: getattr(limits, name) for name in Limits.__dataclass_fields__}},
        )

    async def planned(self) -> Limits:
        return (await self.house.rooms.agenda.get(self.owner, self.interview)).limits

    async def hang_up(self) -> None:
        """Whoever may not be in the room any more: his connections end."""
        for who in list(self.connections):
            try:
                await self.house.grant(self.joined[who])
            except TicketInvalid:
                self.kept_until_ms.pop(self.joined[who].participant.id, None)
                await self.drop(who)

    async def check(self, asked: str | None) -> None:
        limits = await self.planned()
        async with self.house.database.reading() as connection:
            seats = await seating.of_interview(connection, self.interview)
        now_ms = self.house.clock.at_ms
        for role, limit, admitted in (
            (Role.INTERVIEWER, limits.interviewers, State.SEATED),
            (Role.OBSERVER, limits.observers, State.OBSERVING),
            (Role.GUEST, limits.guests, State.SEATED),
        ):
            in_order = [seat for seat in seats if seat.role is role]
            states = [seat.state for seat in in_order]
            if role is Role.GUEST and limits.lobby:
                assert set(states) <= {State.WAITING}
                continue
            taken = states.count(admitted)
            assert taken <= limit, "the limit holds"
            assert states[:taken] == [admitted] * taken, "whoever asked first comes first"
            if len(states) > taken:
                assert taken == limit, "nobody waits for a seat that is free"
                assert limits.over_limit is not OverLimit.REFUSE
        candidate = [seat.state for seat in seats if seat.role is Role.CANDIDATE]
        assert candidate in ([], [State.WAITING if limits.lobby else State.SEATED])
        self.check_order(seats, asked)
        inside = {seat.participant_id for seat in seats}
        if limits.over_limit is OverLimit.REFUSE:  # takes a seat from who is over a limit
            self.kept_until_ms = {kept: until_ms for kept, until_ms in self.kept_until_ms.items() if kept in inside}
        for kept, until_ms in self.kept_until_ms.items():
            assert kept in inside or until_ms <= now_ms, "nobody loses a seat in the time that it is kept"
        for who in self.connections:
            assert self.joined[who].participant.id in {seat.participant_id for seat in seats if seat.until_ms is None}
        assert await self.on_record() == {seat.participant_id: (seat.state.value, seat.number) for seat in seats}
        self.before = seats

    def check_order(self, seats: list[Seat], asked: str | None) -> None:
        """Only who has asked anew has another place in the order, and that is the last."""
        was = {seat.participant_id: seat.number for seat in self.before}
        old = [seat for seat in seats if was.get(seat.participant_id) == seat.number]
        new = [seat for seat in seats if was.get(seat.participant_id) != seat.number]
        assert {seat.participant_id for seat in new} <= {asked}
        assert all(one.number < other.number for one, other in pairwise([*old, *new]))

    async def on_record(self) -> dict[str, tuple[str, int]]:
        """The seats by the events alone."""
        told: dict[str, tuple[str, int]] = {}
        for entry in await self.house.entries(self.interview):
            if entry.kind == "admission.changed":
                event = json.loads(entry.payload)
                told.pop(event["id"], None)
                if event["state"] not in {"none", "refused"}:
                    told[event["id"]] = (event["state"], event["number"])
        return told


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[asyncio.Runner, House, list[Member]]]:
    """One database for all stories, each of which has an interview of its own."""

    async def build(path: Path) -> tuple[House, list[Member]]:
        database = await Database.open(path / "panelroom.db")
        clock = HandClock()
        journal = Journal(database, clock)
        registry = Registry(journal)
        house = House(clock, database, journal, registry, Service(database, journal, registry, clock))
        members = []
        for number in range(len(CAST)):
            principal = await house.member(f"member{number}@example.org")
            members.append(await house.rooms.people.acting_member(principal, None))
        return house, members

    with asyncio.Runner() as runner:
        house, members = runner.run(build(tmp_path_factory.mktemp("seats")))
        yield runner, house, members
        runner.run(house.database.close())


def _play(town: tuple[asyncio.Runner, House, list[Member]], steps: list[tuple[str, Any]]) -> None:
    runner, house, members = town

    async def play() -> None:
        story = Story(house, members)
        await story.begin()
        for name, what in steps:
            await story.step(name, what)
        for who in list(story.connections):
            await story.drop(who)
        house.clock.at_ms += HOLD_MS
        await house.rooms.seats.sweep()
        assert await story.on_record() == {}
        assert house.rooms.seats.present == 0

    runner.run(play())


@settings(max_examples=40, deadline=None)
@given(steps=st.lists(STEPS, max_size=30))
def test_the_rules_hold(town: tuple[asyncio.Runner, House, list[Member]], steps: list[tuple[str, Any]]) -> None:
    """A29, B1."""
    _play(town, steps)


@pytest.mark.long
@settings(max_examples=1_500, deadline=None)
@given(steps=st.lists(STEPS, max_size=60))
def test_the_rules_hold_long(town: tuple[asyncio.Runner, House, list[Member]], steps: list[tuple[str, Any]]) -> None:
    """A29, B1."""
    _play(town, steps)

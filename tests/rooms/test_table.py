"""What everybody can really do, cell by cell: role × action × phase, generated from the table."""

from collections.abc import Awaitable
from dataclasses import dataclass

import pytest
from sqlalchemy import update

from rooms import schema
from rooms.errors import RoomsError
from rooms.moderation import Change
from rooms.participant import Role
from rooms.policy import Action, Part, Phase, State, may
from rooms.principal import Principal
from rooms.service import Joined
from tests.rooms.conftest import House

pytestmark = pytest.mark.anyio


@dataclass
class Person:
    joined: Joined
    principal: Principal | None
    state: State | None


class Cast:
    """One of each kind, in a room with one seat for an interviewer and one for a guest."""

    KINDS = (
        ("Cleo", Role.CANDIDATE),
        ("Gil", Role.GUEST),
        ("Gus", Role.GUEST),
        ("Olga", Role.INTERVIEWER),
        ("Ida", Role.INTERVIEWER),
        ("Otto", Role.OBSERVER),
    )

    def __init__(self, house: House, phase: Phase) -> None:
        self.house = house
        self.phase = phase
        self.people: dict[str, Person] = {}

    async def gather(self) -> None:
        rooms = self.house.rooms
        self.owner = await self.house.member("owner@example.org")
        limits = {"interviewers": 1, "guests": 1, "lobby": self.phase is Phase.LOBBY}
        self.id = await self.house.interview(self.owner, limits=limits)
        for name, role in self.KINDS:
            inside = role in {Role.INTERVIEWER, Role.OBSERVER}
            principal = await self.house.member(f"{name.lower()}@example.org") if inside else None
            joined = await self.house.join(self.id, role, principal, name)
            self.people[name] = Person(joined, principal, joined.admission.state)
            if self.phase in {Phase.ACTIVE, Phase.FINISHED} and name in {"Cleo", "Olga"}:
                await rooms.enter(await self.house.grant(joined))
        if self.phase is Phase.FINISHED:
            await rooms.lifecycle.finish(self.interviewer, self.id)
        if self.phase is Phase.CANCELLED:
            await rooms.lifecycle.cancel(self.owner, self.id)

    @property
    def interviewer(self) -> Principal:
        olga = self.people["Olga"].principal
        assert olga is not None
        return olga

    async def mute_all(self) -> None:
        async with self.house.database.writing() as connection:
            await connection.execute(update(schema.participants).values(muted_reason=""))

    async def can(self, person: Person, action: Action) -> bool:
        rooms, ticket, principal = self.house.rooms, person.joined.ticket, person.principal
        match action:
            case Action.JOIN:
                member = await rooms.people.acting_member(principal, None) if principal else None
                role = person.joined.participant.role
                return await _works(rooms.join(self.id, role, member=member, resume=ticket))
            case Action.READ_CODE | Action.WRITE_CODE:
                return await self._opens(ticket, Part.CODE, writing=action is Action.WRITE_CODE)
            case Action.READ_NOTES | Action.WRITE_NOTES:
                return await self._opens(ticket, Part.NOTES, writing=action is Action.WRITE_NOTES)
            case Action.CHAT:
                return await _works(rooms.chat.say(self.id, ticket, "Hello", "all"))
            case Action.CHAT_INTERVIEWERS:
                return await _works(rooms.chat.say(self.id, ticket, "Hello", "interviewers"))
        if principal is None:  # the rest is asked for by a session
            return False
        match action:
            case Action.MODERATE:
                guest = self.people["Gus"].joined.participant.id
                return await _works(rooms.moderation.change(principal, self.id, guest, Change()))
            case Action.FINISH:
                if not await _works(rooms.lifecycle.finish(principal, self.id)):
                    return False
                await rooms.lifecycle.reopen(self.interviewer, self.id)
                return True
            case Action.REOPEN:
                if not await _works(rooms.lifecycle.reopen(principal, self.id)):
                    return False
                await rooms.lifecycle.finish(self.interviewer, self.id)
                return True

    async def _opens(self, ticket: str, part: Part, *, writing: bool) -> bool:
        try:
            grant = await self.house.rooms.authorise_socket(part.document_id(self.id), ticket)
        except RoomsError:
            return False
        return not grant.finished and (grant.may_write or not writing)


async def _works(asked: Awaitable[object]) -> bool:
    try:
        await asked
    except RoomsError:
        return False
    return True


@pytest.mark.parametrize("is_muted", [False, True])
@pytest.mark.parametrize("phase", Phase)
async def test_everybody_can_do_what_the_table_says(house: House, phase: Phase, is_muted: bool) -> None:
    """A10, A11, A18, A30, A31."""
    cast = Cast(house, phase)
    await cast.gather()
    if is_muted:
        await cast.mute_all()
    told = {
        (name, action.value): (await cast.can(person, action))
        for name, person in cast.people.items()
        for action in Action
    }
    expected = {
        (name, action.value): may(person.joined.participant.role, person.state, action, phase, is_muted=is_muted)
        for name, person in cast.people.items()
        for action in Action
    }
    assert told == expected
    states = [person.state for person in cast.people.values()]
    outside = State.WAITING if phase is Phase.LOBBY else State.SEATED
    assert states == [outside, outside, State.WAITING, State.SEATED, State.OBSERVING, State.OBSERVING]

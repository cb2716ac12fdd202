"""A service on a real database, without a server."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from collab.clock import Clock
from collab.database import Database
from collab.journal import Journal
from collab.log import Entry
from collab.registry import Registry
from rooms import schema, store
from rooms.agenda import Plan
from rooms.grant import Grant
from rooms.key import Scope
from rooms.member import MemberRole
from rooms.participant import Participant, Role
from rooms.principal import Principal
from rooms.service import Joined, Service


class HandClock(Clock):
    """Goes only when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.at_ms = 1_800_000_000_000

    def now_ms(self) -> int:
        return self.at_ms


@dataclass
class House:
    """The service and its surroundings, with the steps that tests are made of."""

    clock: HandClock
    database: Database
    journal: Journal
    registry: Registry
    rooms: Service

    async def member(self, email: str = "olga@example.org", role: MemberRole = MemberRole.MEMBER) -> Principal:
        secret = await self.rooms.people.sign_in(await self.rooms.people.add_member(email, "", role))
        principal = await self.rooms.sessions.principal(secret)
        assert principal is not None
        return principal

    async def key(self, *scopes: Scope) -> Principal:
        principal = await self.rooms.people.principal_of_key(
            await self.rooms.people.add_key("a key", frozenset(scopes))
        )
        assert principal is not None
        return principal

    async def interview(self, principal: Principal, **plan: object) -> str:
        made, is_new = await self.rooms.agenda.create(principal, Plan(**({"language": "python"} | plan)))  # type: ignore[arg-type]
        assert is_new
        return made.id

    async def join(self, interview_id: str, role: Role, principal: Principal | None = None, name: str = "") -> Joined:
        member = await self.rooms.people.acting_member(principal, None) if principal else None
        return await self.rooms.join(interview_id, role, name=name, member=member)

    async def grant(self, joined: Joined, suffix: str = "") -> Grant:
        return await self.rooms.authorise_socket(joined.participant.interview_id + suffix, joined.ticket)

    async def connect(self, joined: Joined) -> Grant:
        """One more connection."""
        grant = await self.grant(joined)
        await self.rooms.seats.connected(grant, lambda code, reason: None)
        return grant

    async def disconnect(self, grant: Grant) -> None:
        await self.rooms.seats.disconnected(grant)

    async def enter(self, interview_id: str, role: Role, principal: Principal | None = None) -> Joined:
        joined = await self.join(interview_id, role, principal)
        await self.rooms.enter(await self.grant(joined))
        return joined

    async def active(self, principal: Principal) -> str:
        interview_id = await self.interview(principal)
        await self.enter(interview_id, Role.CANDIDATE)
        await self.enter(interview_id, Role.INTERVIEWER, principal)
        return interview_id

    async def events(self, interview_id: str) -> list[str]:
        return [entry.kind for entry in await self.entries(interview_id)]

    async def entries(self, interview_id: str) -> list[Entry]:
        return await self.journal.entries(interview_id)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    database = await Database.open(tmp_path / "panelroom.db")
    clock = HandClock()
    journal = Journal(database, clock)
    registry = Registry(journal)
    yield House(clock, database, journal, registry, Service(database, journal, registry, clock))
    await database.close()


class Room:
    """An active interview: olga interviews, and ben with her; cleo is the candidate."""

    def __init__(self, house: House, olga: Principal, ben: Principal, interview: str) -> None:
        self.house, self.olga, self.ben, self.id = house, olga, ben, interview
        self.moderation = house.rooms.moderation

    async def join(self, role: Role, principal: Principal | None = None, **more: Any) -> Joined:
        member = await self.house.rooms.people.acting_member(principal, None) if principal else None
        return await self.house.rooms.join(self.id, role, member=member, **more)

    async def participant(self, joined: Joined) -> Participant:
        async with self.house.database.reading() as connection:
            found = await store.participant(connection, joined.participant.id)
        assert found is not None
        return found

    async def events(self, kind: str) -> list[dict[str, Any]]:
        return [json.loads(entry.payload) for entry in await self.house.entries(self.id) if entry.kind == kind]

    async def device(self, joined: Joined) -> str:
        """The id of the device that this ticket came with."""
        async with self.house.database.reading() as connection:
            ids = select(schema.tickets.c.device_id).where(schema.tickets.c.participant_id == joined.participant.id)
            device: str = (await connection.execute(ids)).scalars().all()[-1]
        return device


@pytest.fixture
async def room(house: House) -> Room:
    olga, ben = await house.member(), await house.member("ben@example.org")
    interview = await house.active(olga)
    await house.enter(interview, Role.INTERVIEWER, ben)
    return Room(house, olga, ben, interview)

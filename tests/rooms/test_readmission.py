"""A removal is undone: whoever was removed comes again like anybody else."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import select, update

from rooms import schema
from rooms.device import removed
from rooms.errors import (
    CandidateProtected,
    DeviceUnknown,
    InterviewFinished,
    NotAnInterviewer,
    OnBehalfMissing,
    OneselfModerated,
    ParticipantUnknown,
    Removed,
    TicketInvalid,
)
from rooms.key import Scope
from rooms.moderation import Change
from rooms.participant import Role
from rooms.policy import State
from rooms.principal import Principal
from rooms.service import Joined
from tests.rooms.conftest import House

pytestmark = pytest.mark.anyio


@dataclass
class Door:
    """Of one active interview: olga decides who comes through it; cleo is the candidate, in her own browser."""

    house: House
    olga: Principal
    ben: Principal
    interview: str
    cleo: Joined
    browsers: dict[str, str] = field(default_factory=dict)  # the secrets that they keep, by name

    async def join(
        self, role: Role, browser: str = "", *, member: bool = False, resume: Joined | None = None
    ) -> Joined:
        acting = await self.house.rooms.people.acting_member(self.ben, None) if member else None
        joined = await self.house.rooms.join(
            self.interview,
            role,
            name=browser,
            member=acting,
            device=self.browsers.get(browser),
            resume=None if resume is None else resume.ticket,
            browser=f"Firefox on {browser}",
        )
        if joined.device is not None:
            self.browsers[browser] = joined.device
        return joined

    async def remove(self, who: Joined, device: str | None = None, reason: str = "") -> None:
        await self.house.rooms.moderation.remove(
            self.olga, self.interview, who.participant.id, device_id=device, reason=reason
        )

    async def readmit(self, who: Joined, device: str | None = None, **more: Any) -> None:
        principal = more.pop("principal", self.olga)
        await self.house.rooms.moderation.readmit(
            principal, self.interview, who.participant.id, device_id=device, **more
        )

    async def device(self, joined: Joined) -> str:
        async with self.house.database.reading() as connection:
            ids = select(schema.tickets.c.device_id).where(schema.tickets.c.participant_id == joined.participant.id)
            device: str = (await connection.execute(ids)).scalars().all()[-1]
        return device

    async def removed(self) -> list[dict[str, Any]]:
        async with self.house.database.reading() as connection:
            return await removed(connection, self.interview)

    async def decided(self) -> list[tuple[str, str, str | None]]:
        entries = await self.house.entries(self.interview)
        events = [(entry.kind, json.loads(entry.payload)) for entry in entries]
        kinds = {"participant.removed", "participant.readmitted"}
        return [
            (kind.removeprefix("participant."), event["id"], event["device"]) for kind, event in events if kind in kinds
        ]


@pytest.fixture
async def door(house: House) -> Door:
    olga, ben = await house.member(), await house.member("ben@example.org")
    interview = await house.active(olga)
    cleo = await house.join(interview, Role.CANDIDATE)
    return Door(house, olga, ben, interview, cleo, {"own": cleo.device or ""})


async def test_a_guest(door: Door) -> None:
    """B4: he comes by the link in the same browser; the ticket of before stays revoked."""
    guest = await door.join(Role.GUEST, "phone")
    await door.remove(guest, reason="wrong room")
    for role in (Role.GUEST, Role.CANDIDATE):
        with pytest.raises(Removed, match=r"^olga removed you from this room: wrong room$"):
            await door.join(role, "phone")
    for _ in range(2):  # the second time nothing changes, and nothing is told
        await door.readmit(guest)
    with pytest.raises(TicketInvalid):
        await door.house.grant(guest)
    with pytest.raises(TicketInvalid):
        await door.join(Role.GUEST, "phone", resume=guest)
    again = await door.join(Role.GUEST, "phone")
    assert again.admission.state is State.SEATED
    assert (await door.house.grant(again)).may_write
    assert await door.decided() == [(kind, guest.participant.id, None) for kind in ("removed", "readmitted")]
    assert await door.removed() == []


@pytest.mark.parametrize("named", [Role.INTERVIEWER, Role.OBSERVER])
async def test_a_member_in_both_his_roles(door: Door, named: Role) -> None:
    """B4: whichever of the two is named, the person is back; also in the browser, signed out."""
    both = {role: await door.join(role, "laptop", member=True) for role in (Role.INTERVIEWER, Role.OBSERVER)}
    await door.remove(both[Role.INTERVIEWER])
    for role in both:
        with pytest.raises(Removed):
            await door.join(role, "laptop", member=True)
    assert [each["id"] for each in await door.removed()] == [each.participant.id for each in both.values()]
    await door.readmit(both[named])
    assert sorted(await door.decided()) == sorted(
        (kind, each.participant.id, None) for kind in ("removed", "readmitted") for each in both.values()
    )
    for role, before in both.items():
        assert (await door.join(role, "laptop", member=True)).participant.id == before.participant.id
    await door.join(Role.GUEST, "laptop")
    assert await door.removed() == []


async def test_a_device_of_the_candidates(door: Door) -> None:
    """B1: one by one, or all of them."""
    joined = {name: await door.join(Role.CANDIDATE, name) for name in ("phone", "tablet")}
    devices: dict[str, str] = {}
    for name, each in joined.items():
        devices[name] = (await door.house.grant(each)).device_id or ""
        await door.remove(door.cleo, devices[name], f"no {name}")
    candidate = door.cleo.participant
    assert await door.removed() == [
        {
            "id": candidate.id,
            "device": devices[name],
            "browser": f"Firefox on {name}",
            "name": candidate.name,
            "reason": f"no {name}",
            "by": {
                "id": (await door.house.join(door.interview, Role.INTERVIEWER, door.olga)).participant.id,
                "name": "olga",
            },
        }
        for name in sorted(devices, key=devices.__getitem__)
    ]
    for _ in range(2):
        await door.readmit(door.cleo, devices["phone"])
    assert (await door.join(Role.CANDIDATE, "phone")).participant.id == candidate.id
    with pytest.raises(Removed, match="no tablet"):
        await door.join(Role.CANDIDATE, "tablet")
    await door.readmit(door.cleo)
    await door.join(Role.CANDIDATE, "tablet")
    assert [each for each in await door.decided() if each[0] == "readmitted"] == [
        ("readmitted", candidate.id, devices[name]) for name in ("phone", "tablet")
    ]
    with pytest.raises(DeviceUnknown):
        await door.readmit(door.cleo, "no-such-device")
    assert await door.removed() == []


async def test_removed_again_before_he_has_come_back(door: Door) -> None:
    """B1: a guest as well as a device of the candidate's."""
    guest, phone = await door.join(Role.GUEST, "tablet"), await door.join(Role.CANDIDATE, "phone")
    device = (await door.house.grant(phone)).device_id
    for _ in range(2):
        for who, which in ((guest, None), (door.cleo, device)):
            await door.remove(who, which)
            await door.readmit(who, which)
            await door.remove(who, which)
            with pytest.raises(Removed):
                await door.join(who.participant.role, "tablet" if which is None else "phone")
    assert len(await door.removed()) == 2


async def test_a_guest_in_the_candidates_browser(door: Door) -> None:
    """B1: what is decided about the guest does not touch the candidate's, in either direction."""
    guest = await door.join(Role.GUEST, "own")
    await door.remove(guest)
    with pytest.raises(Removed):
        await door.join(Role.GUEST, "own", resume=guest)
    assert (await door.house.grant(door.cleo)).may_write
    await door.readmit(guest)
    await door.join(Role.GUEST, "own")
    guest = await door.join(Role.GUEST, "own")
    own = (await door.house.grant(door.cleo)).device_id
    await door.remove(door.cleo, own, "not she")
    await door.remove(guest)
    with pytest.raises(CandidateProtected, match="Let that device back in first"):
        await door.readmit(guest)
    with pytest.raises(Removed, match="not she"):
        await door.join(Role.CANDIDATE, "own")
    await door.readmit(door.cleo, own)
    await door.join(Role.CANDIDATE, "own")
    with pytest.raises(Removed):
        await door.join(Role.GUEST, "own", resume=guest)
    await door.readmit(guest)
    await door.join(Role.GUEST, "own")


async def test_two_guests_in_one_browser_are_one(door: Door) -> None:
    """B4: whoever lets one of them in lets the browser in."""
    one, other = await door.join(Role.GUEST, "phone"), await door.join(Role.GUEST, "phone")
    elsewhere = await door.join(Role.GUEST, "tablet")
    for each in (one, other, elsewhere):
        await door.remove(each)
    await door.readmit(other)
    await door.join(Role.GUEST, "phone")
    assert [each["id"] for each in await door.removed()] == [elsewhere.participant.id]


async def test_only_what_was_removed_comes_back(door: Door) -> None:
    """Nobody is let in by the readmission of somebody who is in, or of somebody else."""
    inside, out = await door.join(Role.GUEST, "phone"), await door.join(Role.GUEST, "phone")
    await door.remove(out)
    await door.readmit(inside)
    with pytest.raises(Removed):
        await door.join(Role.GUEST, "phone")
    assert [kind for kind, *_ in await door.decided()] == ["removed"]


async def test_the_muted_stay_muted_and_roles_stay_set(door: Door) -> None:
    guest, ben = await door.join(Role.GUEST, "phone"), await door.join(Role.INTERVIEWER, "laptop", member=True)
    change = door.house.rooms.moderation.change
    await change(door.olga, door.interview, guest.participant.id, Change(muted=True, reason="hush"))
    await change(door.olga, door.interview, ben.participant.id, Change(role=Role.OBSERVER))
    for each in (guest, ben):
        await door.remove(each)
        await door.readmit(each)
    assert (await door.join(Role.GUEST, "phone")).participant.muted_reason == "hush"
    assert (await door.join(Role.OBSERVER, "laptop", member=True)).participant.id == ben.participant.id


async def test_who_lets_back_in(door: Door) -> None:
    """A30: interviewers of this interview do, and keys for them; nobody else, and nobody himself."""
    ben, guest = await door.join(Role.INTERVIEWER, member=True), await door.join(Role.GUEST, "phone")
    for each in (ben, guest):
        await door.remove(each)
    key, otto = await door.house.key(Scope.COMPANY_WRITE), await door.house.member("otto@example.org")
    before = await door.house.entries(door.interview)
    refused: list[tuple[Principal, Joined, str | None, type[Exception]]] = [
        (door.ben, ben, None, NotAnInterviewer),
        (door.ben, guest, None, NotAnInterviewer),
        (otto, guest, None, NotAnInterviewer),
        (key, guest, None, OnBehalfMissing),
        (key, guest, "ben@example.org", NotAnInterviewer),
        (door.olga, await door.house.join(door.interview, Role.INTERVIEWER, door.olga), None, OneselfModerated),
        (door.olga, await door.house.join(await door.house.interview(door.olga), Role.GUEST), None, ParticipantUnknown),
    ]
    for principal, who, on_behalf_of, error in refused:
        with pytest.raises(error):
            await door.readmit(who, principal=principal, on_behalf_of=on_behalf_of)
    with pytest.raises(DeviceUnknown):
        await door.readmit(guest, await door.device(guest))
    with pytest.raises(DeviceUnknown):
        await door.remove(guest, await door.device(guest))
    assert len(await door.house.entries(door.interview)) == len(before)
    await door.readmit(guest, principal=key, on_behalf_of="olga@example.org")
    await door.readmit(ben)
    assert await door.house.rooms.may_read_recording(
        door.ben, await door.house.rooms.interview_of(door.ben, door.interview), f"{door.interview}.notes"
    )
    await door.house.rooms.lifecycle.finish(door.olga, door.interview)
    with pytest.raises(InterviewFinished):
        await door.readmit(guest)


@pytest.mark.parametrize("order", [*permutations(("remove", "readmit", "join"))])
async def test_at_the_same_time(door: Door, order: tuple[str, ...]) -> None:
    """B4: whatever comes first, the record says who may come in, and it is so."""
    guest = await door.join(Role.GUEST, "phone")
    steps: dict[str, Callable[[], Any]] = {
        "remove": lambda: door.remove(guest),
        "readmit": lambda: door.readmit(guest),
        "join": lambda: door.join(Role.GUEST, "phone"),
    }
    outcome = await asyncio.gather(*(steps[name]() for name in order * 3), return_exceptions=True)
    assert {type(each) for each in outcome} <= {type(None), Joined, Removed}
    decided = [kind for kind, *_ in await door.decided()]
    assert all(kind == ("removed", "readmitted")[at % 2] for at, kind in enumerate(decided)), decided
    is_out = decided[-1] == "removed"
    assert bool(await door.removed()) is is_out
    if is_out:
        with pytest.raises(Removed):
            await door.join(Role.GUEST, "phone")
    else:
        await door.join(Role.GUEST, "phone")


async def test_removed_before_it_was_kept_by_whom(door: Door) -> None:
    guest = await door.join(Role.GUEST, "phone")
    await door.remove(guest, reason="long ago")
    async with door.house.database.writing() as connection:
        for table in (schema.participants, schema.removals):
            await connection.execute(update(table).values(removed_by=None))
    with pytest.raises(Removed, match=r"^An interviewer removed you from this room: long ago$"):
        await door.join(Role.GUEST, "phone")
    assert [each["by"] for each in await door.removed()] == [None]


async def test_of_another_interview_nothing_is_told(door: Door) -> None:
    """B1: the ticket of somebody who was removed there is a wrong one here."""
    guest = await door.join(Role.GUEST, "own")
    await door.remove(guest, reason="of the first")
    door.interview = await door.house.interview(door.olga)
    with pytest.raises(TicketInvalid, match="another interview"):
        await door.join(Role.GUEST, "another", resume=guest)

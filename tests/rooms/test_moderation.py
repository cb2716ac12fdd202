"""What interviewers decide about who is in their room, and what nobody decides."""

import asyncio
import json
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from collab.journal import Transaction
from collab.peer import Peer
from rooms import schema, store
from rooms.errors import (
    CandidateProtected,
    DeviceUnknown,
    InterviewFinished,
    InterviewUnknown,
    NotAnInterviewer,
    OnBehalfMissing,
    OneselfModerated,
    ParticipantUnknown,
    Removed,
    RoleFixed,
    RoleForMembersOnly,
    RoomsError,
    ScopeMissing,
    TicketInvalid,
)
from rooms.key import Scope
from rooms.moderation import Change
from rooms.participant import Participant, Role
from rooms.principal import Principal
from rooms.service import Joined
from tests.rooms.conftest import House

pytestmark = pytest.mark.anyio

MUTE = Change(muted=True, reason="one at a time")


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


async def test_who_decides(house: House, room: Room) -> None:
    """A30: interviewers of this interview do, and keys for them; nobody else, whatever else he may do."""
    guest = (await room.join(Role.GUEST, name="Gil")).participant.id
    otto = await house.member("otto@example.org")
    key, reader = await house.key(Scope.COMPANY_WRITE), await house.key(Scope.COMPANY_READ)
    await room.join(Role.OBSERVER, otto)
    cases: list[tuple[Principal, str | None, type[RoomsError]]] = [
        (otto, None, NotAnInterviewer),
        (otto, "olga@example.org", ScopeMissing),
        (key, None, OnBehalfMissing),
        (key, "otto@example.org", NotAnInterviewer),
        (reader, "olga@example.org", ScopeMissing),
        (await house.key(Scope.OWN), "olga@example.org", InterviewUnknown),
    ]
    before = await house.entries(room.id)
    for principal, on_behalf_of, error in cases:
        with pytest.raises(error):
            await room.moderation.admit(principal, room.id, on_behalf_of)
        with pytest.raises(error):
            await room.moderation.change(principal, room.id, guest, MUTE, on_behalf_of)
        with pytest.raises(error):
            await room.moderation.remove(principal, room.id, guest, on_behalf_of=on_behalf_of)
    assert await house.entries(room.id) == before
    assert (await room.moderation.change(key, room.id, guest, MUTE, "olga@example.org")).muted_reason is not None
    assert [event["by"]["name"] for event in await room.events("participant.changed")] == ["olga"]


async def test_about_whom_nobody_decides(house: House, room: Room) -> None:
    candidate = await room.join(Role.CANDIDATE)
    guest = await room.join(Role.GUEST)
    olga = await room.join(Role.INTERVIEWER, room.olga)
    elsewhere = await house.join(await house.interview(room.olga), Role.GUEST)
    before = await house.entries(room.id)
    for change in (MUTE, Change(role=Role.OBSERVER), Change(muted=False)):
        with pytest.raises(CandidateProtected):
            await room.moderation.change(room.olga, room.id, candidate.participant.id, change)
        with pytest.raises(OneselfModerated):
            await room.moderation.change(room.olga, room.id, olga.participant.id, change)
        for unknown in (elsewhere.participant.id, "x", ""):
            with pytest.raises(ParticipantUnknown):
                await room.moderation.change(room.olga, room.id, unknown, change)
    with pytest.raises(RoleForMembersOnly):
        await room.moderation.change(room.olga, room.id, guest.participant.id, Change(role=Role.INTERVIEWER))
    with pytest.raises(CandidateProtected):
        await room.moderation.remove(room.olga, room.id, candidate.participant.id)
    with pytest.raises(DeviceUnknown):
        await room.moderation.remove(room.olga, room.id, candidate.participant.id, device_id=await room.device(guest))
    with pytest.raises(OneselfModerated):
        await room.moderation.remove(room.olga, room.id, olga.participant.id)
    with pytest.raises(ParticipantUnknown):
        await room.moderation.remove(room.olga, room.id, elsewhere.participant.id)
    assert await house.entries(room.id) == before


async def test_a_role_that_an_interviewer_has_set_stays(house: House, room: Room) -> None:
    """A31: whoever was made an observer does not make himself an interviewer again."""
    before = await room.join(Role.INTERVIEWER, room.ben)
    changed = await room.moderation.change(
        room.olga, room.id, before.participant.id, Change(role=Role.OBSERVER, reason="to learn")
    )
    assert changed.role is Role.OBSERVER
    assert await room.events("participant.changed") == [
        {
            "id": before.participant.id,
            "role": "observer",
            "muted": False,
            "reason": "to learn",
            "by": {"id": (await room.join(Role.INTERVIEWER, room.olga)).participant.id, "name": "olga"},
        }
    ]
    for resume in (None, before.ticket):
        with pytest.raises(RoleFixed):
            await room.join(Role.INTERVIEWER, room.ben, resume=resume)
    again = await room.join(Role.OBSERVER, room.ben, resume=before.ticket)
    assert again.participant.id == before.participant.id
    assert [(opening.part.value, opening.may_write) for opening in again.openings] == [("", False)]
    with pytest.raises(NotAnInterviewer):
        await room.moderation.admit(room.ben, room.id)
    found = await house.rooms.interview_of(room.ben, room.id)
    assert not await house.rooms.may_read_recording(room.ben, found, f"{room.id}.notes")
    await room.moderation.change(room.olga, room.id, before.participant.id, Change(role=Role.INTERVIEWER))
    back = await room.join(Role.INTERVIEWER, room.ben, resume=again.ticket)
    assert (back.participant.id, len(back.openings)) == (before.participant.id, 2)


async def test_a_member_who_came_twice_is_one_person(house: House, room: Room) -> None:
    """A member may be in a room as an interviewer and as an observer: what is decided holds for both."""
    inside = await room.join(Role.INTERVIEWER, room.ben)
    watching = await room.join(Role.OBSERVER, room.ben)
    await room.moderation.change(room.olga, room.id, watching.participant.id, Change(muted=True, role=Role.OBSERVER))
    both = [await room.participant(each) for each in (inside, watching)]
    assert {(each.role, each.muted_reason) for each in both} == {(Role.OBSERVER, "")}
    assert len(await room.events("participant.changed")) == 2
    again = await room.join(Role.OBSERVER, room.ben, resume=inside.ticket)
    assert again.participant.id == inside.participant.id, "the one whose documents the page has open"
    await room.moderation.remove(room.olga, room.id, inside.participant.id, reason="enough")
    for role in Role:
        with pytest.raises(Removed, match=r"^olga removed you from this room: enough$"):
            await room.join(role, room.ben)


async def test_whoever_is_muted_is_so_in_every_role(room: Room) -> None:
    """B4: and comes in no other way; a guest who is muted stays the guest that he is."""
    inside = await room.join(Role.INTERVIEWER, room.ben)
    await room.moderation.change(room.olga, room.id, inside.participant.id, MUTE)
    assert (await room.participant(await room.join(Role.OBSERVER, room.ben))).muted_reason == MUTE.reason
    for role in (Role.GUEST, Role.CANDIDATE):
        with pytest.raises(RoleFixed, match=f"muted you in this room: you cannot be its {role}"):
            await room.join(role, room.ben)
    gil = await room.house.member("gil@example.org")
    guest = await room.join(Role.GUEST, gil)
    await room.moderation.change(room.olga, room.id, guest.participant.id, MUTE)
    for resume in (None, guest.ticket):
        again = await room.join(Role.GUEST, gil, resume=resume)
        assert again.participant.id == guest.participant.id
        assert not any(opening.may_write for opening in again.openings)


async def test_whose_role_was_set_is_no_visitor(room: Room) -> None:
    """B4: an interviewer who was made an observer does not write on as a guest, or as the candidate."""
    ben = await room.join(Role.INTERVIEWER, room.ben)
    await room.moderation.change(room.olga, room.id, ben.participant.id, Change(role=Role.OBSERVER))
    for role in (Role.GUEST, Role.CANDIDATE):
        with pytest.raises(RoleFixed, match=f"you cannot be its {role}"):
            await room.join(role, room.ben)


async def test_a_muted_guest_is_no_other_guest(room: Room) -> None:
    """B4: his browser is known; the candidate in it is heard, and so is whoever comes with another one."""
    guest = await room.join(Role.GUEST, name="Gil")
    await room.moderation.change(room.olga, room.id, guest.participant.id, MUTE)
    again = await room.join(Role.GUEST, name="Somebody else", device=guest.device)
    assert again.participant.id != guest.participant.id
    assert again.participant.muted_reason == MUTE.reason
    assert [opening.may_write for opening in again.openings] == [False]
    for heard in (await room.join(Role.CANDIDATE, device=guest.device), await room.join(Role.GUEST)):
        assert all(opening.may_write for opening in heard.openings)
    other = await room.house.interview(room.olga)
    assert (await room.house.rooms.join(other, Role.GUEST, device=guest.device)).participant.muted_reason is None


async def test_a_removed_member_is_no_guest_either(room: Room) -> None:
    """B4: signed out, in the browser that he came with; where that is the candidate's too, it stays in."""
    candidate = await room.join(Role.CANDIDATE)
    ben = await room.join(Role.INTERVIEWER, room.ben)
    await room.join(Role.INTERVIEWER, room.ben, device=candidate.device)
    await room.moderation.remove(room.olga, room.id, ben.participant.id, reason="enough")
    for role in (Role.GUEST, Role.CANDIDATE):
        with pytest.raises(Removed, match="enough"):
            await room.join(role, device=ben.device)
    await room.join(Role.CANDIDATE, device=candidate.device)
    await room.join(Role.INTERVIEWER, room.olga, device=ben.device)


async def test_muted_and_heard_again(house: House, room: Room) -> None:
    guest = await room.join(Role.GUEST, name="Gil")
    grant = await house.grant(guest)
    assert grant.may_write
    for _ in range(2):  # the second time nothing changes, and nothing is told
        muted = await room.moderation.change(room.olga, room.id, guest.participant.id, MUTE)
        assert muted.muted_reason == "one at a time"
    assert not (await house.grant(guest)).may_write
    assert [opening.may_write for opening in (await room.join(Role.GUEST, resume=guest.ticket)).openings] == [False]
    heard = await room.moderation.change(room.olga, room.id, guest.participant.id, Change(muted=False))
    assert heard.muted_reason is None
    assert (await house.grant(guest)).may_write
    assert [(event["muted"], event["reason"]) for event in await room.events("participant.changed")] == [
        (True, "one at a time"),
        (False, None),
    ]


async def test_removed_is_out_for_good(house: House, room: Room) -> None:
    guest = await room.join(Role.GUEST, name="Gil")
    assert guest.device is not None
    await room.moderation.remove(room.olga, room.id, guest.participant.id, reason="wrong room")
    await room.moderation.remove(room.olga, room.id, guest.participant.id, reason="again")
    removed = await room.events("participant.removed")
    assert [(event["id"], event["device"], event["reason"]) for event in removed] == [
        (guest.participant.id, None, "wrong room")
    ]
    with pytest.raises(TicketInvalid):
        await house.grant(guest)
    with pytest.raises(TicketInvalid):
        await house.rooms.participant_of(room.id, guest.ticket)
    for role in (Role.GUEST, Role.CANDIDATE):
        for device, resume in ((guest.device, None), (None, guest.ticket)):
            with pytest.raises(Removed, match="wrong room"):
                await room.join(role, device=device, resume=resume)
    with pytest.raises(ParticipantUnknown):
        await room.moderation.change(room.olga, room.id, guest.participant.id, MUTE)
    other = await house.interview(room.olga)
    await house.rooms.join(other, Role.GUEST, device=guest.device)
    await room.join(Role.GUEST, name="Somebody else")


async def test_of_the_candidate_a_device_is_removed(house: House, room: Room) -> None:
    """B1: an impostor goes, and the candidate stays; neither locks the other's browser out of anything else."""
    own = await room.join(Role.CANDIDATE)
    impostor = await room.join(Role.CANDIDATE)
    assert impostor.participant.id == own.participant.id
    device = await room.device(impostor)
    for _ in range(2):
        await room.moderation.remove(room.olga, room.id, own.participant.id, device_id=device, reason="not she")
    assert [event["device"] for event in await room.events("participant.removed")] == [device]
    assert (await room.participant(own)).removed_reason is None
    with pytest.raises(TicketInvalid):
        await house.grant(impostor)
    for device_secret, resume in ((impostor.device, None), (None, impostor.ticket)):
        with pytest.raises(Removed, match="not she"):
            await room.join(Role.CANDIDATE, device=device_secret, resume=resume)
    assert (await house.grant(own)).may_write
    assert (await room.join(Role.CANDIDATE, device=own.device)).participant.id == own.participant.id


async def test_a_phantom_guest_does_not_take_the_candidate_along(house: House, room: Room) -> None:
    """B1: who came as a guest by mistake is the candidate in the same browser now; the guest is tidied away."""
    phantom = await room.join(Role.GUEST, name="Cleo?")
    candidate = await room.join(Role.CANDIDATE, device=phantom.device)
    await room.moderation.remove(room.olga, room.id, phantom.participant.id)
    with pytest.raises(TicketInvalid):
        await house.grant(phantom)
    assert (await house.grant(candidate)).may_write
    await room.join(Role.CANDIDATE, device=phantom.device)


async def test_two_who_remove_each_other(room: Room) -> None:
    olga, ben = [(await room.join(Role.INTERVIEWER, one)).participant.id for one in (room.olga, room.ben)]
    outcome = await asyncio.gather(
        room.moderation.remove(room.olga, room.id, ben),
        room.moderation.remove(room.ben, room.id, olga),
        return_exceptions=True,
    )
    assert {type(each) for each in outcome} == {type(None), NotAnInterviewer}
    assert len(await room.events("participant.removed")) == 1


async def test_nothing_is_decided_when_it_is_over(house: House, room: Room) -> None:
    guest = (await room.join(Role.GUEST)).participant.id
    await house.rooms.lifecycle.finish(room.olga, room.id)
    with pytest.raises(InterviewFinished):
        await room.moderation.admit(room.olga, room.id)
    with pytest.raises(InterviewFinished):
        await room.moderation.change(room.olga, room.id, guest, MUTE)
    with pytest.raises(InterviewFinished):
        await room.moderation.remove(room.olga, room.id, guest)


@pytest.mark.parametrize("decision", ["mute", "demote", "remove"])
async def test_hushed_before_it_is_decided(
    house: House, room: Room, monkeypatch: pytest.MonkeyPatch, decision: str
) -> None:
    """Updates are queued behind whatever a transaction has begun with."""
    ben = (await room.join(Role.INTERVIEWER, room.ben)).participant.id
    live = await house.registry.open(room.id, room.id)
    peer = Peer(ben, {}, may_write=True)
    might_write: list[bool] = []
    append = Transaction.append

    async def spy(self: Transaction, *arguments: Any) -> int:
        might_write.append(peer.may_write)
        return await append(self, *arguments)

    monkeypatch.setattr(Transaction, "append", spy)
    with live.joined(peer):
        if decision == "remove":
            await room.moderation.remove(room.olga, room.id, ben)
        else:
            change = MUTE if decision == "mute" else Change(role=Role.OBSERVER)
            await room.moderation.change(room.olga, room.id, ben, change)
    assert might_write
    assert not any(might_write)


@pytest.mark.parametrize("moment", ["append", "committed"])
@pytest.mark.parametrize("decision", ["mute", "demote", "remove"])
async def test_decided_also_when_who_asked_hangs_up(
    house: House, room: Room, monkeypatch: pytest.MonkeyPatch, decision: str, moment: str
) -> None:
    """B4: before or behind the commit; who may not write by the record does not."""
    ben = (await room.join(Role.INTERVIEWER, room.ben)).participant.id
    live = await house.registry.open(room.id, room.id)
    peer = Peer(ben, {}, may_write=True)
    step = getattr(Transaction, moment)

    def hang_up(self: Transaction, *arguments: Any) -> Any:
        asking.cancel()
        return step(self, *arguments)

    monkeypatch.setattr(Transaction, moment, hang_up)
    change = MUTE if decision == "mute" else Change(role=Role.OBSERVER)
    with live.joined(peer):
        async with house.journal.subscribe(room.id) as events, asyncio.timeout(5):
            asking: asyncio.Task[Any] = asyncio.create_task(
                room.moderation.remove(room.olga, room.id, ben)
                if decision == "remove"
                else room.moderation.change(room.olga, room.id, ben, change)
            )
            await asyncio.wait([asking])
            await anext(events)
            assert asking.cancelled()
            assert not peer.may_write


async def test_while_it_fails_everybody_writes_on(house: House, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    guest = (await room.join(Role.GUEST)).participant.id
    live = await house.registry.open(room.id, room.id)
    peer = Peer(guest, {}, may_write=True)

    async def full(*_: object, **__: object) -> int:
        assert not peer.may_write, "hushed before it is decided"
        raise OperationalError("INSERT", {}, Exception("disk full"))

    async def writes(principal: Principal, change: Change) -> bool:
        """Whether the guest does, once that is decided, or failed."""
        try:
            await room.moderation.change(principal, room.id, guest, change)
        except (OperationalError, NotAnInterviewer):
            return peer.may_write
        return peer.may_write

    with live.joined(peer):
        with monkeypatch.context() as patch:
            patch.setattr(Transaction, "append", full)
            assert await writes(room.olga, MUTE)
        assert await writes(await house.member("otto@example.org"), MUTE)
        assert not await writes(room.olga, MUTE)
        assert await writes(room.olga, Change(muted=False))


async def test_a_removed_interviewer_is_none_any_more(house: House) -> None:
    """A11: his recording of the notes ends with him, although he was planned as an interviewer."""
    olga = await house.member()
    rex = await house.member("rex@example.org")
    interview = await house.interview(olga, interviewers=("olga@example.org", "rex@example.org"))
    removed = await house.join(interview, Role.INTERVIEWER, rex)
    found = await house.rooms.interview_of(rex, interview)
    assert await house.rooms.may_read_recording(rex, found, f"{interview}.notes")
    await house.rooms.moderation.remove(olga, interview, removed.participant.id)
    assert not await house.rooms.may_read_recording(rex, found, f"{interview}.notes")
    async with house.database.reading() as connection:
        assert not await store.is_interviewer(connection, found, rex.id, rex.email)

"""What interviewers decide about who is in their room, and what nobody decides."""

import asyncio

import pytest

from rooms import store
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
from rooms.member import MemberRole
from rooms.moderation import Change
from rooms.participant import Role
from rooms.principal import Principal
from tests.rooms.conftest import House, Room

pytestmark = pytest.mark.anyio

MUTE = Change(muted=True, reason="one at a time")


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


async def test_whose_role_was_set_does_not_change_the_interview(room: Room) -> None:
    """A31: nor who was removed: not the lobby that keeps the candidate out, not the title, and not by an end to it."""
    agenda, lifecycle = room.house.rooms.agenda, room.house.rooms.lifecycle
    ada = await room.house.member("ada@example.org", MemberRole.ADMIN)
    watching = [await room.join(Role.INTERVIEWER, who) for who in (room.ben, ada)]
    await agenda.change(room.ben, room.id, {"limits": {"lobby": True}})
    for each in watching:
        await room.moderation.change(room.olga, room.id, each.participant.id, Change(role=Role.OBSERVER))
    for changes in ({"limits": {"lobby": False}}, {"title": "Mine"}, {}):
        with pytest.raises(RoleFixed, match="you cannot change the interview"):
            await agenda.change(room.ben, room.id, changes)
    with pytest.raises(RoleFixed):
        await lifecycle.cancel(room.ben, room.id)
    await room.moderation.remove(room.olga, room.id, watching[0].participant.id)
    with pytest.raises(Removed):
        await agenda.change(room.ben, room.id, {"limits": {"lobby": False}})
    with pytest.raises(Removed):
        await lifecycle.cancel(room.ben, room.id)
    assert (await room.house.rooms.interview_of(room.olga, room.id)).limits.lobby
    changed = await agenda.change(ada, room.id, {"title": "An admin's"})
    assert changed.title == "An admin's"


async def test_a_muted_guest_is_no_other_guest(room: Room) -> None:
    """B4: his browser is known; the candidate in it is heard, and so is whoever comes with another one."""
    guest = await room.join(Role.GUEST, name="Gil")
    await room.moderation.change(room.olga, room.id, guest.participant.id, MUTE)
    again = await room.join(Role.GUEST, name="Somebody else", device=guest.device)
    assert again.participant.id != guest.participant.id
    assert again.participant.muted_reason == MUTE.reason
    assert [opening.may_write for opening in again.openings] == [False]
    joined = [event["participant"] for event in await room.events("participant.joined")]
    assert [each["id"] for each in joined if each["muted"]] == [again.participant.id], "everybody is told so"
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

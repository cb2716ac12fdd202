"""How somebody becomes a member."""

import anyio
import pytest

from rooms.assignment import AssignedState
from rooms.errors import (
    InvitationInvalid,
    InvitationOver,
    InvitationPending,
    InvitationUnknown,
    MemberExists,
    RoomsError,
    ScopeMissing,
    TextInvalid,
)
from rooms.invitation import INVITATION_MS, InvitationState, accept_by_email
from rooms.member import MemberRole
from tests.rooms.conftest import House

pytestmark = pytest.mark.anyio


async def test_invited_renewed_accepted(house: House) -> None:
    """A38, A52: looking uses nothing up; a renewed invitation has another link; it is used once."""
    invitations, olga = house.rooms.invitations, await house.member(role=MemberRole.ADMIN)
    invitation, first = await invitations.invite(olga, "Ben@Example.org", "Ben", MemberRole.LIMITED)
    house.clock.at_ms += INVITATION_MS
    assert invitation.state(house.clock.at_ms) is InvitationState.EXPIRED
    with pytest.raises(InvitationInvalid):
        await invitations.look(first)
    renewed, token = await invitations.renew(olga, invitation.id)
    assert renewed.state(house.clock.at_ms) is InvitationState.PENDING
    with pytest.raises(InvitationInvalid):
        await invitations.accept(first, "Ben")
    assert [(await invitations.look(token)).email for _ in range(2)] == ["ben@example.org"] * 2
    ben = await house.rooms.sessions.principal(await invitations.accept(token, " ", address="192.0.2.9"))
    assert ben is not None
    assert (ben.email, ben.name, ben.role) == ("ben@example.org", "Ben", MemberRole.LIMITED)
    (listed,) = await invitations.all(olga)
    assert (listed.state(house.clock.at_ms), listed.inviter) == (InvitationState.ACCEPTED, "olga")
    for deed in (invitations.renew(olga, invitation.id), invitations.revoke(olga, invitation.id)):
        with pytest.raises(InvitationOver):
            await deed
    with pytest.raises(MemberExists):
        await invitations.invite(olga, "ben@example.org", "", MemberRole.MEMBER)
    noted = (await house.rooms.audit.page(olga, subject=invitation.id, limit=10)).items
    assert [each.action for each in noted] == ["invitation.accepted", "invitation.renewed", "member.invited"]
    assert noted[0].actor.address == "192.0.2.9"


@pytest.mark.parametrize("rounds", [10, pytest.param(500, marks=pytest.mark.long)])
async def test_two_accept_one_invitation(house: House, rounds: int) -> None:
    """A38: one becomes the member, the others are told that it was used."""
    invitations, olga = house.rooms.invitations, await house.member(role=MemberRole.ADMIN)
    for number in range(rounds):
        _, token = await invitations.invite(olga, f"ben{number}@example.org", "", MemberRole.MEMBER)
        found: list[str] = []

        async def accept(name: str, token: str = token, found: list[str] = found) -> None:
            try:
                await invitations.accept(token, name)
                found.append(name)
            except InvitationInvalid:
                found.append("")

        async with anyio.create_task_group() as tasks:
            for name in ("Ben", "Mallory", "Ben again"):
                tasks.start_soon(accept, name)
        (name,) = filter(None, found)
        page = await house.rooms.membership.page(olga, needle=f"ben{number}@", cursor=None, limit=9)
        assert [each.name for each in page.items] == [name]


async def test_two_invite_the_same(house: House) -> None:
    invitations, olga = house.rooms.invitations, await house.member(role=MemberRole.ADMIN)
    found: list[type[RoomsError] | str] = []

    async def invite() -> None:
        try:
            found.append((await invitations.invite(olga, "ben@example.org", "", MemberRole.MEMBER))[0].id)
        except InvitationPending as error:
            found.append(type(error))

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(invite)
    assert found.count(InvitationPending) == 4
    house.clock.at_ms += INVITATION_MS
    again, _ = await invitations.invite(olga, "ben@example.org", "", MemberRole.MEMBER)
    states = {each.id: each.state(house.clock.at_ms) for each in await invitations.all(olga)}
    assert sorted(states.values()) == [InvitationState.PENDING, InvitationState.REVOKED]
    assert states[again.id] is InvitationState.PENDING


async def test_revoked(house: House) -> None:
    invitations, olga = house.rooms.invitations, await house.member(role=MemberRole.ADMIN)
    invitation, token = await invitations.invite(olga, "ben@example.org", "", MemberRole.MEMBER)
    await invitations.revoke(olga, invitation.id)
    await invitations.revoke(olga, invitation.id)
    with pytest.raises(InvitationInvalid):
        await invitations.accept(token, "Ben")
    with pytest.raises(InvitationOver):
        await invitations.renew(olga, invitation.id)
    with pytest.raises(InvitationUnknown):
        await invitations.revoke(olga, "x")


async def test_whoever_became_a_member_meanwhile_signs_in(house: House) -> None:
    """No link of an invitation changes a member, or brings a deactivated one back."""
    invitations, olga = house.rooms.invitations, await house.member(role=MemberRole.ADMIN)
    _, token = await invitations.invite(olga, "ben@example.org", "", MemberRole.ADMIN)
    ben = await house.member("ben@example.org", MemberRole.LIMITED)
    await house.rooms.membership.deactivate(olga, ben.id)
    with pytest.raises(InvitationInvalid):
        await invitations.accept(token, "Mallory")
    with pytest.raises(MemberExists, match="reactivate"):
        await invitations.invite(olga, "ben@example.org", "", MemberRole.MEMBER)


async def test_owners_are_invited_by_owners(house: House) -> None:
    """A52."""
    invitations = house.rooms.invitations
    ada, olga = await house.member("ada@example.org", MemberRole.ADMIN), await house.member(role=MemberRole.OWNER)
    with pytest.raises(ScopeMissing):
        await invitations.invite(ada, "ben@example.org", "", MemberRole.OWNER)
    invitation, _ = await invitations.invite(olga, "ben@example.org", "", MemberRole.OWNER)
    for deed in (invitations.renew(ada, invitation.id), invitations.revoke(ada, invitation.id)):
        with pytest.raises(ScopeMissing):
            await deed
    for email, name in (("ben", ""), ("", ""), ("a@b", "x" * 81), ("a@b", "x\u202ey"), ("a" * 255 + "@b", "")):
        with pytest.raises(TextInvalid):
            await invitations.invite(olga, email, name, MemberRole.MEMBER)


async def test_a_provider_has_verified_the_address(house: House) -> None:
    invitations, olga = house.rooms.invitations, await house.member(role=MemberRole.ADMIN)
    await invitations.invite(olga, "ben@example.org", "", MemberRole.MEMBER)
    for email, expected in (("Ben@example.org", "Ben B."), ("ben@example.org", None), ("eve@example.org", None)):
        async with house.journal.transaction() as transaction:
            member = await accept_by_email(transaction, olga.organisation_id, email, name="Ben B.")
        assert (member and member.name) == expected


async def test_nobody_invites_who_may_not_any_more(house: House) -> None:
    """A38, A52: whoever is demoted or deactivated has kept no way back in an invitation; others can renew it."""
    invitations, membership = house.rooms.invitations, house.rooms.membership
    olga, ada = await house.member(role=MemberRole.OWNER), await house.member("ada@example.org", MemberRole.OWNER)
    boss, _ = await invitations.invite(ada, "ada.two@example.org", "", MemberRole.OWNER)
    admin, token = await invitations.invite(ada, "ada.three@example.org", "", MemberRole.ADMIN)
    await membership.change(olga, ada.id, role=MemberRole.ADMIN)
    state = {each.id: each.state(house.clock.at_ms) for each in await invitations.all(olga)}
    assert state == {boss.id: InvitationState.EXPIRED, admin.id: InvitationState.PENDING}
    await membership.deactivate(olga, ada.id)
    interview = await house.rooms.agenda.get(olga, await house.interview(olga, interviewers=(boss.email,)))
    assigned = await house.rooms.search.assigned(olga.organisation_id, [interview])
    assert assigned[boss.email].state is AssignedState.EXPIRED
    for deed in (invitations.look(token), invitations.accept(token, "Ada")):
        with pytest.raises(InvitationInvalid):
            await deed
    async with house.journal.transaction() as transaction:
        for each in (boss, admin):
            assert await accept_by_email(transaction, olga.organisation_id, each.email) is None
    again, _ = await invitations.invite(olga, boss.email, "", MemberRole.MEMBER)
    renewed, token = await invitations.renew(olga, admin.id)
    assert (renewed.invited_by, renewed.inviter, renewed.is_backed) == (olga.id, "olga", True)
    await invitations.accept(token, "Cleo")
    state = {each.id: each.state(house.clock.at_ms) for each in await invitations.all(olga)}
    assert state == {
        boss.id: InvitationState.REVOKED,
        again.id: InvitationState.PENDING,
        admin.id: InvitationState.ACCEPTED,
    }

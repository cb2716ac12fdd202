"""Members changed and deactivated, also at once with others."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import anyio
import pytest

from collab.wire import CloseCode
from rooms.errors import (
    CursorInvalid,
    InterviewUnknown,
    LastOwner,
    MemberIdUnknown,
    MemberUnknown,
    NotAnInterviewer,
    OneselfModerated,
    RoomsError,
    ScopeMissing,
    SignInLinkInvalid,
    TicketInvalid,
    Unauthenticated,
)
from rooms.key import Scope
from rooms.member import MemberRole
from rooms.participant import Role
from rooms.principal import Principal
from rooms.session import Method, begin
from tests.rooms.conftest import House

pytestmark = pytest.mark.anyio


async def outcomes(*deeds: Callable[[], Coroutine[Any, Any, object]]) -> list[object]:
    """Of all at once: what each returned, or raised."""
    found: list[object] = [None] * len(deeds)

    async def run(number: int, deed: Callable[[], Awaitable[object]]) -> None:
        try:
            found[number] = await deed()
        except RoomsError as error:
            found[number] = type(error)

    async with anyio.create_task_group() as tasks:
        for number, deed in enumerate(deeds):
            tasks.start_soon(run, number, deed)
    return found


async def owners(house: House, asker: Principal) -> list[str]:
    page = await house.rooms.membership.page(asker, needle="", cursor=None, limit=100)
    return [each.email for each in page.items if each.role is MemberRole.OWNER and each.is_active]


@pytest.mark.parametrize("rounds", [25, pytest.param(500, marks=pytest.mark.long)])
@pytest.mark.parametrize("role", [MemberRole.ADMIN, MemberRole.OWNER])
async def test_two_deactivate_each_other(house: House, role: MemberRole, rounds: int) -> None:
    """A52: one of them does, and the other is told that his own account is gone."""
    membership = house.rooms.membership
    await house.member("olga@example.org", MemberRole.OWNER)
    for number in range(rounds):
        ada, bob = [await house.member(f"{name}{number}@example.org", role) for name in ("ada", "bob")]
        found = await outcomes(
            lambda ada=ada, bob=bob: membership.deactivate(ada, bob.id),  # type: ignore[misc]
            lambda ada=ada, bob=bob: membership.deactivate(bob, ada.id),  # type: ignore[misc]
        )
        assert Unauthenticated in found
        out = [each for each in found if each is not Unauthenticated]
        assert [getattr(each, "id", each) for each in out] in ([ada.id], [bob.id])


async def test_the_last_owner_stays(house: House) -> None:
    """A52: two owners who both step down at once leave one of them."""
    membership = house.rooms.membership
    ada, bob = [await house.member(f"{name}@example.org", MemberRole.OWNER) for name in ("ada", "bob")]
    found = await outcomes(
        lambda: membership.change(ada, ada.id, role=MemberRole.MEMBER),
        lambda: membership.change(bob, bob.id, role=MemberRole.ADMIN),
    )
    assert found.count(LastOwner) == 1
    (left,) = [each for each, told in zip((ada, bob), found, strict=True) if told is LastOwner]
    assert await owners(house, left) == [left.email]
    with pytest.raises(OneselfModerated):
        await membership.deactivate(left, left.id)
    with pytest.raises(LastOwner):
        await house.rooms.people.add_member(left.email or "", None, MemberRole.LIMITED)
    other = await house.member("cleo@example.org", MemberRole.OWNER)
    assert (await membership.deactivate(other, left.id)).deactivated_at_ms is not None
    assert await owners(house, other) == ["cleo@example.org"]


async def test_only_owners_touch_owners(house: House) -> None:
    """A52."""
    membership = house.rooms.membership
    ada, olga = await house.member("ada@example.org", MemberRole.ADMIN), await house.member(role=MemberRole.OWNER)
    bob = await house.member("bob@example.org")
    for deed in (
        lambda: membership.deactivate(ada, olga.id),
        lambda: membership.reactivate(ada, olga.id),
        lambda: membership.new_link(ada, olga.id),
        lambda: membership.change(ada, olga.id, name="X"),
        lambda: membership.change(ada, bob.id, role=MemberRole.OWNER),
        lambda: membership.change(ada, ada.id, role=MemberRole.OWNER),
    ):
        with pytest.raises(ScopeMissing):
            await deed()
    assert (await membership.change(ada, bob.id, role=MemberRole.ADMIN)).role is MemberRole.ADMIN
    assert (await membership.change(olga, bob.id, role=MemberRole.OWNER)).role is MemberRole.OWNER
    with pytest.raises(MemberIdUnknown):
        await membership.deactivate(olga, "x")


async def test_an_admins_link_makes_no_owner(house: House) -> None:
    """A52: made for somebody who is made an owner before it is used."""
    membership = house.rooms.membership
    ada, olga = await house.member("ada@example.org", MemberRole.ADMIN), await house.member(role=MemberRole.OWNER)
    bob = await house.member("bob@example.org")
    token, _ = await membership.new_link(ada, bob.id)
    await membership.change(olga, bob.id, role=MemberRole.OWNER)
    with pytest.raises(SignInLinkInvalid):
        await house.rooms.people.sign_in(token)
    token, _ = await membership.new_link(olga, bob.id)
    assert await house.rooms.people.sign_in(token)


@pytest.mark.parametrize("role", [MemberRole.ADMIN, MemberRole.OWNER])
async def test_what_a_link_has_opened_ends_with_promotion(house: House, role: MemberRole) -> None:
    """A52: by it somebody else may have become whom he never was; other sessions go on, and so does who is demoted."""
    people, membership, sessions = house.rooms.people, house.rooms.membership, house.rooms.sessions
    olga, bob = await house.member(role=MemberRole.OWNER), await house.member("bob@example.org")
    by_link = await people.sign_in((await membership.new_link(olga, bob.id))[0])
    late, _ = await membership.new_link(olga, bob.id)
    async with house.database.writing() as connection:
        by_password = await begin(connection, bob.id, house.clock.now_ms(), method=Method.PASSWORD)
    await membership.change(olga, bob.id, name="Bob", role=role)
    assert await sessions.principal(by_link) is None
    with pytest.raises(SignInLinkInvalid):
        await people.sign_in(late)
    assert await sessions.principal(by_password) is not None
    (line, *_) = (await house.rooms.audit.page(olga, subject=bob.id, limit=1)).items
    assert (line.action, line.detail) == (
        "member.changed",
        {"name": ["bob", "Bob"], "role": ["member", role.value], "sessions": 2},
    )
    again = await people.sign_in((await membership.new_link(olga, bob.id))[0])
    await membership.change(olga, bob.id, role=MemberRole.MEMBER)
    assert await sessions.principal(again) is not None


async def test_whoever_was_invited_and_chose_a_password_stays_with_promotion(house: House) -> None:
    """A38, A52: by it, and not by the link alone, he is known; without one the link is all that there is."""
    olga = await house.member(role=MemberRole.OWNER)
    for name, chosen, stays in (("ada", "a hash", True), ("bob", None, False)):
        _, token = await house.rooms.invitations.invite(olga, f"{name}@example.org", name, MemberRole.MEMBER)
        secret = await house.rooms.invitations.accept(token, name, chosen)
        principal = await house.rooms.sessions.principal(secret)
        assert principal is not None
        await house.rooms.membership.change(olga, principal.id, role=MemberRole.ADMIN)
        assert (await house.rooms.sessions.principal(secret) is not None) == stays


async def test_nothing_is_left_of_whoever_is_deactivated(house: House) -> None:
    """A52: sessions, links and tickets end, nobody acts for him; his keys and what he made stay."""
    people, membership = house.rooms.people, house.rooms.membership
    olga, ben = await house.member(role=MemberRole.OWNER), await house.member("ben@example.org", MemberRole.ADMIN)
    held, secret = await people.keyring.make(ben, "scheduler", frozenset([Scope.OWN]))
    key = await house.key(Scope.COMPANY_WRITE)
    session = await people.sign_in(await people.add_member("ben@example.org", None, None))
    link = await people.add_member("ben@example.org", None, None)
    interview = await house.active(ben)
    joined = await house.join(interview, Role.INTERVIEWER, ben)
    watching = await house.join(interview, Role.OBSERVER, ben)
    closed: list[tuple[CloseCode, str]] = []
    grant = await house.grant(joined)
    await house.rooms.seats.connected(grant, lambda code, reason: closed.append((code, reason)))
    ended: set[str] = set()
    membership.on_out = ended.update
    member = await people.acting_member(ben, None)
    await membership.deactivate(olga, ben.id)
    assert await house.rooms.sessions.principal(session) is None
    with pytest.raises(SignInLinkInvalid):
        await people.sign_in(link)
    for ticket in (joined.ticket, watching.ticket):
        with pytest.raises(TicketInvalid):
            await house.rooms.authorise_socket(interview, ticket)
    assert [code for code, _ in closed] == [CloseCode.TICKET]
    assert {ben.id, joined.participant.id, watching.participant.id} <= ended
    assert (await house.events(interview)).count("participant.disconnected") == 1
    with pytest.raises(Unauthenticated):  # he had asked just before
        await house.rooms.join(interview, Role.INTERVIEWER, member=member)
    with pytest.raises(MemberUnknown):
        await people.acting_member(key, "ben@example.org")
    assert await people.principal_of_key(secret) is not None
    assert [each.created_by for each in await people.keyring.all(olga) if each.id == held.id] == [(ben.id, "ben")]
    assert (await house.rooms.interview_of(olga, interview)).id == interview
    assert (await membership.deactivate(olga, ben.id)).id == ben.id  # once is enough
    with pytest.raises(TicketInvalid):
        await house.rooms.authorise_socket(interview, joined.ticket)
    assert (await membership.reactivate(olga, ben.id)).is_active
    back = await house.member("ben@example.org", MemberRole.ADMIN)
    assert (back.id, back.role) == (ben.id, MemberRole.ADMIN)
    assert (await house.join(interview, Role.INTERVIEWER, back)).participant.id == joined.participant.id
    noted = await house.rooms.audit.page(olga, subject=ben.id, limit=100)
    actions = [each.action for each in noted.items]
    assert actions.count("member.deactivated") == 1
    assert actions.count("member.reactivated") == 1


async def test_a_finished_room_that_is_reopened_is_closed_to_him(house: House) -> None:
    olga, ben = await house.member(role=MemberRole.OWNER), await house.member("ben@example.org")
    interview = await house.active(olga)
    joined = await house.enter(interview, Role.INTERVIEWER, ben)
    await house.rooms.lifecycle.finish(olga, interview)
    await house.rooms.membership.deactivate(olga, ben.id)
    await house.rooms.lifecycle.reopen(olga, interview)
    with pytest.raises(TicketInvalid):
        await house.rooms.authorise_socket(interview, joined.ticket)


async def test_who_becomes_limited_leaves_the_rooms_that_are_not_his(house: House) -> None:
    """A52: a limited member joins what is assigned to him, and nothing else; as a guest he comes like anybody."""
    olga, ben = await house.member(role=MemberRole.OWNER), await house.member("ben@example.org")
    key = await house.key(Scope.COMPANY_WRITE)
    others, own = await house.interview(olga), await house.interview(olga, interviewers=("ben@example.org",))
    there = [await house.join(room, Role.INTERVIEWER, ben) for room in (others, own)]
    guest = await house.join(others, Role.GUEST, ben)
    now_limited = Principal.of_member(await house.rooms.membership.change(olga, ben.id, role=MemberRole.LIMITED))
    with pytest.raises(TicketInvalid):
        await house.rooms.authorise_socket(others, there[0].ticket)
    await house.rooms.authorise_socket(own, there[1].ticket)
    await house.rooms.authorise_socket(others, guest.ticket)
    for asker in (ben, key):
        member = await house.rooms.people.acting_member(asker, "ben@example.org")
        for role in (Role.INTERVIEWER, Role.OBSERVER):
            with pytest.raises(ScopeMissing, match="Ask an owner or an admin"):
                await house.rooms.join(others, role, member=member)
        with pytest.raises(RoomsError) as refused:
            await house.rooms.lifecycle.finish(asker if asker is key else now_limited, others, "ben@example.org")
        assert refused.type is (NotAnInterviewer if asker is key else InterviewUnknown)
        await house.rooms.join(own, Role.OBSERVER, member=member)
        await house.rooms.join(others, Role.GUEST, member=member)


async def test_whoever_is_limited_leaves_a_room_that_is_taken_from_him(house: House) -> None:
    """A22, A52: at once, and comes back when it is his again; members who see everything stay."""
    olga = await house.member(role=MemberRole.OWNER)
    ben, cleo = await house.member("ben@example.org", MemberRole.LIMITED), await house.member("cleo@example.org")
    both = ("ben@example.org", "cleo@example.org")
    room = await house.interview(olga, interviewers=both)
    there = [await house.join(room, Role.INTERVIEWER, each) for each in (ben, cleo)]
    closed: list[tuple[str, CloseCode]] = []
    for joined in there:
        name = joined.participant.name
        await house.rooms.seats.connected(
            await house.grant(joined),
            lambda code, _, name=name: closed.append((name, code)),  # type: ignore[misc]
        )
    late = await house.grant(there[0])
    await house.rooms.agenda.change(olga, room, {"interviewers": ()})
    assert closed == [("ben", CloseCode.TICKET)]
    await house.rooms.seats.connected(late, lambda code, _: closed.append(("late", code)))
    assert closed[1:] == [("late", CloseCode.TICKET)]
    with pytest.raises(TicketInvalid):
        await house.grant(there[0])
    await house.grant(there[1])
    with pytest.raises(ScopeMissing, match="not assigned"):
        await house.join(room, Role.OBSERVER, ben)
    await house.rooms.agenda.change(olga, room, {"interviewers": both})
    assert (await house.join(room, Role.INTERVIEWER, ben)).participant.id == there[0].participant.id


async def test_members_by_name_page_by_page(house: House) -> None:
    membership, olga = house.rooms.membership, await house.member()
    for name in ("Zoë", "Ada", "Ada"):
        await house.rooms.people.add_member(f"{name.lower()}{house.clock.at_ms}@example.org", name, None)
        house.clock.at_ms += 1
    first = await membership.page(olga, needle="", cursor=None, limit=3)
    rest = await membership.page(olga, needle="", cursor=first.next_cursor, limit=3)
    assert [each.name for each in first.items + rest.items] == ["Ada", "Ada", "Zoë", "olga"]
    assert rest.next_cursor is None
    found = [await membership.page(olga, needle=needle, cursor=None, limit=1) for needle in (" zoe ", "ADA", "@", "x1")]
    assert [[each.name for each in page.items] for page in found] == [["Zoë"], ["Ada"], ["Ada"], []]
    assert [page.next_cursor is not None for page in found] == [False, True, True, False]
    with pytest.raises(CursorInvalid):
        await membership.page(olga, needle="", cursor="x", limit=1)

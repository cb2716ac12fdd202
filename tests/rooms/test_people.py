"""Members, keys, one-time links and sessions."""

import anyio
import pytest

from rooms.errors import (
    InterviewUnknown,
    MemberUnknown,
    NotAnInterviewer,
    OnBehalfMissing,
    ScopeMissing,
    SignInLinkInvalid,
    TextInvalid,
)
from rooms.key import Scope
from rooms.member import MemberRole
from rooms.participant import Role
from rooms.people import SIGN_IN_LINK_MS
from rooms.session import SESSION_MS
from tests.rooms.conftest import House

pytestmark = pytest.mark.anyio


async def test_the_first_start_makes_one_owner(house: House) -> None:
    """Every start offers a link until somebody has signed in: a terminal can be closed too soon."""
    people = house.rooms.people
    tokens = [await people.first_owner_token() for _ in range(2)]
    assert all(tokens)
    owners = [await house.rooms.sessions.principal(await people.sign_in(token)) for token in tokens if token]
    assert owners[0] is not None
    assert owners[0].role is MemberRole.OWNER
    assert owners[0] == owners[1]
    assert await people.first_owner_token() is None


async def test_a_sign_in_link_works_once(house: House) -> None:
    people = house.rooms.people
    token = await people.add_member("ada@example.org", "Ada", MemberRole.MEMBER)
    outcomes: list[bool] = []

    async def sign_in() -> None:
        try:
            await people.sign_in(token)
            outcomes.append(True)
        except SignInLinkInvalid:
            outcomes.append(False)

    async with anyio.create_task_group() as tasks:
        for _ in range(10):
            tasks.start_soon(sign_in)
    assert sorted(outcomes) == [False] * 9 + [True]


async def test_links_and_sessions_expire(house: House) -> None:
    people = house.rooms.people
    late = await people.add_member("ada@example.org", None, None)
    house.clock.at_ms += SIGN_IN_LINK_MS
    with pytest.raises(SignInLinkInvalid):
        await people.sign_in(late)
    session = await people.sign_in(await people.add_member("ada@example.org", None, None))
    house.clock.at_ms += SESSION_MS - 1
    principal = await house.rooms.sessions.principal(session)
    assert principal is not None
    assert principal.expires_at_ms == house.clock.at_ms + 1
    house.clock.at_ms += 1
    assert await house.rooms.sessions.principal(session) is None


async def test_signing_out_ends_one_session(house: House) -> None:
    people = house.rooms.people
    here, there = [await people.sign_in(await people.add_member("ada@example.org", None, None)) for _ in range(2)]
    await house.rooms.sessions.sign_out(here)
    assert await house.rooms.sessions.principal(here) is None
    assert await house.rooms.sessions.principal(there) is not None


async def test_who_guesses_keeps_nobody_from_writing(house: House) -> None:
    """A2: a link or a session that there is not is told from one that there is without a turn to write."""
    async with house.database.writing():
        with anyio.fail_after(2):
            with pytest.raises(SignInLinkInvalid):
                await house.rooms.people.sign_in("x" * 43)
            await house.rooms.sessions.sign_out("x" * 43)


async def test_whose_place_a_session_takes_is_on_record(house: House) -> None:
    """A2: one line for the session that ends where somebody else signs in, by him, and one for his own."""
    people, olga = house.rooms.people, await house.member(role=MemberRole.OWNER)
    before = await people.sign_in(await people.add_member("ada@example.org", None, None))
    ada = await house.rooms.sessions.principal(before)
    token = await people.add_member("bob@example.org", None, None)
    await people.sign_in(token, address="192.0.2.7", replacing=before)
    assert await house.rooms.sessions.principal(before) is None
    assert ada is not None
    begun, ended = (await house.rooms.audit.page(olga, limit=2)).items
    assert [each.action for each in (begun, ended)] == ["session.begun", "session.ended"]
    assert (ended.actor, ended.subject.id, ended.detail) == (begun.actor, ada.id, {"sessions": 1})
    assert (begun.subject.name, begun.actor.address) == ("bob", "192.0.2.7")


async def test_sessions_that_end_by_another_deed_are_counted_with_it(house: House) -> None:
    """A2, A52: no line of their own."""
    people, olga = house.rooms.people, await house.member(role=MemberRole.OWNER)
    for email in ("ada@example.org", "ada@example.org", "bob@example.org"):
        await people.sign_in(await people.add_member(email, None, None))
    await people.add_member_with_password("ada@example.org", None, None, "a hash")
    bob = await people.member_of_email(olga.organisation_id, "bob@example.org")
    await house.rooms.membership.deactivate(olga, bob.id)
    off, password = (await house.rooms.audit.page(olga, limit=2)).items
    assert (off.action, off.detail) == ("member.deactivated", {"sessions": 1})
    assert (password.action, password.detail) == ("password.set", {"sessions": 2})


async def test_adding_again_changes_only_what_is_given(house: House) -> None:
    people = house.rooms.people
    await people.add_member("Ada@Example.org", "Ada", MemberRole.ADMIN)
    await people.add_member("ada@example.org", None, None)
    organisation = (await house.member("olga@example.org")).organisation_id
    ada = await people.member_of_email(organisation, "ADA@example.org")
    assert (ada.name, ada.role) == ("Ada", MemberRole.ADMIN)
    await people.add_member("ada@example.org", "Ada L.", MemberRole.LIMITED)
    changed = await people.member_of_email(organisation, "ada@example.org")
    assert (changed.id, changed.name, changed.role) == (ada.id, "Ada L.", MemberRole.LIMITED)


@pytest.mark.parametrize(("email", "name"), [("ada", "Ada"), ("", ""), ("a@b", "x" * 81), ("a@b", "x\ny")])
async def test_members_that_cannot_be(house: House, email: str, name: str) -> None:
    with pytest.raises(TextInvalid):
        await house.rooms.people.add_member(email, name, None)


async def test_keys(house: House) -> None:
    key = await house.key(Scope.OWN, Scope.COMPANY_READ)
    assert key.scopes == {"liveInterview", "liveInterview.company.read"}
    assert await house.rooms.people.principal_of_key("x" * 43) is None
    assert await house.rooms.people.principal_of_key("") is None


@pytest.mark.parametrize(
    ("scopes", "creates", "sees", "changes"),
    [
        ((Scope.OWN,), True, False, False),
        ((Scope.COMPANY,), True, True, True),
        ((Scope.COMPANY_READ,), False, True, False),
        ((Scope.COMPANY_WRITE,), True, True, True),
        ((Scope.OWN, Scope.COMPANY_READ), True, True, False),
    ],
)
async def test_what_a_key_may_do_with_somebody_elses_interview(
    house: House, scopes: tuple[Scope, ...], creates: bool, sees: bool, changes: bool
) -> None:
    olga, key = await house.member(), await house.key(*scopes)
    theirs = await house.rooms.interview_of(olga, await house.interview(olga))
    assert (key.may_create, key.can_see(theirs), key.can_change(theirs)) == (creates, sees, changes)
    if Scope.OWN in scopes:
        own = await house.rooms.interview_of(key, await house.interview(key))
        assert key.can_see(own)
        assert key.can_change(own)


@pytest.mark.parametrize("role", list(MemberRole))
async def test_members_but_limited_ones_arrange(house: House, role: MemberRole) -> None:
    """A52: a limited member sees and joins what is assigned to him, and nothing else."""
    olga = await house.member()
    interview = await house.interview(olga, interviewers=("bob@example.org",))
    other = await house.interview(olga)
    member = await house.member("bob@example.org", role)
    if role is MemberRole.LIMITED:
        with pytest.raises(InterviewUnknown):
            await house.rooms.interview_of(member, other)
    else:
        assert (await house.rooms.interview_of(member, other)).id == other
    may = role is not MemberRole.LIMITED
    assert member.may_create == may
    found = await house.rooms.interview_of(member, interview)
    assert member.can_change(found) == may
    for inside in (Role.INTERVIEWER, Role.OBSERVER):
        await house.join(interview, inside, member)


async def test_who_reads_the_notes_recording(house: House) -> None:
    olga, owner = await house.member(), await house.member("o@example.org", MemberRole.OWNER)
    bob, otto = await house.member("bob@example.org"), await house.member("otto@example.org")
    reader, own = await house.key(Scope.COMPANY_READ), await house.key(Scope.OWN)
    interview_id = await house.interview(olga, interviewers=("bob@example.org",))
    await house.join(interview_id, Role.INTERVIEWER, olga)
    await house.join(interview_id, Role.OBSERVER, otto)
    interview = await house.rooms.interview_of(olga, interview_id)
    may = house.rooms.may_read_recording
    for principal, notes, code in (
        (olga, True, True),
        (bob, True, True),
        (owner, True, True),
        (otto, False, True),
        (reader, True, True),
        (own, False, False),
    ):
        assert await may(principal, interview, interview_id) == code
        assert await may(principal, interview, f"{interview_id}.notes") == notes
        assert not await may(principal, interview, "another")
        assert not await may(principal, interview, f"{interview_id}.other")


async def test_whoever_only_watched_is_no_interviewer(house: House) -> None:
    olga, otto = await house.member(), await house.member("otto@example.org")
    interview = await house.active(olga)
    await house.rooms.agenda.change(olga, interview, {"interviewers": ("otto@example.org",)})
    notes, may = f"{interview}.notes", house.rooms.may_read_recording
    assert await may(otto, await house.rooms.interview_of(otto, interview), notes)
    await house.join(interview, Role.OBSERVER, otto)
    assert not await may(otto, await house.rooms.interview_of(otto, interview), notes)
    with pytest.raises(NotAnInterviewer):
        await house.rooms.lifecycle.finish(otto, interview)
    await house.join(interview, Role.INTERVIEWER, otto)
    assert await may(otto, await house.rooms.interview_of(otto, interview), notes)


async def test_only_keys_act_for_others(house: House) -> None:
    people = house.rooms.people
    olga, key = await house.member(), await house.key(Scope.COMPANY_WRITE)
    assert (await people.acting_member(olga, None)).id == olga.id
    assert (await people.acting_member(key, "olga@example.org")).id == olga.id
    with pytest.raises(ScopeMissing):
        await people.acting_member(olga, "bob@example.org")
    with pytest.raises(OnBehalfMissing):
        await people.acting_member(key, None)
    with pytest.raises(MemberUnknown):
        await people.acting_member(key, "nobody@example.org")

"""Interviews planned, found and changed."""

import base64
from dataclasses import replace

import anyio
import pytest
from sqlalchemy import insert, update

from rooms import schema
from rooms.agenda import Plan, Repeatable
from rooms.errors import (
    CursorInvalid,
    ExternalRefTaken,
    IdempotencyKeyReused,
    InterviewFinished,
    InterviewUnknown,
    ScopeMissing,
)
from rooms.interview import Kind, Status
from rooms.key import Scope
from rooms.member import MemberRole
from rooms.participant import Role
from rooms.policy import Limits, OverLimit
from rooms.principal import Principal
from tests.rooms.conftest import House

pytestmark = pytest.mark.anyio

PLAN = Plan(language="python")


async def _titles(house: House, principal: Principal, **query: object) -> list[str]:
    asked: dict[str, object] = {"status": None, "needle": "", "cursor": None, "limit": 50}
    page = await house.rooms.search.page(principal, **(asked | query))  # type: ignore[arg-type]
    return [interview.title for interview in page.items]


async def test_titles_are_generated(house: House) -> None:
    olga = await house.member()
    create = house.rooms.agenda.create
    plain, _ = await create(olga, PLAN)
    named, _ = await create(olga, Plan(language="python", candidate_name="Ada"))
    assert plain.title == "Interview of 15 January 2027, 08:00:00 UTC"
    assert named.title == "Interview with Ada"


async def test_missing_limits_are_the_organisations(house: House) -> None:
    made, _ = await house.rooms.agenda.create(
        await house.member(), Plan(language="python", limits={"guests": 1, "over_limit": OverLimit.WAIT})
    )
    assert made.limits == Limits(3, 10, 1, OverLimit.WAIT)


async def test_the_same_external_ref_is_the_same_interview(house: House) -> None:
    olga = await house.member()
    plan = Plan(language="python", external_ref="stage-7")
    made: list[tuple[str, bool]] = []

    async def create() -> None:
        interview, is_new = await house.rooms.agenda.create(olga, plan)
        made.append((interview.id, is_new))

    async with anyio.create_task_group() as tasks:
        for _ in range(10):
            tasks.start_soon(create)
    assert len({interview for interview, _ in made}) == 1
    assert sorted(is_new for _, is_new in made) == [False] * 9 + [True]
    await house.rooms.lifecycle.cancel(olga, made[0][0])
    again, is_new = await house.rooms.agenda.create(olga, plan)
    assert is_new
    assert again.id != made[0][0]


async def test_an_external_ref_of_somebody_elses_is_taken(house: House) -> None:
    plan = Plan(language="python", external_ref="stage-7")
    await house.rooms.agenda.create(await house.member(), plan)
    with pytest.raises(ExternalRefTaken):
        await house.rooms.agenda.create(await house.key(Scope.OWN), plan)


async def test_an_idempotency_key_makes_one_interview(house: House) -> None:
    olga, bob = await house.member(), await house.member("bob@example.org")
    create = house.rooms.agenda.create
    first, _ = await create(olga, PLAN, Repeatable("k", b"{}"))
    again, is_new = await create(olga, PLAN, Repeatable("k", b"{}"))
    assert (again, is_new) == (first, True)
    assert (await create(bob, PLAN, Repeatable("k", b"{}")))[0].id != first.id
    assert (await create(olga, PLAN, Repeatable("other", b"{}")))[0].id != first.id
    with pytest.raises(IdempotencyKeyReused):
        await create(olga, PLAN, Repeatable("k", b'{"title": "x"}'))


async def test_an_idempotency_key_gives_the_first_answer_again(house: House) -> None:
    olga = await house.member()
    create = house.rooms.agenda.create
    plan = Plan(language="python", external_ref="stage-7")
    made = await create(olga, plan, Repeatable("new", b"{}"))
    known = await create(olga, replace(plan, title="T"), Repeatable("known", b"{}"))
    assert (made[1], known) == (True, (made[0], False))
    with pytest.raises(IdempotencyKeyReused):
        await create(olga, PLAN, Repeatable("known", b'{"title": "x"}'))
    await house.rooms.agenda.change(olga, made[0].id, {"title": "Another"})
    await house.rooms.lifecycle.cancel(olga, made[0].id)
    assert await create(olga, plan, Repeatable("new", b"{}")) == made
    assert await create(olga, plan, Repeatable("known", b"{}")) == known
    again, is_new = await create(olga, plan, Repeatable("third", b"{}"))
    assert is_new
    assert again.id != made[0].id


async def test_who_may_not_create(house: House) -> None:
    for principal in (await house.member(role=MemberRole.LIMITED), await house.key(Scope.COMPANY_READ)):
        with pytest.raises(ScopeMissing):
            await house.rooms.agenda.create(principal, PLAN)


async def test_pages_go_from_the_newest_to_the_oldest(house: House) -> None:
    olga = await house.member()
    for number in range(7):
        await house.interview(olga, title=f"T{number}")
        house.clock.at_ms += number % 2  # some in the same millisecond
    everything = await _titles(house, olga)
    assert sorted(everything) == [f"T{number}" for number in range(7)]
    found: list[str] = []
    cursor: str | None = None
    while True:
        page = await house.rooms.search.page(olga, status=None, needle="", cursor=cursor, limit=3)
        found += [interview.title for interview in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert found == everything
    huge = [base64.urlsafe_b64encode(f"{number} x".encode()).decode() for number in (2**63, -1, "9" * 5000)]
    for wrong in ("x", "é", "", "MTIz", "eCB5", *huge):
        with pytest.raises(CursorInvalid):
            await house.rooms.search.page(olga, status=None, needle="", cursor=wrong, limit=3)


async def test_search_looks_in_every_stage_and_counts_there(house: House) -> None:
    olga = await house.member()
    await house.interview(olga, title="Zoë's 100% first")
    await house.interview(olga, candidate_name="ZOE", title="Second")
    await house.interview(olga, candidate_email="zoe@example.org", title="Third")
    await house.interview(olga, title="Fourth")
    active = await house.active(olga)
    await house.rooms.agenda.change(olga, active, {"title": "zoé again"})
    assert set(await _titles(house, olga, needle=" zoë ")) == {"Zoë's 100% first", "Second", "Third", "zoé again"}
    assert await _titles(house, olga, needle="0% F") == ["Zoë's 100% first"]
    assert await _titles(house, olga, needle="_") == []
    assert await _titles(house, olga, needle="zoe", status=Status.ACTIVE) == ["zoé again"]
    page = await house.rooms.search.page(olga, status=Status.ACTIVE, needle="zoe", cursor=None, limit=1)
    assert page.counts == {Status.PENDING: 3, Status.ACTIVE: 1}


async def test_search_says_where_it_found_what(house: House) -> None:
    """A45–A47: every word is somewhere, in whatever field; an interviewer is found by his name too."""
    olga, zoe = await house.member(), await house.member("z.b@example.org")
    await house.rooms.people.add_member("z.b@example.org", "Zoë Brandt", None)
    titled = await house.interview(olga, title="Żółw", candidate_name="Ada", candidate_email="ada@zoe.example")
    planned = await house.interview(olga, title="Second", interviewers=("z.b@example.org", "ben@example.org"))

    async def found(needle: str, principal: Principal = olga) -> dict[str, list[str]]:
        page = await house.rooms.search.page(principal, status=None, needle=needle, cursor=None, limit=50)
        return {interview: [place.value for place in page.found_in[interview]] for interview in page.found_in}

    assert await found("ZOLW ada") == {titled: ["title", "candidate", "email"]}
    assert await found("zoe") == {titled: ["email"], planned: ["interviewer"]}
    assert await found("brandt BEN second") == {planned: ["title", "interviewer"]}
    assert await found("z.b@") == {planned: ["interviewer"]}
    assert await found("zoe brandt ada") == {}
    assert await found(" ".join("abcdefghij")) == {}
    assert await found("  ") == {titled: [], planned: []}
    await house.rooms.agenda.change(olga, planned, {"interviewers": ()})
    assert await found("brandt", zoe) == {}


async def test_a_limited_member_lists_what_is_assigned_to_him(house: House) -> None:
    """A52: those planned with his address, and no address that only looks like his."""
    olga, lia = await house.member(), await house.member("lia@example.org", MemberRole.LIMITED)
    await house.interview(olga, title="hers", interviewers=("ben@example.org", "lia@example.org"))
    await house.interview(olga, title="others", interviewers=("julia@example.org", 'x"lia@example.org'))
    await house.interview(olga, title="nobody's")
    assert await _titles(house, lia) == ["hers"]
    assert await _titles(house, lia, needle="julia") == []
    assert await house.rooms.search.counts(lia) == {Status.PENDING: 1}
    assert await house.rooms.search.counts(olga) == {Status.PENDING: 3}


async def test_practice_and_sample_count_nowhere(house: House) -> None:
    """A51: they are listed only where they are asked for."""
    olga = await house.member()
    await house.interview(olga, title="T")
    for kind in (Kind.PRACTICE, Kind.SAMPLE):
        await house.interview(olga, title=f"T {kind}", kind=kind)
        assert await _titles(house, olga, kind=kind) == [f"T {kind}"]
    page = await house.rooms.search.page(olga, status=None, needle="t", cursor=None, limit=50)
    assert ([interview.title for interview in page.items], page.counts) == (["T"], {Status.PENDING: 1})


async def test_whether_those_who_are_assigned_can_interview(house: House) -> None:
    """A38: members can; who has not accepted an invitation, or has been deactivated, cannot."""
    olga, _ = await house.member(role=MemberRole.ADMIN), await house.member("gone@example.org")
    now_ms = house.clock.now_ms()
    async with house.database.writing() as connection:
        gone = update(schema.members).where(schema.members.c.email == "gone@example.org")
        await connection.execute(gone.values(deactivated_at_ms=now_ms))
        for name, ends_ms, revoked in (("new", 1, None), ("late", 0, None), ("unwanted", 1, now_ms)):
            await connection.execute(
                insert(schema.invitations).values(
                    id=name,
                    organisation_id=olga.organisation_id,
                    email=f"{name}@example.org",
                    name=name.title(),
                    role="member",
                    token_hash=name,
                    invited_by=olga.id,
                    created_at_ms=now_ms,
                    expires_at_ms=now_ms + ends_ms,
                    revoked_at_ms=revoked,
                )
            )
    emails = tuple(f"{name}@example.org" for name in ("olga", "gone", "new", "late", "unwanted", "who"))
    interview = await house.rooms.interview_of(olga, await house.interview(olga, interviewers=emails))
    assigned = await house.rooms.search.assigned(olga.organisation_id, [interview])
    assert {each.email.partition("@")[0]: (each.name, each.state.value) for each in assigned.values()} == {
        "olga": ("olga", "member"),
        "gone": ("gone", "deactivated"),
        "new": ("New", "pending"),
        "late": ("Late", "expired"),
        "unwanted": ("", "unknown"),
        "who": ("", "unknown"),
    }


async def test_a_key_lists_what_it_may_see(house: House) -> None:
    olga, own, reader = await house.member(), await house.key(Scope.OWN), await house.key(Scope.COMPANY_READ)
    hers = await house.interview(olga, title="hers")
    await house.interview(own, title="own")
    assert await _titles(house, own) == ["own"]
    assert set(await _titles(house, reader)) == {"hers", "own"}
    with pytest.raises(InterviewUnknown):
        await house.rooms.interview_of(own, hers)
    with pytest.raises(ScopeMissing):
        await house.rooms.agenda.change(reader, hers, {"title": "x"})
    with pytest.raises(ScopeMissing):
        await house.rooms.lifecycle.cancel(reader, hers)


async def test_changes_touch_only_what_they_name(house: House) -> None:
    olga = await house.member()
    made, _ = await house.rooms.agenda.create(
        olga, Plan(language="go", title="T", candidate_name="Ada", limits={"guests": 1})
    )
    changed = await house.rooms.agenda.change(olga, made.id, {"limits": {"observers": 0}, "candidate_name": "Bea"})
    assert (changed.title, changed.language, changed.candidate_name) == ("T", "go", "Bea")
    assert changed.limits == Limits(3, 0, 1, OverLimit.OBSERVE)
    assert await house.rooms.interview_of(olga, made.id) == changed
    assert (await house.rooms.agenda.change(olga, made.id, {"title": ""})).title == "Interview with Bea"


async def test_what_is_changed_is_noted(house: House) -> None:
    """A52: who made and changed what, from what to what; nothing where nothing changed."""
    olga = await house.member(role=MemberRole.OWNER)
    made = await house.interview(olga, title="T", interviewers=("a@b",))
    for _ in range(2):
        await house.rooms.agenda.change(olga, made, {"title": "U", "instructions": "x" * 500})
    copy = await house.rooms.agenda.duplicate(olga, made)
    noted = [
        (each.action, each.subject.id, each.actor.name, each.detail)
        for each in (await house.rooms.audit.page(olga, limit=50)).items
        if each.subject.kind == "interview"
    ]
    assert noted == [
        ("interview.created", copy.id, olga.name, {}),
        ("interview.changed", made, olga.name, {"title": ["T", "U"], "instructions": ["", "x" * 200]}),
        ("interview.created", made, olga.name, {}),
    ]


async def test_who_says_who_interviews(house: House) -> None:
    olga, bob = await house.member(), await house.member("bob@example.org")
    admin = await house.member("admin@example.org", MemberRole.ADMIN)
    outsider, observer = await house.member("otto@example.org"), await house.member("vera@example.org")
    interview = await house.interview(olga)
    await house.join(interview, Role.OBSERVER, observer)
    change = house.rooms.agenda.change
    for member in (outsider, observer):
        with pytest.raises(ScopeMissing):
            await change(member, interview, {"interviewers": (member.email,)})
        await change(member, interview, {"interviewers": (), "title": member.name})
    await change(olga, interview, {"interviewers": ("bob@example.org",)})
    await change(bob, interview, {"interviewers": ("bob@example.org", "x@example.org")})
    await change(admin, interview, {"interviewers": ()})
    with pytest.raises(ScopeMissing):
        await change(bob, interview, {"interviewers": ("bob@example.org",)})
    await change(await house.key(Scope.COMPANY_WRITE), interview, {"interviewers": ("bob@example.org",)})


async def test_of_a_finished_one_only_the_title_changes(house: House) -> None:
    olga = await house.member(role=MemberRole.OWNER)
    interview = await house.active(olga)
    finished = await house.rooms.lifecycle.finish(olga, interview)
    change = house.rooms.agenda.change
    for changes in (
        {"interviewers": ("olga@example.org",)},
        {"limits": {"guests": 1}},
        {"candidate_name": "Ada", "title": "T"},
        {"language": "go"},
        {"scheduled_at_ms": 1},
    ):
        with pytest.raises(InterviewFinished):
            await change(olga, interview, changes)
    assert await house.rooms.interview_of(olga, interview) == finished
    changed = await change(olga, interview, {"title": "T", "interviewers": (), "limits": {"guests": 5}})
    assert changed == replace(finished, title="T")
    await house.rooms.lifecycle.reopen(olga, interview)
    await change(olga, interview, {"interviewers": ("olga@example.org",)})


async def test_a_duplicate_has_the_settings_and_nothing_else(house: House) -> None:
    olga = await house.member()
    original = await house.active(olga)
    await house.rooms.agenda.change(
        olga, original, {"title": "T", "candidate_name": "Ada", "interviewers": ("b@c",), "limits": {"guests": 2}}
    )
    copy = await house.rooms.agenda.duplicate(olga, original)
    assert copy.id != original
    assert (copy.title, copy.interviewers, copy.limits.guests) == ("T", ("b@c",), 2)
    assert (copy.status, copy.candidate_name, copy.external_ref) == (Status.PENDING, None, None)
    assert await house.rooms.participants(copy.id) == []

"""Pending, active, finished: A40 to A44, with the races."""

import anyio
import pytest
from sqlalchemy.exc import OperationalError

from collab.journal import Transaction
from collab.wire import CloseCode
from rooms.errors import (
    InterviewFinished,
    InterviewNotActive,
    InterviewNotFinished,
    InterviewUnknown,
    NotAnInterviewer,
    OnBehalfMissing,
    ReopenTooLate,
    ScopeMissing,
)
from rooms.interview import Status
from rooms.key import Scope
from rooms.member import MemberRole
from rooms.participant import Role
from tests.rooms.conftest import House

pytestmark = pytest.mark.anyio

INSERT = bytes.fromhex("0101010004010673 6f75726365 016800".replace(" ", ""))
"""A Yjs update: client 1 types "h" into the text `source`."""


@pytest.mark.parametrize("candidate_first", [True, False])
async def test_a_candidate_and_an_interviewer_make_it_active_in_any_order(house: House, candidate_first: bool) -> None:
    olga = await house.member()
    interview = await house.interview(olga)
    first, second = (Role.CANDIDATE, Role.INTERVIEWER) if candidate_first else (Role.INTERVIEWER, Role.CANDIDATE)
    await house.enter(interview, first, olga)
    house.clock.at_ms += 86_400_000
    assert (await house.rooms.interview_of(olga, interview)).status is Status.PENDING
    await house.enter(interview, second, olga)
    found = await house.rooms.interview_of(olga, interview)
    assert (found.status, found.active_at_ms) == (Status.ACTIVE, house.clock.at_ms)
    assert (await house.events(interview)).count("interview.active") == 1


@pytest.mark.parametrize("role", [Role.GUEST, Role.OBSERVER, Role.CANDIDATE])
async def test_nobody_else_stands_in_for_an_interviewer(house: House, role: Role) -> None:
    olga = await house.member()
    interview = await house.interview(olga)
    await house.enter(interview, Role.CANDIDATE)
    await house.enter(interview, role, olga)
    assert (await house.rooms.interview_of(olga, interview)).status is Status.PENDING


async def test_joining_alone_changes_nothing(house: House) -> None:
    olga = await house.member()
    interview = await house.interview(olga)
    await house.join(interview, Role.CANDIDATE)
    await house.join(interview, Role.INTERVIEWER, olga)
    assert (await house.rooms.interview_of(olga, interview)).status is Status.PENDING
    assert await house.journal.started_at_ms(interview) is None


async def test_the_first_who_enters_starts_the_clock(house: House) -> None:
    olga = await house.member()
    interview = await house.interview(olga)
    joined = await house.join(interview, Role.OBSERVER, olga)
    house.clock.at_ms += 5_000
    grant = await house.grant(joined)
    await house.rooms.enter(grant)
    started_at_ms = house.clock.at_ms
    house.clock.at_ms += 1_234
    await house.rooms.enter(grant)
    await house.enter(interview, Role.CANDIDATE)
    assert await house.journal.started_at_ms(interview) == started_at_ms
    entered = [entry.at_ms for entry in await house.entries(interview) if entry.kind == "participant.entered"]
    assert entered == [0, 1_230]


async def test_many_enter_at_once_and_it_becomes_active_once(house: House) -> None:
    olga = await house.member()
    interview = await house.interview(olga)
    grants = [
        await house.grant(await house.join(interview, role, olga))
        for role in (Role.CANDIDATE, Role.INTERVIEWER, Role.CANDIDATE, Role.INTERVIEWER)
    ]
    async with anyio.create_task_group() as tasks:
        for grant in grants * 5:
            tasks.start_soon(house.rooms.enter, grant)
    events = await house.events(interview)
    assert events.count("interview.active") == 1
    assert events.count("participant.entered") == 2


async def test_only_an_interviewer_finishes_and_only_an_active_one(house: House) -> None:
    olga, bob = await house.member(), await house.member("bob@example.org", MemberRole.OWNER)
    interview = await house.interview(olga)
    with pytest.raises(NotAnInterviewer):
        await house.rooms.lifecycle.finish(bob, interview)
    await house.enter(interview, Role.INTERVIEWER, olga)
    with pytest.raises(InterviewNotActive):
        await house.rooms.lifecycle.finish(olga, interview)
    await house.enter(interview, Role.CANDIDATE)
    await house.enter(interview, Role.OBSERVER, bob)
    with pytest.raises(NotAnInterviewer):
        await house.rooms.lifecycle.finish(bob, interview)
    finished = await house.rooms.lifecycle.finish(olga, interview)
    assert (finished.status, finished.finished_by) == (Status.FINISHED, "olga")


async def test_a_planned_interviewer_may_finish_without_having_been_there(house: House) -> None:
    olga, bob = await house.member(), await house.member("bob@example.org")
    interview = await house.interview(olga, interviewers=("bob@example.org",))
    await house.enter(interview, Role.CANDIDATE)
    await house.enter(interview, Role.INTERVIEWER, olga)
    assert (await house.rooms.lifecycle.finish(bob, interview)).finished_by == "bob"


async def test_a_key_finishes_for_an_interviewer(house: House) -> None:
    olga, bob = await house.member(), await house.member("bob@example.org")
    writer, reader = await house.key(Scope.COMPANY_WRITE), await house.key(Scope.COMPANY_READ)
    interview = await house.active(olga)
    with pytest.raises(OnBehalfMissing):
        await house.rooms.lifecycle.finish(writer, interview)
    with pytest.raises(NotAnInterviewer):
        await house.rooms.lifecycle.finish(writer, interview, "bob@example.org")
    with pytest.raises(ScopeMissing):
        await house.rooms.lifecycle.finish(reader, interview, "olga@example.org")
    with pytest.raises(ScopeMissing):
        await house.rooms.lifecycle.finish(bob, interview, "olga@example.org")
    await house.rooms.lifecycle.finish(writer, interview, "olga@example.org")


async def test_of_many_finishes_one_wins_and_the_others_are_told_who(house: House) -> None:
    olga = await house.member()
    interview = await house.active(olga)
    told: list[InterviewFinished] = []

    async def finish() -> None:
        try:
            await house.rooms.lifecycle.finish(olga, interview)
        except InterviewFinished as error:
            told.append(error)

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(finish)
    assert (await house.events(interview)).count("interview.finished") == 1
    assert [(error.by, error.at_ms) for error in told] == [("olga", house.clock.at_ms)] * 19


async def test_what_was_accepted_before_the_finish_is_committed_before_it(house: House) -> None:
    olga = await house.member()
    interview = await house.active(olga)
    log = await house.journal.open(interview)
    house.journal.append(log, interview, "somebody", INSERT)
    await house.rooms.lifecycle.finish(olga, interview)
    assert (await house.events(interview))[-2:] == ["update", "interview.finished"]


async def test_nobody_enters_after_the_finish(house: House) -> None:
    olga = await house.member()
    interview = await house.active(olga)
    grant = await house.grant(await house.join(interview, Role.GUEST))
    await house.rooms.lifecycle.finish(olga, interview)
    await house.rooms.enter(grant)
    assert (await house.events(interview))[-1] == "interview.finished"


async def test_finish_closes_what_is_open_and_what_opens_later(house: House) -> None:
    olga = await house.member()
    interview = await house.active(olga)
    joined = await house.join(interview, Role.CANDIDATE)
    before = await house.grant(joined)
    live = await house.registry.open(interview, interview)
    assert house.rooms.closed(interview) is None
    await house.rooms.lifecycle.finish(olga, interview)
    assert live.is_finished
    assert not before.finished
    assert house.rooms.closed(interview) is CloseCode.FINISHED
    assert (await house.grant(joined)).finished
    assert (await house.registry.open(interview, f"{interview}.notes")).is_finished
    with pytest.raises(InterviewFinished):
        await house.join(interview, Role.CANDIDATE)


async def test_a_finish_that_fails_leaves_the_room_open(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    olga = await house.member()
    interview = await house.active(olga)
    live = await house.registry.open(interview, interview)

    async def full(*_: object) -> None:
        raise OperationalError("INSERT", {}, Exception("database or disk is full"))

    with monkeypatch.context() as patch:
        patch.setattr(Transaction, "append", full)
        with pytest.raises(OperationalError):
            await house.rooms.lifecycle.finish(olga, interview)
    assert not live.is_finished
    assert house.rooms.closed(interview) is None
    assert (await house.rooms.interview_of(olga, interview)).status is Status.ACTIVE
    await house.rooms.lifecycle.finish(olga, interview)
    assert live.is_finished


async def test_who_hangs_up_after_pressing_finish_has_finished(house: House) -> None:
    olga = await house.member()
    interview = await house.active(olga)
    live = await house.registry.open(interview, interview)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(house.rooms.lifecycle.finish, olga, interview)
        while not live.is_finished:
            await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()
    with pytest.raises(InterviewFinished):
        await house.rooms.lifecycle.finish(olga, interview)
    assert live.is_finished
    assert house.rooms.closed(interview) is CloseCode.FINISHED


async def test_a_finish_can_be_undone_for_a_while(house: House) -> None:
    olga = await house.member()
    interview = await house.active(olga)
    live = await house.registry.open(interview, interview)
    with pytest.raises(InterviewNotFinished):
        await house.rooms.lifecycle.reopen(olga, interview)
    await house.rooms.lifecycle.finish(olga, interview)
    house.clock.at_ms += 899_999
    reopened = await house.rooms.lifecycle.reopen(olga, interview)
    assert (reopened.status, reopened.finished_at_ms) == (Status.ACTIVE, None)
    assert not live.is_finished
    assert house.rooms.closed(interview) is None
    await house.join(interview, Role.CANDIDATE)
    await house.rooms.lifecycle.finish(olga, interview)
    house.clock.at_ms += 900_000
    with pytest.raises(ReopenTooLate):
        await house.rooms.lifecycle.reopen(olga, interview)
    assert [kind for kind in await house.events(interview) if kind.startswith("interview.")] == [
        "interview.active",
        "interview.finished",
        "interview.reopened",
        "interview.finished",
    ]


async def test_a_cancelled_one_is_gone(house: House) -> None:
    olga = await house.member()
    interview = await house.active(olga)
    joined = await house.join(interview, Role.CANDIDATE)
    await house.rooms.lifecycle.cancel(olga, interview)
    assert house.rooms.closed(interview) is CloseCode.NO_DOCUMENT
    with pytest.raises(InterviewUnknown):
        await house.rooms.interview_of(olga, interview)
    with pytest.raises(InterviewUnknown):
        await house.join(interview, Role.CANDIDATE)
    with pytest.raises(InterviewUnknown):
        await house.rooms.participant_of(interview, joined.ticket)
    with pytest.raises(InterviewUnknown):
        await house.rooms.lifecycle.cancel(olga, interview)
    assert (await house.events(interview))[-1] == "interview.cancelled"


async def test_a_finished_one_cannot_be_cancelled(house: House) -> None:
    olga = await house.member()
    interview = await house.active(olga)
    await house.rooms.lifecycle.finish(olga, interview)
    with pytest.raises(InterviewFinished):
        await house.rooms.lifecycle.cancel(olga, interview)


async def test_a_finish_that_lies_ahead_cannot_be_undone(house: House) -> None:
    """Where the clock is set back over a restart of the machine (row 10), until it has passed the finish again: from
    then on it is as any other, as nothing tells for how long it had been finished.
    """
    olga = await house.member()
    interview = await house.active(olga)
    finished = await house.rooms.lifecycle.finish(olga, interview)
    finished_at_ms = house.clock.at_ms
    assert not house.rooms.lifecycle.is_sealed(finished)
    house.clock.at_ms += 2_000_000
    assert house.rooms.lifecycle.is_sealed(finished)
    for at_ms in (finished_at_ms - 86_400_000, finished_at_ms - 1):
        house.clock.at_ms = at_ms
        assert house.rooms.lifecycle.is_sealed(finished)
        with pytest.raises(ReopenTooLate):
            await house.rooms.lifecycle.reopen(olga, interview)
    house.clock.at_ms = finished_at_ms + 899_999
    assert not house.rooms.lifecycle.is_sealed(finished)
    house.clock.at_ms = finished_at_ms + 900_000
    assert house.rooms.lifecycle.is_sealed(finished)
    with pytest.raises(ReopenTooLate):
        await house.rooms.lifecycle.reopen(olga, interview)

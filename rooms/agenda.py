"""The interviews of an organisation: planned and changed. What happens in their rooms is the service's."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from collab.clock import Clock
from collab.database import Database
from collab.journal import Journal, Transaction
from rooms import schema, store
from rooms.access import Right
from rooms.audit import Action, Actor, Subject, difference, note
from rooms.bulletin import announce
from rooms.door import turn_out
from rooms.errors import (
    ExternalRefTaken,
    IdempotencyKeyReused,
    InterviewFinished,
    InterviewUnknown,
    NotAnInterviewer,
    Removed,
    RoleFixed,
    ScopeMissing,
)
from rooms.interview import Interview, Kind, Series, Status
from rooms.member import Member
from rooms.participant import Role
from rooms.people import acting_member
from rooms.policy import Limits, Phase
from rooms.principal import Principal
from rooms.search import searched
from rooms.seat import Seats
from rooms.secret import new_id

_MAX_NOTED = 200


@dataclass(frozen=True, slots=True)
class Plan:
    """What an interview is made from; an empty title is generated, missing limits are the organisation's."""

    language: str
    title: str = ""
    candidate_name: str | None = None
    candidate_email: str | None = None
    interviewers: tuple[str, ...] = ()
    scheduled_at_ms: int | None = None
    time_zone: str | None = None
    limits: dict[str, Any] | None = None  # fields of Limits
    instructions: str = ""
    meeting_url: str | None = None
    external_ref: str | None = None
    kind: Kind = Kind.INTERVIEW
    series: Series | None = None


@dataclass(frozen=True, slots=True)
class Repeatable:
    """An Idempotency-Key and the body that it came with."""

    idempotency_key: str
    body: bytes

    @property
    def body_hash(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


class Agenda:
    def __init__(self, database: Database, journal: Journal, seats: Seats, clock: Clock) -> None:
        self._database = database
        self._journal = journal
        self._seats = seats
        self._clock = clock

    async def create(
        self, principal: Principal, plan: Plan, repeatable: Repeatable | None = None
    ) -> tuple[Interview, bool]:
        """The interview, and whether it is new: an external_ref seen before gives the earlier one.

        An Idempotency-Key seen before gives the same answer again, whatever became of the interview.

        Raises ScopeMissing, IdempotencyKeyReused, ExternalRefTaken.
        """
        _require_creator(principal)
        async with self._journal.transaction() as transaction:
            connection = transaction.connection
            if repeatable is not None:
                earlier = await _answered(connection, principal, repeatable)
                if earlier is not None:
                    return earlier
            known = await self._of_ref(connection, principal, plan.external_ref)
            interview = known or await self._insert(transaction, principal, plan)
            is_new = known is None
            if repeatable is not None:
                await self._keep_answer(connection, principal, repeatable, interview, is_new=is_new)
            return interview, is_new

    async def create_series(
        self,
        principal: Principal,
        plan: Plan,
        blocks: Sequence[Mapping[str, Any]],
        repeatable: Repeatable | None = None,
    ) -> list[Interview]:
        """Interviews one after the other: each block says, as fields of Plan, how it differs. An Idempotency-Key seen
        before gives those that were made then, as they are now. Raises ScopeMissing, IdempotencyKeyReused.
        """
        _require_creator(principal)
        series_id = new_id()
        made: list[Interview] = []
        async with self._journal.transaction() as transaction:
            connection = transaction.connection
            if repeatable is not None:
                earlier = await _answered(connection, principal, repeatable)
                if earlier is not None:
                    return await store.interviews_with(connection, earlier[0])
            for number, block in enumerate(blocks, 1):
                series = Series(series_id, number, len(blocks)) if len(blocks) > 1 else None
                title = block.get("title") or self._title(plan.title, plan.candidate_name, series)
                own = replace(plan, **{**block, "title": title}, series=series)
                made.append(await self._insert(transaction, principal, own))
            if repeatable is not None:
                await self._keep_answer(connection, principal, repeatable, made[0], is_new=True)
        return made

    async def duplicate(self, principal: Principal, interview_id: str) -> Interview:
        """A new interview with the same settings; no code, people, candidate or recording."""
        _require_creator(principal)
        async with self._journal.transaction() as transaction:
            original = await seen(transaction.connection, principal, interview_id)
            limits = original.limits
            plan = Plan(
                language=original.language,
                title=original.title,
                interviewers=original.interviewers,
                time_zone=original.time_zone,
                limits={
                    "interviewers": limits.interviewers,
                    "observers": limits.observers,
                    "guests": limits.guests,
                    "over_limit": limits.over_limit,
                    "lobby": limits.lobby,
                },
                instructions=original.instructions,
            )
            return await self._insert(transaction, principal, plan)

    async def get(self, principal: Principal, interview_id: str) -> Interview:
        """Raises InterviewUnknown, also when it may not be seen."""
        async with self._database.reading() as connection:
            return await seen(connection, principal, interview_id)

    async def change(self, principal: Principal, interview_id: str, changes: dict[str, Any]) -> Interview:
        """Set fields of Interview; ``limits`` holds only those to change. Of a finished one only the title changes.

        Whoever is in the room hears of what he sees there.
        Raises InterviewUnknown, ScopeMissing, Removed, RoleFixed, InterviewFinished.
        """
        async with self._journal.transaction() as transaction:
            connection = transaction.connection
            interview = await changeable(connection, principal, interview_id)
            if "limits" in changes:
                changes = {**changes, "limits": replace(interview.limits, **changes["limits"])}
            changed = replace(interview, **changes)
            changed = replace(changed, title=changed.title or self._title("", changed.candidate_name, changed.series))
            if interview.status is Status.FINISHED and replace(changed, title=interview.title) != interview:
                raise InterviewFinished(interview.finished_by, interview.finished_at_ms)
            # Whoever is an interviewer reads the notes: nobody gives that to himself.
            if changed.interviewers != interview.interviewers and not await _may_appoint(
                connection, principal, interview
            ):
                raise ScopeMissing("Its creator, its interviewers, owners and admins say who interviews.")
            if changed == interview:
                return interview
            await store.set_interview(connection, interview_id, planned_row(changed))
            what = _difference(interview, changed)
            await put_on_record(transaction, principal, Action.INTERVIEW_CHANGED, changed, what)
            await announce(transaction, interview, changed)
            if interview.status is not Status.FINISHED and _details(changed) != _details(interview):
                await transaction.append(interview_id, "interview.changed", _details(changed))
            await turn_out(transaction, self._seats, interview, changed)
            if changed.limits != interview.limits:
                await self._seats.settle(transaction, changed)
            return changed

    async def _keep_answer(
        self,
        connection: AsyncConnection,
        principal: Principal,
        repeatable: Repeatable,
        interview: Interview,
        *,
        is_new: bool,
    ) -> None:
        await store.add_request(
            connection,
            interview.id,
            principal_id=principal.id,
            idempotency_key=repeatable.idempotency_key,
            body_hash=repeatable.body_hash,
            is_new=is_new,
            created_at_ms=self._clock.now_ms(),
        )

    async def _of_ref(
        self, connection: AsyncConnection, principal: Principal, external_ref: str | None
    ) -> Interview | None:
        if external_ref is None:
            return None
        known = await store.interview_of_ref(connection, principal.organisation_id, external_ref)
        if known is not None and not principal.can_see(known):
            raise ExternalRefTaken("Another key made an interview with this external_ref.")
        return known

    async def _insert(self, transaction: Transaction, principal: Principal, plan: Plan) -> Interview:
        connection = transaction.connection
        organisation = await store.organisation(connection, principal.organisation_id)
        defaults = organisation.limits if organisation else Limits()
        interview = Interview(
            id=new_id(),
            organisation_id=principal.organisation_id,
            title=plan.title or self._title("", plan.candidate_name, plan.series),
            status=Status.PENDING,
            candidate_name=plan.candidate_name,
            candidate_email=plan.candidate_email,
            interviewers=plan.interviewers,
            scheduled_at_ms=plan.scheduled_at_ms,
            time_zone=plan.time_zone,
            language=plan.language,
            limits=replace(defaults, **(plan.limits or {})),
            instructions=plan.instructions,
            meeting_url=plan.meeting_url,
            external_ref=plan.external_ref,
            created_by=principal.id,
            created_at_ms=self._clock.now_ms(),
            opened_at_ms=None,
            active_at_ms=None,
            finished_at_ms=None,
            finished_by=None,
            kind=plan.kind,
            series=plan.series,
        )
        await connection.execute(insert(schema.interviews).values(new_row(interview)))
        await put_on_record(transaction, principal, Action.INTERVIEW_CREATED, interview, {})
        await announce(transaction, interview)
        return interview

    def _title(self, title: str, candidate_name: str | None, series: Series | None) -> str:
        """A generated one where nobody has said any."""
        if not title and candidate_name:
            title = f"Interview with {candidate_name}"
        elif not title:
            now = datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC)
            title = f"Interview of {now.day} {now:%B %Y, %H:%M:%S} UTC"
        return title if series is None else series.titled(title)


async def _answered(
    connection: AsyncConnection, principal: Principal, repeatable: Repeatable
) -> tuple[Interview, bool] | None:
    """What the request was answered with before, and whether it was new then. Raises IdempotencyKeyReused."""
    earlier = await store.request(connection, principal.id, repeatable.idempotency_key)
    if earlier is None:
        return None
    body_hash, interview, was_new = earlier
    if body_hash != repeatable.body_hash:
        raise IdempotencyKeyReused("This Idempotency-Key came with another body before.")
    return interview, was_new


async def seen(connection: AsyncConnection, principal: Principal, interview_id: str) -> Interview:
    """Raises InterviewUnknown for one that does not exist, was cancelled or may not be seen: they look the same."""
    interview = await store.interview(connection, interview_id)
    if interview is None or interview.status is Status.CANCELLED or not principal.can_see(interview):
        raise InterviewUnknown("There is no such interview.")
    return interview


async def changeable(connection: AsyncConnection, principal: Principal, interview_id: str) -> Interview:
    """Raises InterviewUnknown, ScopeMissing where it may be seen only, Removed, RoleFixed for who was made observer."""
    interview = await seen(connection, principal, interview_id)
    if not principal.can_change(interview):
        raise ScopeMissing("This key or member may see the interview, but not change it.")
    if principal.kind == "member" and not principal.may(Right.APPOINT_ANYWHERE):
        for participant in await store.participants_of(connection, interview_id, principal.id):
            if participant.removed_reason is not None:
                raise Removed(participant.removed_reason, participant.removed_by)
            if participant.is_role_set and participant.role is Role.OBSERVER:
                raise RoleFixed("An interviewer has made you observer in this room: you cannot change the interview.")
    return interview


async def conductor(
    connection: AsyncConnection, principal: Principal, interview_id: str, on_behalf_of: str | None
) -> tuple[Interview, Member, dict[str, str]]:
    """The interview; the interviewer of it who asks, or for whom a key asks; and that one as room events show him.

    Raises InterviewUnknown, ScopeMissing, OnBehalfMissing, MemberUnknown, NotAnInterviewer.
    """
    interview = await seen(connection, principal, interview_id)
    if principal.kind == "key" and not principal.can_change(interview):
        raise ScopeMissing("This key may see the interview, but not change it.")
    member = await acting_member(connection, principal, on_behalf_of)
    may_see = Principal.of_member(member).can_see(interview)  # whoever became limited was an interviewer of others' too
    if not may_see or not await store.is_interviewer(connection, interview, member.id, member.email):
        raise NotAnInterviewer("Only an interviewer of this interview may do this.")
    participant = await store.participant_as(connection, interview_id, Role.INTERVIEWER, member.id)
    return interview, member, {"id": participant.id if participant else member.id, "name": member.name}


async def _may_appoint(connection: AsyncConnection, principal: Principal, interview: Interview) -> bool:
    """Given that the principal can change it: say who its interviewers are."""
    if principal.kind == "key" or principal.may(Right.APPOINT_ANYWHERE):
        return True
    return interview.created_by == principal.id or await store.is_interviewer(
        connection, interview, principal.id, principal.email
    )


def _require_creator(principal: Principal) -> None:
    if not principal.may_create:
        raise ScopeMissing("This key or member may not make interviews.")


def acting_for(on_behalf_of: str | None) -> dict[str, str]:
    """For the record, of a key."""
    return {} if on_behalf_of is None else {"on_behalf_of": on_behalf_of}


async def put_on_record(
    transaction: Transaction, principal: Principal, action: Action, interview: Interview, detail: dict[str, Any]
) -> None:
    """Note in the audit log what somebody has done with an interview."""
    organisation_id, subject = interview.organisation_id, Subject.of(interview)
    await note(
        transaction.connection, organisation_id, transaction.now_ms, Actor.of(principal), action, subject, detail
    )


def _difference(before: Interview, after: Interview) -> dict[str, Any]:
    detail = difference(planned_row(before), planned_row(after))
    detail.pop("searched", None)
    if "instructions" in detail:
        detail["instructions"] = [text[:_MAX_NOTED] for text in detail["instructions"]]
    return detail


def _details(interview: Interview) -> dict[str, Any]:
    """What everybody in the room is shown."""
    return {
        "title": interview.title,
        "instructions": interview.instructions,
        "meeting_url": interview.meeting_url,
        "lobby": interview.limits.lobby,
        "opened": interview.phase is not Phase.LOBBY,
    }


def new_row(interview: Interview) -> dict[str, Any]:
    series = interview.series
    return {
        "id": interview.id,
        "organisation_id": interview.organisation_id,
        "status": interview.status.value,
        "external_ref": interview.external_ref,
        "created_by": interview.created_by,
        "created_at_ms": interview.created_at_ms,
        "opened_at_ms": interview.opened_at_ms,
        "active_at_ms": interview.active_at_ms,
        "finished_at_ms": interview.finished_at_ms,
        "finished_by": interview.finished_by,
        "kind": interview.kind.value,
        "series": series and series.id,
        "block": series and series.block,
        "blocks": series and series.blocks,
        **planned_row(interview),
    }


def planned_row(interview: Interview) -> dict[str, Any]:
    """The columns that a person fills in."""
    return {
        "title": interview.title,
        "candidate_name": interview.candidate_name,
        "candidate_email": interview.candidate_email,
        "interviewers": list(interview.interviewers),
        "scheduled_at_ms": interview.scheduled_at_ms,
        "time_zone": interview.time_zone,
        "language": interview.language,
        "instructions": interview.instructions,
        "meeting_url": interview.meeting_url,
        "searched": searched(interview),
        **store.limits_row(interview.limits),
    }

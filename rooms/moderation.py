"""What interviewers decide about who is in their room: letting in, roles, muting, removing, letting back. Always with
its event.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from collab.database import Database
from collab.journal import Journal, Transaction
from collab.wire import CloseCode
from rooms import audit, schema, seating, store
from rooms.agenda import acting_for, conductor, put_on_record
from rooms.bulletin import announce
from rooms.decision import Decisions
from rooms.device import bar, removal_of, removed_guests, revoke, unbar, used_devices
from rooms.errors import (
    CandidateProtected,
    DeviceUnknown,
    InterviewFinished,
    OneselfModerated,
    ParticipantUnknown,
    RoleForMembersOnly,
)
from rooms.interview import Interview
from rooms.participant import Participant, Role
from rooms.policy import Action, Phase, may
from rooms.principal import Principal
from rooms.seat import Seats

_REMOVED = "an interviewer removed you from the room"


@dataclass(frozen=True, slots=True)
class Change:
    """None leaves as it is."""

    role: Role | None = None
    muted: bool | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    principal: Principal
    interview_id: str
    participant_id: str
    on_behalf_of: str | None


@dataclass(frozen=True, slots=True)
class Case:
    """Who decides about whom. A member may be in a room in two roles: what is decided holds for the whole person."""

    asked: Asked
    interview: Interview
    by: dict[str, str]
    participant: Participant
    person: list[Participant]


class Moderation:
    """Invariant: behind the event that removes or mutes somebody, or makes him an observer, the log has no update of
    his, from any connection that was open then.
    """

    def __init__(self, database: Database, journal: Journal, seats: Seats) -> None:
        self._database = database
        self._journal = journal
        self._seats = seats
        self._decisions = Decisions()
        self.decided = 0  # commits by which somebody may do less, or something else, than before

    async def admit(self, principal: Principal, interview_id: str, on_behalf_of: str | None = None) -> Interview:
        """Let candidate and guests in, where there is a lobby and they wait.

        Raises InterviewUnknown, NotAnInterviewer, InterviewFinished.
        """
        return await self._decisions.make(self._admit, principal, interview_id, on_behalf_of)

    async def _admit(self, principal: Principal, interview_id: str, on_behalf_of: str | None) -> Interview:
        async with self._journal.transaction() as transaction:
            interview, _, by = await conductor(transaction.connection, principal, interview_id, on_behalf_of)
            _require_open(interview)
            if interview.phase is not Phase.LOBBY:
                return interview
            opened = replace(interview, opened_at_ms=transaction.now_ms)
            await store.set_interview(transaction.connection, interview_id, {"opened_at_ms": opened.opened_at_ms})
            await transaction.append(interview_id, "interview.opened", {"by": by}, by["id"])
            deed, told = audit.Action.INTERVIEW_OPENED, acting_for(on_behalf_of)
            await put_on_record(transaction, principal, deed, interview, told)
            await self._seats.settle(transaction, opened, by=by)
            await announce(transaction, opened)
            return opened

    async def change(
        self,
        principal: Principal,
        interview_id: str,
        participant_id: str,
        change: Change,
        on_behalf_of: str | None = None,
    ) -> Participant:
        """Give somebody another role, take his voice or give it back; the participant as he is then.

        Raises InterviewUnknown, NotAnInterviewer, InterviewFinished, ParticipantUnknown, CandidateProtected,
        OneselfModerated, RoleForMembersOnly.
        """
        asked = Asked(principal, interview_id, participant_id, on_behalf_of)
        return await self._decisions.make(self._decide_change, asked, change)

    async def remove(
        self,
        principal: Principal,
        interview_id: str,
        participant_id: str,
        *,
        device_id: str | None = None,
        reason: str = "",
        on_behalf_of: str | None = None,
    ) -> None:
        """Somebody leaves the room for good; of the candidate it is only ever one device.

        Raises InterviewUnknown, NotAnInterviewer, InterviewFinished, ParticipantUnknown, CandidateProtected,
        OneselfModerated, DeviceUnknown.
        """
        asked = Asked(principal, interview_id, participant_id, on_behalf_of)
        await self._decisions.make(self._decide_removal, asked, device_id, reason)

    async def readmit(
        self,
        principal: Principal,
        interview_id: str,
        participant_id: str,
        *,
        device_id: str | None = None,
        on_behalf_of: str | None = None,
    ) -> None:
        """Undo a removal; of the candidate, that of one device, or of all. Who was removed may join again.

        Raises InterviewUnknown, NotAnInterviewer, InterviewFinished, ParticipantUnknown, OneselfModerated,
        DeviceUnknown, CandidateProtected.
        """
        asked = Asked(principal, interview_id, participant_id, on_behalf_of)
        await self._decisions.make(self._decide_return, asked, device_id)

    async def _decide_change(self, asked: Asked, change: Change) -> Participant:
        async with self._database.reading() as connection:
            case = await _case(connection, asked)
            _require_changeable(case, change)
        takes_writing = change.muted or change.role is Role.OBSERVER
        with self._hushed(case, is_hushed=bool(takes_writing)):
            async with self._journal.transaction() as transaction:
                transaction.on_commit.append(self._count)
                case = await _case(transaction.connection, asked)
                _require_changeable(case, change)
                changed = [await self._change(transaction, case, each, change) for each in case.person]
                return changed[0]

    async def _decide_removal(self, asked: Asked, device_id: str | None, reason: str) -> None:
        async with self._database.reading() as connection:
            case = await _case(connection, asked)
        _require_candidates(case, device_id)
        is_candidate = case.participant.role is Role.CANDIDATE  # who writes on from the other devices
        with self._hushed(case, is_hushed=not is_candidate):
            async with self._journal.transaction() as transaction:
                transaction.on_commit.append(self._count)
                case = await _case(transaction.connection, asked)
                if not is_candidate:
                    for each in case.person:
                        await self._remove(transaction, case, each, reason)
                elif device_id is None:
                    raise CandidateProtected("The candidate cannot be removed, only one device: say which, by its id.")
                else:
                    await self._remove_device(transaction, case, device_id, reason)

    async def _change(
        self, transaction: Transaction, case: Case, participant: Participant, change: Change
    ) -> Participant:
        muted_reason = participant.muted_reason
        if change.muted is not None:
            muted_reason = change.reason if change.muted else None
        changed = replace(
            participant,
            role=change.role or participant.role,
            is_role_set=participant.is_role_set or (change.role is not None and participant is case.participant),
            muted_reason=muted_reason,
        )
        if changed == participant:
            return participant
        values = {
            "role": changed.role.value,
            "is_role_set": changed.is_role_set,
            "muted_reason": changed.muted_reason,
        }
        await _set(transaction, changed, values)
        event = {
            "id": changed.id,
            "role": changed.role.value,
            "muted": changed.muted_reason is not None,
            "reason": change.reason or None,
            "by": case.by,
        }
        await transaction.append(case.interview.id, "participant.changed", event, case.by["id"])
        was, now = (
            {"role": each.role.value, "muted": each.muted_reason is not None} for each in (participant, changed)
        )
        told = audit.difference(was, now) | {"reason": event["reason"]}
        await _note(transaction, case, audit.Action.PARTICIPANT_CHANGED, participant, told)
        if changed.role is not participant.role:
            await self._seats.move(transaction, case.interview, changed, by=case.by)
        else:
            seat = await seating.of_participant(transaction.connection, changed.id, transaction.now_ms)
            self._seats.fit(transaction, case.interview, changed, seat)
        return changed

    async def _remove(self, transaction: Transaction, case: Case, participant: Participant, reason: str) -> None:
        if participant.removed_reason is not None:
            return
        connection = transaction.connection
        await _set(transaction, participant, {"removed_reason": reason, "removed_by": case.by})
        # Who came as a guest by mistake, and then as the candidate, does not lose the browser with the guest.
        devices = await used_devices(connection, [participant.id]) - await _candidates_devices(connection, case)
        await bar(connection, case.interview.id, devices, reason, case.by)
        await revoke(connection, participant.id, transaction.now_ms)
        await _tell_removed(transaction, case, participant, None, reason)
        await self._seats.give_up(transaction, case.interview, participant, CloseCode.REMOVED, _REMOVED, by=case.by)

    async def _remove_device(self, transaction: Transaction, case: Case, device_id: str, reason: str) -> None:
        connection = transaction.connection
        if device_id not in await used_devices(connection, [case.participant.id]):
            raise DeviceUnknown("The candidate has no such device.")
        if await removal_of(connection, case.interview.id, [device_id]) is not None:
            return
        await revoke(connection, case.participant.id, transaction.now_ms, device_id=device_id)
        await bar(connection, case.interview.id, [device_id], reason, case.by)
        await _tell_removed(transaction, case, case.participant, device_id, reason)
        await self._seats.hang_up(
            transaction, case.interview, case.participant, CloseCode.REMOVED, _REMOVED, device_id=device_id
        )

    async def _decide_return(self, asked: Asked, device_id: str | None) -> None:
        async with self._journal.transaction() as transaction:
            case = await _case(transaction.connection, asked)
            _require_candidates(case, device_id)
            if case.participant.role is Role.CANDIDATE:
                await _readmit_devices(transaction, case, device_id)
            elif any(each.removed_reason is not None for each in case.person):
                await _readmit(transaction, case)

    def _count(self) -> None:
        self.decided += 1

    def _hushed(self, case: Case, *, is_hushed: bool) -> AbstractContextManager[None]:
        return self._seats.pens.hushed(case.interview.id, [each.id for each in case.person if is_hushed])


async def _case(connection: AsyncConnection, asked: Asked) -> Case:
    """Raises InterviewUnknown, NotAnInterviewer, InterviewFinished, ParticipantUnknown, OneselfModerated."""
    interview, member, by = await conductor(connection, asked.principal, asked.interview_id, asked.on_behalf_of)
    _require_open(interview)
    participant = await store.participant(connection, asked.participant_id)
    if participant is None or participant.interview_id != interview.id:
        raise ParticipantUnknown("There is no such participant in this interview.")
    if participant.member_id == member.id:
        raise OneselfModerated("That is you. To go, leave; to watch only, join as an observer.")
    person = [participant]
    if participant.member_id is not None:
        there = await store.participants_of(connection, interview.id, participant.member_id)
        person += [each for each in there if each.id != participant.id]
    return Case(asked, interview, by, participant, person)


def _require_open(interview: Interview) -> None:
    """That it is an interviewer who asks is known already."""
    if not may(Role.INTERVIEWER, None, Action.MODERATE, interview.phase):
        raise InterviewFinished(interview.finished_by, interview.finished_at_ms)


def _require_candidates(case: Case, device_id: str | None) -> None:
    if device_id is not None and case.participant.role is not Role.CANDIDATE:
        raise DeviceUnknown("Only the candidate's devices are removed one by one; anybody else is removed as a person.")


def _require_changeable(case: Case, change: Change) -> None:
    participant = case.participant
    if participant.removed_reason is not None:
        raise ParticipantUnknown("This participant was removed from the room.")
    if participant.role is Role.CANDIDATE:
        raise CandidateProtected("The candidate keeps role and voice. You may remove one of the candidate's devices.")
    if change.role is not None and participant.member_id is None:
        raise RoleForMembersOnly(
            "Only members of the organisation interview or observe. Ask an admin to add this person."
        )


async def _set(transaction: Transaction, participant: Participant, values: dict[str, Any]) -> None:
    await transaction.connection.execute(
        update(schema.participants).where(schema.participants.c.id == participant.id).values(values)
    )


async def _tell_removed(
    transaction: Transaction, case: Case, participant: Participant, device_id: str | None, reason: str
) -> None:
    event = {"id": participant.id, "device": device_id, "reason": reason or None, "by": case.by}
    await transaction.append(case.interview.id, "participant.removed", event, case.by["id"])
    told = {"device": device_id, "reason": event["reason"]}
    await _note(transaction, case, audit.Action.PARTICIPANT_REMOVED, participant, told)


async def _readmit(transaction: Transaction, case: Case) -> None:
    """The whole person, and whoever else was removed in the same browsers and is only known by them."""
    connection, interview_id = transaction.connection, case.interview.id
    devices = await used_devices(connection, [each.id for each in case.person])
    guests = await removed_guests(connection, interview_id, devices)
    devices |= await used_devices(connection, [each.id for each in guests])
    candidates = await _candidates_devices(connection, case)
    is_visitor = case.participant.member_id is None  # who is known by the browser
    if is_visitor and await removal_of(connection, interview_id, devices & candidates) is not None:
        raise CandidateProtected(
            "This browser was removed as one of the candidate's devices too. Let that device back in first."
        )
    await unbar(connection, interview_id, devices - candidates)
    for each in {each.id: each for each in [*case.person, *guests]}.values():
        if each.removed_reason is not None:
            await _set(transaction, each, {"removed_reason": None, "removed_by": None})
            await _tell_readmitted(transaction, case, each, None)


async def _readmit_devices(transaction: Transaction, case: Case, device_id: str | None) -> None:
    used = await used_devices(transaction.connection, [case.participant.id])
    if device_id is not None and device_id not in used:
        raise DeviceUnknown("The candidate has no such device.")
    for each in sorted(used) if device_id is None else [device_id]:
        if await unbar(transaction.connection, case.interview.id, [each]):
            await _tell_readmitted(transaction, case, case.participant, each)


async def _tell_readmitted(
    transaction: Transaction, case: Case, participant: Participant, device_id: str | None
) -> None:
    event = {"id": participant.id, "device": device_id, "by": case.by}
    await transaction.append(case.interview.id, "participant.readmitted", event, case.by["id"])
    await _note(transaction, case, audit.Action.PARTICIPANT_READMITTED, participant, {"device": device_id})


async def _note(
    transaction: Transaction, case: Case, action: audit.Action, participant: Participant, told: dict[str, Any]
) -> None:
    detail = (
        {"participant": {"id": participant.id, "name": participant.name}} | told | acting_for(case.asked.on_behalf_of)
    )
    await put_on_record(transaction, case.asked.principal, action, case.interview, detail)


async def _candidates_devices(connection: AsyncConnection, case: Case) -> set[str]:
    candidate = await store.participant_as(connection, case.interview.id, Role.CANDIDATE, None)
    return set() if candidate is None else await used_devices(connection, [candidate.id])

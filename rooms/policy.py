"""The join policy: role × limits × who is seated → admission. Pure; the one place that decides what a role may open."""

from dataclasses import dataclass
from enum import StrEnum

from rooms.participant import Role


class OverLimit(StrEnum):
    OBSERVE = "observe"
    WAIT = "wait"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Limits:
    interviewers: int = 3
    observers: int = 10
    guests: int = 5
    over_limit: OverLimit = OverLimit.OBSERVE
    lobby: bool = False  # candidate and guests wait until an interviewer lets them in


@dataclass(frozen=True, slots=True)
class Occupancy:
    """Of the asker's own role: how many hold a seat, and how many asked before and still wait for one."""

    seated: int = 0
    ahead: int = 0


EMPTY = Occupancy()


class State(StrEnum):
    SEATED = "seated"
    OBSERVING = "observing"
    WAITING = "waiting"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Admission:
    state: State
    place: int | None = None  # in the queue for a seat, from 1
    reason: str | None = None


def admit(role: Role, limits: Limits, occupancy: Occupancy) -> Admission:
    """May this participant come in? The candidate always may: that seat is reserved and counts against nobody."""
    if role is Role.CANDIDATE:
        return Admission(State.SEATED)
    limit, admitted, plural = {
        Role.INTERVIEWER: (limits.interviewers, State.SEATED, "interviewers"),
        Role.OBSERVER: (limits.observers, State.OBSERVING, "observers"),
        Role.GUEST: (limits.guests, State.SEATED, "guests"),
    }[role]
    if occupancy.seated + occupancy.ahead < limit:
        return Admission(admitted)
    reason = f"The room has its {limit} {plural}." if limit else f"The room takes no {plural}."
    if limits.over_limit is OverLimit.REFUSE:
        return Admission(State.REFUSED, reason=reason)
    place = occupancy.ahead + 1
    if role is Role.INTERVIEWER and limits.over_limit is OverLimit.OBSERVE:
        return Admission(State.OBSERVING, place, reason)
    return Admission(State.WAITING, place, reason)


class Part(StrEnum):
    """The two documents of an interview, by what they add to its id."""

    CODE = ""
    NOTES = ".notes"

    def document_id(self, interview_id: str) -> str:
        return interview_id + self.value


@dataclass(frozen=True, slots=True)
class Opening:
    part: Part
    may_write: bool


def grants(role: Role, admission: Admission) -> tuple[Opening, ...]:
    """Which documents this admission opens. Nobody but interviewers ever opens the notes."""
    match role, admission.state:
        case _, State.WAITING | State.REFUSED:
            return ()
        case Role.INTERVIEWER, state:
            may_write = state is State.SEATED
            return (Opening(Part.CODE, may_write), Opening(Part.NOTES, may_write))
        case _, state:
            return (Opening(Part.CODE, may_write=state is State.SEATED),)


def split_document_id(document_id: str) -> tuple[str, Part]:
    """The interview and which of its documents."""
    if document_id.endswith(Part.NOTES.value):
        return document_id.removesuffix(Part.NOTES.value), Part.NOTES
    return document_id, Part.CODE

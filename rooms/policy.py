"""The rules: role × limits × who is seated → admission; role × phase → what one may do. Pure; decided only here."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from rooms.participant import MEMBERS_ONLY, Role


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


def admit(role: Role, limits: Limits, occupancy: Occupancy, *, is_open: bool = True) -> Admission:
    """May this participant come in? The candidate always may, once the room is open: that seat is reserved and counts
    against nobody.
    """
    if not is_open and role not in MEMBERS_ONLY:
        return Admission(State.WAITING, reason="The interviewers will let you in.")
    if role is Role.CANDIDATE:
        return Admission(State.SEATED)
    limit, admitted = {
        Role.INTERVIEWER: (limits.interviewers, State.SEATED),
        Role.OBSERVER: (limits.observers, State.OBSERVING),
        Role.GUEST: (limits.guests, State.SEATED),
    }[role]
    if occupancy.seated + occupancy.ahead < limit:
        return Admission(admitted)
    reason = f"The room has its {limit} {role}{'s' if limit > 1 else ''}." if limit else f"The room takes no {role}s."
    if limits.over_limit is OverLimit.REFUSE:
        return Admission(State.REFUSED, reason=reason)
    place = occupancy.ahead + 1
    if role is Role.INTERVIEWER and limits.over_limit is OverLimit.OBSERVE:
        return Admission(State.OBSERVING, place, reason)
    return Admission(State.WAITING, place, reason)


@dataclass(frozen=True, slots=True)
class Seat:
    """Of a participant who was admitted, or waits to be; several connections share it."""

    participant_id: str
    interview_id: str
    role: Role
    state: State
    number: int  # grows with every asking
    until_ms: int | None  # when it lapses; None while a connection is open

    def is_live(self, now_ms: int) -> bool:
        return self.until_ms is None or self.until_ms > now_ms


def admissions(queue: Iterable[Seat], limits: Limits, *, is_open: bool) -> dict[str, Admission]:
    """Everybody's, by participant, of those who asked in this order: each gets what those before him leave."""
    seated: Counter[Role] = Counter()
    ahead: Counter[Role] = Counter()
    given = {}
    for seat in queue:
        admission = admit(seat.role, limits, Occupancy(seated[seat.role], ahead[seat.role]), is_open=is_open)
        if admission.place is not None:
            ahead[seat.role] += 1
        elif admission.state in {State.SEATED, State.OBSERVING}:
            seated[seat.role] += 1
        given[seat.participant_id] = admission
    return given


class Part(StrEnum):
    """The two documents of an interview, by what they add to its id."""

    CODE = ""
    NOTES = ".notes"

    def document_id(self, interview_id: str) -> str:
        return interview_id + self.value


class Phase(StrEnum):
    LOBBY = "lobby"  # pending, and candidate and guests have not been let in
    PENDING = "pending"
    ACTIVE = "active"
    FINISHED = "finished"
    CANCELLED = "cancelled"


class Action(StrEnum):
    JOIN = "join"
    READ_CODE = "read_code"
    WRITE_CODE = "write_code"
    READ_NOTES = "read_notes"
    WRITE_NOTES = "write_notes"
    CHAT = "chat"
    CHAT_INTERVIEWERS = "chat_interviewers"  # also reading what is said there
    MODERATE = "moderate"  # a role, mute, remove, let in
    FINISH = "finish"
    REOPEN = "reopen"


_LETTERS = {
    Role.CANDIDATE: {State.SEATED: "C"},
    Role.GUEST: {State.SEATED: "G"},
    Role.INTERVIEWER: {State.SEATED: "I", State.OBSERVING: "i"},
    Role.OBSERVER: {State.OBSERVING: "O"},
}
_OUTSIDE = {Role.CANDIDATE: "c", Role.GUEST: "g", Role.INTERVIEWER: "w", Role.OBSERVER: "o"}

# C candidate, G guest, I interviewer, i interviewer over the limit, O observer; outside: c, g, w, o in this order.
# What moderates, finishes and reopens is to be an interviewer of the interview, wherever he is.
_MAY: dict[Action, dict[Phase, str]] = {
    action: dict(zip(Phase, row, strict=True))
    for action, row in {
        # lobby, pending, active, finished, cancelled
        Action.JOIN: ("CGIiOcgwo", "CGIiOcgwo", "CGIiOcgwo", "", ""),
        Action.READ_CODE: ("IiO", "CGIiO", "CGIiO", "", ""),
        Action.WRITE_CODE: ("I", "CGI", "CGI", "", ""),
        Action.READ_NOTES: ("Ii", "Ii", "Ii", "", ""),
        Action.WRITE_NOTES: ("I", "I", "I", "", ""),
        Action.CHAT: ("Ii", "CGIi", "CGIi", "", ""),
        Action.CHAT_INTERVIEWERS: ("Ii", "Ii", "Ii", "", ""),
        Action.MODERATE: ("Iiw", "Iiw", "Iiw", "", ""),
        Action.FINISH: ("", "", "Iiw", "", ""),
        Action.REOPEN: ("", "", "", "Iiw", ""),
    }.items()
}
_MUTED = frozenset({Action.WRITE_CODE, Action.WRITE_NOTES, Action.CHAT, Action.CHAT_INTERVIEWERS})


def may(role: Role, state: State | None, action: Action, phase: Phase, *, is_muted: bool = False) -> bool:
    """Whether somebody in this role may do this; ``state`` is None for who has no seat and does not wait for one.

    Muting takes everything that others would see. It never holds for the candidate.
    """
    if is_muted and role is not Role.CANDIDATE and action in _MUTED:
        return False
    letter = _OUTSIDE[role] if state is None else _LETTERS[role].get(state, _OUTSIDE[role])
    return letter in _MAY[action][phase]


@dataclass(frozen=True, slots=True)
class Opening:
    part: Part
    may_write: bool


_DOORS = ((Part.CODE, Action.READ_CODE, Action.WRITE_CODE), (Part.NOTES, Action.READ_NOTES, Action.WRITE_NOTES))


def grants(role: Role, state: State | None, phase: Phase, *, is_muted: bool = False) -> tuple[Opening, ...]:
    """Which documents are open to whom, by the table."""
    return tuple(
        Opening(part, may(role, state, write, phase, is_muted=is_muted))
        for part, read, write in _DOORS
        if may(role, state, read, phase)
    )


def split_document_id(document_id: str) -> tuple[str, Part]:
    """The interview and which of its documents."""
    if document_id.endswith(Part.NOTES.value):
        return document_id.removesuffix(Part.NOTES.value), Part.NOTES
    return document_id, Part.CODE

"""The join policy, cell by cell."""

from itertools import product

import pytest

from rooms.participant import Role
from rooms.policy import (
    EMPTY,
    Action,
    Admission,
    Limits,
    Occupancy,
    OverLimit,
    Part,
    Phase,
    State,
    admit,
    grants,
    may,
)
from rooms.policy import split_document_id as split

OBSERVE = Limits(over_limit=OverLimit.OBSERVE)
WAIT = Limits(over_limit=OverLimit.WAIT)
REFUSE = Limits(over_limit=OverLimit.REFUSE)


@pytest.mark.parametrize(
    ("role", "limits", "occupancy", "state", "place"),
    [
        # The candidate's seat is reserved, whatever the room holds.
        (Role.CANDIDATE, OBSERVE, EMPTY, State.SEATED, None),
        (Role.CANDIDATE, REFUSE, Occupancy(100, 100), State.SEATED, None),
        (Role.CANDIDATE, Limits(0, 0, 0, OverLimit.REFUSE), EMPTY, State.SEATED, None),
        # Three interviewers; further ones observe at once and have a place in the queue.
        (Role.INTERVIEWER, OBSERVE, EMPTY, State.SEATED, None),
        (Role.INTERVIEWER, OBSERVE, Occupancy(2), State.SEATED, None),
        (Role.INTERVIEWER, OBSERVE, Occupancy(3), State.OBSERVING, 1),
        (Role.INTERVIEWER, OBSERVE, Occupancy(3, 4), State.OBSERVING, 5),
        (Role.INTERVIEWER, WAIT, Occupancy(3), State.WAITING, 1),
        (Role.INTERVIEWER, REFUSE, Occupancy(3), State.REFUSED, None),
        # A seat that is free belongs to whoever waits for it.
        (Role.INTERVIEWER, OBSERVE, Occupancy(2, 1), State.OBSERVING, 2),
        (Role.INTERVIEWER, OBSERVE, Occupancy(1, 1), State.SEATED, None),
        # Ten observers, then one waits: there is nothing lesser to be.
        (Role.OBSERVER, OBSERVE, Occupancy(9), State.OBSERVING, None),
        (Role.OBSERVER, OBSERVE, Occupancy(10), State.WAITING, 1),
        (Role.OBSERVER, WAIT, Occupancy(10, 1), State.WAITING, 2),
        (Role.OBSERVER, REFUSE, Occupancy(10), State.REFUSED, None),
        # Five guests.
        (Role.GUEST, OBSERVE, Occupancy(4), State.SEATED, None),
        (Role.GUEST, OBSERVE, Occupancy(5), State.WAITING, 1),
        (Role.GUEST, WAIT, Occupancy(5, 2), State.WAITING, 3),
        (Role.GUEST, REFUSE, Occupancy(5), State.REFUSED, None),
        (Role.GUEST, Limits(guests=0), EMPTY, State.WAITING, 1),
    ],
)
def test_admission(role: Role, limits: Limits, occupancy: Occupancy, state: State, place: int | None) -> None:
    admission = admit(role, limits, occupancy)
    assert (admission.state, admission.place) == (state, place)
    turned_down = place is not None or state is State.REFUSED
    assert (admission.reason is not None) == turned_down


# Who may do what, said again in words of the product: every cell of role × state × action × phase is compared with it.
INSIDE = {
    (Role.CANDIDATE, State.SEATED),
    (Role.GUEST, State.SEATED),
    (Role.INTERVIEWER, State.SEATED),
    (Role.INTERVIEWER, State.OBSERVING),
    (Role.OBSERVER, State.OBSERVING),
}


def _expected(role: Role, state: State | None, action: Action, phase: Phase) -> bool:
    is_interviewer = role is Role.INTERVIEWER
    if phase is Phase.CANCELLED:
        return False
    if phase is Phase.FINISHED:
        return action is Action.REOPEN and is_interviewer
    is_inside = (role, state) in INSIDE and (phase is not Phase.LOBBY or role in {Role.INTERVIEWER, Role.OBSERVER})
    match action:
        case Action.JOIN:
            return True
        case Action.REOPEN:
            return False
        case Action.FINISH:
            return is_interviewer and phase is Phase.ACTIVE
        case Action.MODERATE:
            return is_interviewer
        case Action.READ_CODE:
            return is_inside
        case Action.WRITE_CODE:
            return is_inside and state is State.SEATED
        case Action.READ_NOTES | Action.CHAT_INTERVIEWERS:
            return is_inside and is_interviewer
        case Action.WRITE_NOTES:
            return is_inside and is_interviewer and state is State.SEATED
        case Action.CHAT:
            return is_inside and role is not Role.OBSERVER


CELLS = list(product(Role, [*State, None], Action, Phase))


@pytest.mark.parametrize(("role", "state", "action", "phase"), CELLS)
def test_every_cell(role: Role, state: State | None, action: Action, phase: Phase) -> None:
    """A10, A30, A31."""
    assert may(role, state, action, phase) is _expected(role, state, action, phase)
    # Muting takes what others would see, and nothing from the candidate.
    is_voice = action in {Action.WRITE_CODE, Action.WRITE_NOTES, Action.CHAT, Action.CHAT_INTERVIEWERS}
    kept = role is Role.CANDIDATE or not is_voice
    assert may(role, state, action, phase, is_muted=True) is (_expected(role, state, action, phase) and kept)


@pytest.mark.parametrize(("role", "state"), list(product(Role, [*State, None])))
@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("is_muted", [False, True])
def test_documents_open_by_the_same_table(role: Role, state: State | None, phase: Phase, is_muted: bool) -> None:
    """A11."""
    opened = {opening.part: opening.may_write for opening in grants(role, state, phase, is_muted=is_muted)}
    for part, read, write in (
        (Part.CODE, Action.READ_CODE, Action.WRITE_CODE),
        (Part.NOTES, Action.READ_NOTES, Action.WRITE_NOTES),
    ):
        assert (part in opened) is may(role, state, read, phase)
        assert opened.get(part, False) is may(role, state, write, phase, is_muted=is_muted)
    assert (Part.NOTES not in opened) or role is Role.INTERVIEWER


@pytest.mark.parametrize("over_limit", OverLimit)
def test_in_the_lobby_candidate_and_guests_wait_without_a_place(over_limit: OverLimit) -> None:
    limits = Limits(over_limit=over_limit, lobby=True)
    for role in (Role.CANDIDATE, Role.GUEST):
        admission = admit(role, limits, EMPTY, is_open=False)
        assert admission == Admission(State.WAITING, None, "The interviewers will let you in.")
    assert admit(Role.INTERVIEWER, limits, EMPTY, is_open=False).state is State.SEATED
    assert admit(Role.OBSERVER, limits, EMPTY, is_open=False).state is State.OBSERVING


def test_document_ids() -> None:
    assert split("abc") == ("abc", Part.CODE)
    assert split("abc.notes") == ("abc", Part.NOTES)
    assert split("abc.notes.notes") == ("abc.notes", Part.NOTES)
    for part in Part:
        assert split(part.document_id("abc")) == ("abc", part)

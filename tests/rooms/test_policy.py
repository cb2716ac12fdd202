"""The join policy, cell by cell."""

import pytest

from rooms.participant import Role
from rooms.policy import EMPTY, Admission, Limits, Occupancy, Opening, OverLimit, Part, State, admit, grants
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


CODE_WRITE = (Opening(Part.CODE, may_write=True),)
CODE_READ = (Opening(Part.CODE, may_write=False),)
BOTH_WRITE = (Opening(Part.CODE, may_write=True), Opening(Part.NOTES, may_write=True))
BOTH_READ = (Opening(Part.CODE, may_write=False), Opening(Part.NOTES, may_write=False))


@pytest.mark.parametrize(
    ("role", "seated", "observing"),
    [
        (Role.CANDIDATE, CODE_WRITE, CODE_READ),
        (Role.GUEST, CODE_WRITE, CODE_READ),
        (Role.INTERVIEWER, BOTH_WRITE, BOTH_READ),
        (Role.OBSERVER, CODE_WRITE, CODE_READ),
    ],
)
def test_grants(role: Role, seated: tuple[Opening, ...], observing: tuple[Opening, ...]) -> None:
    assert grants(role, Admission(State.SEATED)) == seated
    assert grants(role, Admission(State.OBSERVING)) == observing
    assert grants(role, Admission(State.WAITING)) == ()
    assert grants(role, Admission(State.REFUSED)) == ()


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("limits", [OBSERVE, WAIT, REFUSE])
@pytest.mark.parametrize("seated", [0, 3, 5, 10, 50])
def test_only_interviewers_open_the_notes_and_observers_never_write(role: Role, limits: Limits, seated: int) -> None:
    openings = grants(role, admit(role, limits, Occupancy(seated)))
    if role is not Role.INTERVIEWER:
        assert all(opening.part is Part.CODE for opening in openings)
    if role is Role.OBSERVER:
        assert not any(opening.may_write for opening in openings)


def test_document_ids() -> None:
    assert split("abc") == ("abc", Part.CODE)
    assert split("abc.notes") == ("abc", Part.NOTES)
    assert split("abc.notes.notes") == ("abc.notes", Part.NOTES)
    for part in Part:
        assert split(part.document_id("abc")) == ("abc", part)

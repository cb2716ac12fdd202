"""Who is told what of a room's events: the one filter between the record and everybody who reads it."""

import secrets
from dataclasses import dataclass
from typing import Any

from collab.log import DAMAGED
from rooms.policy import Admission, Part, Seat

CHAT = "chat"
TO_ALL = "all"
TO_INTERVIEWERS = "interviewers"

DEVICES = "participant.devices"

_WITH_REASON = frozenset({"participant.changed", "participant.removed"})
_SALT = "salt"


@dataclass(frozen=True, slots=True)
class Viewer:
    participant_id: str | None
    is_interviewer: bool  # or may read the interviewers' notes for another reason


_ANYBODY = Viewer(None, is_interviewer=False)


def recorded(kind: str, event: dict[str, Any]) -> dict[str, Any]:
    """The event as it goes on record.

    The hash chain covers what somebody may not be told, and he sees all else in it: he could try what he guesses,
    were there not something that nobody is told.
    """
    return event if _shown(kind, event, _ANYBODY) is event else event | {_SALT: secrets.token_urlsafe(16)}


def told(kind: str, event: dict[str, Any], viewer: Viewer) -> dict[str, Any] | None:
    """The event as this viewer reads it, None where it is kept from him.

    Chat to the interviewers is theirs, and so is with what people come; an interviewer's reason is theirs and that of
    the person whom it concerns.
    """
    return _shown(kind, {key: event[key] for key in event if key != _SALT}, viewer)


def _shown(kind: str, event: dict[str, Any], viewer: Viewer) -> dict[str, Any] | None:
    """The very event where nothing of it can be kept from him."""
    if viewer.is_interviewer:
        return event
    if kind == DEVICES or (kind == DAMAGED and event["document"].endswith(Part.NOTES)):
        return None
    if "devices" in event:
        return event | {"devices": []}
    if kind == CHAT:
        return event if event["to"] == TO_ALL else None
    if kind in _WITH_REASON and event["id"] != viewer.participant_id:
        return event | {"reason": None}
    return event


def told_admission(participant_id: str, admission: Admission | None, seat: Seat | None) -> dict[str, Any]:
    """As events and snapshots tell it."""
    return {
        "id": participant_id,
        "state": "none" if admission is None else admission.state.value,
        "place": None if admission is None else admission.place,
        "reason": None if admission is None else admission.reason,
        "number": None if seat is None else seat.number,
    }

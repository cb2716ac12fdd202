"""Who is told what of a room's events: the one filter between the record and everybody who reads it."""

from dataclasses import dataclass
from typing import Any

CHAT = "chat"
TO_ALL = "all"
TO_INTERVIEWERS = "interviewers"

DEVICES = "participant.devices"

_WITH_REASON = frozenset({"participant.changed", "participant.removed"})


@dataclass(frozen=True, slots=True)
class Viewer:
    participant_id: str | None
    is_interviewer: bool  # or may read the interviewers' notes for another reason


def told(kind: str, event: dict[str, Any], viewer: Viewer) -> dict[str, Any] | None:
    """The event as this viewer reads it, None where it is kept from him.

    Chat to the interviewers is theirs, and so is with what people come; an interviewer's reason is theirs and that of
    the person whom it concerns.
    """
    if viewer.is_interviewer:
        return event
    if kind == DEVICES:
        return None
    if "devices" in event:
        return event | {"devices": []}
    if kind == CHAT:
        return event if event["to"] == TO_ALL else None
    if kind in _WITH_REASON and event["id"] != viewer.participant_id:
        return event | {"reason": None}
    return event

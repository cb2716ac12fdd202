"""Who owns interviews."""

from dataclasses import dataclass

from rooms.policy import Limits


@dataclass(frozen=True, slots=True)
class Organisation:
    id: str
    name: str
    limits: Limits
    time_zone: str = "UTC"

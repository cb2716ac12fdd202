"""A person in a room."""

from dataclasses import dataclass
from enum import StrEnum

# In order of joining. White text is readable on each of them, and each of them on white and on near-black.
PALETTE = (
    "#1e6be6",
    "#c7430a",
    "#0a7f54",
    "#ab3fcf",
    "#916a08",
    "#d42569",
    "#087a91",
    "#6e5fdd",
    "#5d7b0a",
    "#a75e2a",
)


class Role(StrEnum):
    CANDIDATE = "candidate"
    GUEST = "guest"
    INTERVIEWER = "interviewer"
    OBSERVER = "observer"


# Roles that only a member of the organisation has.
MEMBERS_ONLY = frozenset({Role.INTERVIEWER, Role.OBSERVER})


@dataclass(frozen=True, slots=True)
class Participant:
    id: str
    interview_id: str
    role: Role
    name: str
    joined_as: int  # 0 for the first who joined, 1 for the second …
    member_id: str | None
    joined_at_ms: int
    entered_at_ms: int | None
    is_role_set: bool = False  # by an interviewer: the member cannot choose another
    muted_reason: str | None = None  # "" where none was given
    removed_reason: str | None = None
    removed_by: dict[str, str] | None = None  # as room events show him

    @property
    def color(self) -> str:
        return PALETTE[self.joined_as % len(PALETTE)]

    @property
    def color_light(self) -> str:
        """For a selection: the same, a fifth of it."""
        return f"{self.color}33"

    def shown(self) -> dict[str, str]:
        """As room events and recordings show it."""
        return {"id": self.id, "name": self.name, "role": self.role.value, "color": self.color}

    def user(self) -> dict[str, str]:
        """As everybody's editor shows it."""
        return self.shown() | {"colorLight": self.color_light}


@dataclass(frozen=True, slots=True)
class Ticket:
    participant: Participant
    device_id: str | None
    expires_at_ms: int
    is_revoked: bool

    def is_valid(self, at_ms: int) -> bool:
        return not self.is_revoked and self.expires_at_ms > at_ms

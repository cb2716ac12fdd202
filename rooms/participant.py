"""A person in a room."""

from dataclasses import dataclass
from enum import StrEnum

# (caret and name, selection), in order of joining; readable on light and dark paper alike.
PALETTE = (
    ("#2f6fde", "#2f6fde33"),
    ("#c2410c", "#c2410c33"),
    ("#0f8a5f", "#0f8a5f33"),
    ("#a238c2", "#a238c233"),
    ("#b07d0a", "#b07d0a33"),
    ("#d1366b", "#d1366b33"),
    ("#0c8ba3", "#0c8ba333"),
    ("#6a5bd6", "#6a5bd633"),
    ("#6b8e11", "#6b8e1133"),
    ("#a05a2c", "#a05a2c33"),
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

    @property
    def color(self) -> str:
        return PALETTE[self.joined_as % len(PALETTE)][0]

    @property
    def color_light(self) -> str:
        return PALETTE[self.joined_as % len(PALETTE)][1]

    def shown(self) -> dict[str, str]:
        """As room events and recordings show it."""
        return {"id": self.id, "name": self.name, "role": self.role.value, "color": self.color}

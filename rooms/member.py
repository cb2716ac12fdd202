"""A person with a log-in."""

from dataclasses import dataclass
from enum import StrEnum


class MemberRole(StrEnum):
    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    LIMITED = "limited"


@dataclass(frozen=True, slots=True)
class Member:
    id: str
    organisation_id: str
    email: str
    name: str
    role: MemberRole
    time_zone: str | None = None
    created_at_ms: int = 0
    seen_at_ms: int | None = None
    deactivated_at_ms: int | None = None

    @property
    def is_active(self) -> bool:
        """Whoever is not may neither sign in nor be acted for."""
        return self.deactivated_at_ms is None

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

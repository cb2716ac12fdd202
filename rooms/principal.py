"""On whose authority something is asked: a member's session or a key."""

from dataclasses import dataclass, field
from typing import Literal

from rooms.access import Right, may
from rooms.errors import ScopeMissing
from rooms.interview import Interview
from rooms.key import Key, Scope
from rooms.member import Member, MemberRole


@dataclass(frozen=True, slots=True)
class Principal:
    kind: Literal["member", "key"]
    id: str
    organisation_id: str
    role: MemberRole | None  # of a member
    scopes: frozenset[str]  # of a key
    email: str | None
    name: str
    expires_at_ms: int | None = None
    session_id: str | None = field(default=None, compare=False)  # of a member who is signed in
    address: str = ""  # from where it asks

    @classmethod
    def of_member(cls, member: Member, expires_at_ms: int | None = None, session_id: str | None = None) -> "Principal":
        return cls(
            "member",
            member.id,
            member.organisation_id,
            member.role,
            frozenset(),
            member.email,
            member.name,
            expires_at_ms,
            session_id,
        )

    @classmethod
    def of_key(cls, key: Key) -> "Principal":
        return cls("key", key.id, key.organisation_id, None, frozenset(key.scopes), None, key.description)

    def may(self, right: Right) -> bool:
        """By the role of a member; a key has rights over interviews only, by its scopes."""
        return self.role is not None and may(self.role, right)

    def require(self, right: Right) -> None:
        """Raises ScopeMissing."""
        if not self.may(right):
            who = "A key" if self.kind == "key" else f"A member with the role {self.role}"
            raise ScopeMissing(f"{who} may not do this. Ask an owner or an admin of your organisation.")

    def has_scope(self, *scopes: Scope) -> bool:
        """Whether the key has one of these; `.company` counts as both of the narrower ones."""
        held = self.scopes | {Scope.COMPANY_READ, Scope.COMPANY_WRITE} if Scope.COMPANY in self.scopes else self.scopes
        return not held.isdisjoint(scopes)

    @property
    def may_create(self) -> bool:
        if self.kind == "member":
            return self.may(Right.CREATE_INTERVIEW)
        return self.has_scope(Scope.OWN, Scope.COMPANY_WRITE)

    @property
    def sees_all(self) -> bool:
        """Every interview of the organisation; else those it made itself and those that are assigned to it."""
        return self.may(Right.SEE_ALL_INTERVIEWS) or self.has_scope(Scope.COMPANY_READ, Scope.COMPANY_WRITE)

    def can_see(self, interview: Interview) -> bool:
        if interview.organisation_id != self.organisation_id:
            return False
        return self.sees_all or interview.created_by == self.id or self.email in interview.interviewers

    def can_change(self, interview: Interview) -> bool:
        """Given that it can be seen: change, cancel, or act in it for a member."""
        if self.kind == "member":
            return self.may(Right.CHANGE_INTERVIEW)
        return self.has_scope(Scope.COMPANY_WRITE) or (self.has_scope(Scope.OWN) and interview.created_by == self.id)

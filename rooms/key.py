"""An API key of the organisation."""

from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """`liveInterview` makes interviews and reaches those that this key made; `.company.read` and `.company.write`
    reach all of the organisation's, and `.company` is both of them."""

    OWN = "liveInterview"
    COMPANY = "liveInterview.company"
    COMPANY_READ = "liveInterview.company.read"
    COMPANY_WRITE = "liveInterview.company.write"


@dataclass(frozen=True, slots=True)
class Key:
    id: str
    organisation_id: str
    description: str
    scopes: frozenset[Scope]

"""The planned thing, and what became of it."""

from dataclasses import dataclass
from enum import StrEnum

from rooms.policy import Limits, Phase
from rooms.text import MAX_TITLE_CHARACTERS


class Status(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    FINISHED = "finished"
    CANCELLED = "cancelled"


class Kind(StrEnum):
    INTERVIEW = "interview"
    PRACTICE = "practice"  # to learn it; it and a sample count nowhere
    SAMPLE = "sample"  # a recording that came with the server


DEFAULT_LANGUAGE = "python"


@dataclass(frozen=True, slots=True)
class Series:
    """Interviews one after the other, for one candidate; this one is number ``block`` of them, from 1."""

    id: str
    block: int
    blocks: int

    def titled(self, title: str) -> str:
        """The title of this one, from what they are all called."""
        number = f", {self.block} of {self.blocks}"
        return title[: MAX_TITLE_CHARACTERS - len(number)] + number


@dataclass(frozen=True, slots=True)
class Interview:
    id: str
    organisation_id: str
    title: str
    status: Status
    candidate_name: str | None
    candidate_email: str | None
    interviewers: tuple[str, ...]  # e-mail addresses of those who are planned
    scheduled_at_ms: int | None
    time_zone: str | None
    language: str
    limits: Limits
    instructions: str  # for the candidate
    meeting_url: str | None
    external_ref: str | None
    created_by: str  # id of a member or key
    created_at_ms: int
    opened_at_ms: int | None  # when the candidate was let in, where there is a lobby
    active_at_ms: int | None
    finished_at_ms: int | None
    finished_by: str | None  # name of whoever pressed Finish
    kind: Kind = Kind.INTERVIEW
    series: Series | None = None

    @property
    def phase(self) -> Phase:
        if self.status is Status.PENDING and self.limits.lobby and self.opened_at_ms is None:
            return Phase.LOBBY
        return Phase(self.status.value)

"""What may be said of an interview, as it is sent."""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, field_validator, model_validator

from rooms.interview import DEFAULT_LANGUAGE
from rooms.policy import OverLimit
from rooms.text import clean_email, clean_name, clean_prose, clean_title, clean_url
from web.body import Body

MAX_BLOCKS = 12
MAX_INSTRUCTIONS = 10_000
_EPOCH = datetime.fromtimestamp(0, UTC)

Count = Annotated[int, Field(ge=0, le=1_000_000)]


@cache
def _time_zones() -> set[str]:
    return available_timezones()


class CandidateFields(Body):
    name: str | None = None
    email: str | None = None


class PolicyFields(Body):
    interviewers: Count | None = None
    observers: Count | None = None
    guests: Count | None = None
    over_limit: OverLimit | None = None


class BlockFields(Body):
    """What may be said of one of several interviews."""

    title: str | None = None
    interviewers: list[str] | None = Field(None, max_length=100, description="E-mail addresses")
    scheduled_at: datetime | None = Field(None, description="With an offset, or local to time_zone")

    def differences(self, time_zone: str | None) -> dict[str, Any]:
        """What was said, as fields of Interview. Raises TextInvalid."""
        given = self.model_fields_set
        differences: dict[str, Any] = {}
        if "title" in given:
            differences["title"] = clean_title(self.title or "")
        if "interviewers" in given:
            emails = (clean_email(email) for email in self.interviewers or ())
            differences["interviewers"] = tuple(dict.fromkeys(emails))
        if "scheduled_at" in given:
            differences["scheduled_at_ms"] = _at_ms(self.scheduled_at, time_zone)
        return differences


class InterviewFields(BlockFields):
    """What may be said of an interview; all of it is optional."""

    candidate: CandidateFields | None = None
    time_zone: str | None = Field(None, description="A name of the IANA database")
    language: str | None = Field(None, pattern=r"^[a-z0-9][a-z0-9+#._-]{0,39}$")
    policy: PolicyFields | None = None
    lobby: bool | None = Field(None, description="Whether candidate and guests wait until an interviewer lets them in")
    instructions: str | None = Field(None, description="For the candidate; up to 10,000 characters")
    meeting_url: str | None = Field(None, description="Of a call beside the room; https only")

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, name: str | None) -> str | None:
        if name is not None and name not in _time_zones():
            raise ValueError("must be a name of the IANA database, like Europe/Berlin")
        return name

    @model_validator(mode="after")
    def _is_a_time(self) -> "InterviewFields":
        _check_time(self.scheduled_at, self.time_zone)
        return self

    def changes(self) -> dict[str, Any]:
        """What was said, as fields of Interview; ``limits`` holds those that were given. Raises TextInvalid."""
        given = self.model_fields_set
        changes = self.differences(self.time_zone)
        if "candidate" in given:
            candidate = self.candidate or CandidateFields()
            changes["candidate_name"] = clean_name(candidate.name or "") or None
            changes["candidate_email"] = clean_email(candidate.email) if candidate.email else None
        if "time_zone" in given:
            changes["time_zone"] = self.time_zone
        if "language" in given:
            changes["language"] = self.language or DEFAULT_LANGUAGE
        if "instructions" in given:
            changes["instructions"] = clean_prose(self.instructions or "", "instructions", MAX_INSTRUCTIONS)
        if "meeting_url" in given:
            changes["meeting_url"] = clean_url(self.meeting_url, "meeting_url") if self.meeting_url else None
        limits = {} if self.policy is None else self.policy.model_dump(exclude_none=True)
        if self.lobby is not None:
            limits["lobby"] = self.lobby
        if limits:
            changes["limits"] = limits
        return changes


class NewInterview(InterviewFields):
    external_ref: str | None = Field(
        None, min_length=1, description="Of the caller, not blank; the same gives the same interview"
    )


class NewBlocks(InterviewFields):
    blocks: list[BlockFields] = Field(
        min_length=1, max_length=MAX_BLOCKS, description="How each differs from what is said of all"
    )

    @model_validator(mode="after")
    def _are_times(self) -> "NewBlocks":
        for block in self.blocks:
            _check_time(block.scheduled_at, self.time_zone)
        return self


def _check_time(at: datetime | None, time_zone: str | None) -> None:
    """Raises ValueError."""
    if at is None:
        return
    if at.tzinfo is None and time_zone is None:
        raise ValueError("scheduled_at must have an offset, or come with a time_zone")
    if not 2000 <= at.year < 3000:
        raise ValueError("scheduled_at must be in this millennium")
    if at.tzinfo is None and time_zone is not None:
        there = at.replace(tzinfo=ZoneInfo(time_zone))
        if there.astimezone(UTC).astimezone(there.tzinfo).replace(tzinfo=None) != at:
            raise ValueError("scheduled_at is in an hour that the clocks of time_zone leave out")


def _at_ms(at: datetime | None, time_zone: str | None) -> int | None:
    """Of the two that a time may mean when clocks go back, the first."""
    if at is not None and at.tzinfo is None and time_zone is not None:
        at = at.replace(tzinfo=ZoneInfo(time_zone))
    return None if at is None else (at - _EPOCH) // timedelta(milliseconds=1)

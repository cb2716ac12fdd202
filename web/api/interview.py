"""/api/v1/interviews: planned, found, changed, cancelled."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, field_validator, model_validator
from quart import Blueprint, Response, request

from rooms.agenda import Plan, Repeatable
from rooms.assignment import Assigned, AssignedState
from rooms.interview import DEFAULT_LANGUAGE, Interview, Kind, Status
from rooms.policy import OverLimit
from rooms.search import Place
from rooms.text import clean, clean_email, clean_name, clean_prose, clean_title, clean_url
from web.auth import panelroom, public_base, require_principal
from web.body import Answer, Body, Query, documented, read_body, read_bytes, read_query
from web.moment import Moment
from web.problem import BodyInvalid

blueprint = Blueprint("interview", __name__, url_prefix="/api/v1/interviews")

MAX_PAGE = 200
MAX_INSTRUCTIONS = 10_000
_MAX_IDEMPOTENCY_KEY = 255
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


class InterviewFields(Body):
    """What may be said of an interview; all of it is optional."""

    title: str | None = None
    candidate: CandidateFields | None = None
    scheduled_at: datetime | None = Field(None, description="With an offset, or local to time_zone")
    time_zone: str | None = Field(None, description="A name of the IANA database")
    language: str | None = Field(None, pattern=r"^[a-z0-9][a-z0-9+#._-]{0,39}$")
    interviewers: list[str] | None = Field(None, max_length=100, description="E-mail addresses")
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
        if self.scheduled_at is not None:
            if self.scheduled_at.tzinfo is None and self.time_zone is None:
                raise ValueError("scheduled_at must have an offset, or come with a time_zone")
            if not 2000 <= self.scheduled_at.year < 3000:
                raise ValueError("scheduled_at must be in this millennium")
        return self

    def changes(self) -> dict[str, Any]:
        """What was said, as fields of Interview; ``limits`` holds those that were given. Raises TextInvalid."""
        given = self.model_fields_set
        changes: dict[str, Any] = {}
        if "title" in given:
            changes["title"] = clean_title(self.title or "")
        if "candidate" in given:
            candidate = self.candidate or CandidateFields()
            changes["candidate_name"] = clean_name(candidate.name or "") or None
            changes["candidate_email"] = clean_email(candidate.email) if candidate.email else None
        if "scheduled_at" in given:
            changes["scheduled_at_ms"] = self._scheduled_at_ms()
        if "time_zone" in given:
            changes["time_zone"] = self.time_zone
        if "language" in given:
            changes["language"] = self.language or DEFAULT_LANGUAGE
        if "interviewers" in given:
            changes["interviewers"] = tuple(dict.fromkeys(clean_email(email) for email in self.interviewers or ()))
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

    def _scheduled_at_ms(self) -> int | None:
        if self.scheduled_at is None:
            return None
        at = self.scheduled_at
        if at.tzinfo is None and self.time_zone is not None:
            at = at.replace(tzinfo=ZoneInfo(self.time_zone))
        return (at - _EPOCH) // timedelta(milliseconds=1)


class NewInterview(InterviewFields):
    external_ref: str | None = Field(
        None, min_length=1, description="Of the caller, not blank; the same gives the same interview"
    )


class CandidateAnswer(Answer):
    name: str | None
    email: str | None


class PolicyAnswer(Answer):
    interviewers: int
    observers: int
    guests: int
    over_limit: OverLimit


class SeriesAnswer(Answer):
    """Interviews one after the other: this one is number ``block`` of them."""

    id: str
    block: int
    blocks: int


class AssignedAnswer(Answer):
    """Who is planned to interview: a member can, whoever has not accepted an invitation cannot yet."""

    email: str
    name: str
    state: AssignedState


class InterviewAnswer(Answer):
    """An interview."""

    id: str
    url: str
    kind: Kind
    title: str
    status: Status
    candidate: CandidateAnswer
    interviewers: list[str]
    assigned: list[AssignedAnswer]
    series: SeriesAnswer | None
    scheduled_at: Moment | None
    time_zone: str | None
    language: str
    policy: PolicyAnswer
    lobby: bool
    instructions: str
    meeting_url: str | None
    external_ref: str | None
    created_at: Moment
    opened_at: Moment | None
    active_at: Moment | None
    finished_at: Moment | None


class ListedInterview(InterviewAnswer):
    found_in: list[Place] = Field(description="Where a word of `q` is; empty without one")


class Counts(Answer):
    pending: int
    active: int
    finished: int


class InterviewPage(Answer):
    """One page of interviews, the newest first; the counts are of all that ``q`` finds, in every stage."""

    items: list[ListedInterview]
    counts: Counts
    next_cursor: str | None


class ListQuery(Query):
    status: Literal[Status.PENDING, Status.ACTIVE, Status.FINISHED] | None = None
    kind: Kind = Kind.INTERVIEW
    q: Annotated[str, Field(max_length=200, description="Words, each of which is somewhere in the interview")] = ""
    limit: Annotated[int, Field(ge=1)] = 50
    cursor: str | None = None


async def answer(interview: Interview, base: str) -> InterviewAnswer:
    """``base`` is asked for before anything changes: a request to an unknown host changes nothing."""
    return InterviewAnswer(**(await answers([interview], base))[0])


async def answers(interviews: Sequence[Interview], base: str) -> list[dict[str, Any]]:
    """The fields of InterviewAnswer for each; all are of one organisation."""
    if not interviews:
        return []
    assigned = await panelroom().rooms.search.assigned(interviews[0].organisation_id, interviews)
    return [_fields(interview, base, [assigned[email] for email in interview.interviewers]) for interview in interviews]


def _fields(interview: Interview, base: str, assigned: Sequence[Assigned]) -> dict[str, Any]:
    limits, series = interview.limits, interview.series
    return {
        "id": interview.id,
        "url": f"{base}/i/{interview.id}",
        "kind": interview.kind,
        "title": interview.title,
        "status": interview.status,
        "candidate": CandidateAnswer(name=interview.candidate_name, email=interview.candidate_email),
        "interviewers": list(interview.interviewers),
        "assigned": [AssignedAnswer(email=each.email, name=each.name, state=each.state) for each in assigned],
        "series": series and SeriesAnswer(id=series.id, block=series.block, blocks=series.blocks),
        "scheduled_at": interview.scheduled_at_ms,
        "time_zone": interview.time_zone,
        "language": interview.language,
        "policy": PolicyAnswer(
            interviewers=limits.interviewers,
            observers=limits.observers,
            guests=limits.guests,
            over_limit=limits.over_limit,
        ),
        "lobby": limits.lobby,
        "instructions": interview.instructions,
        "meeting_url": interview.meeting_url,
        "external_ref": interview.external_ref,
        "created_at": interview.created_at_ms,
        "opened_at": interview.opened_at_ms,
        "active_at": interview.active_at_ms,
        "finished_at": interview.finished_at_ms,
    }


@blueprint.post("")
@documented(body=NewInterview, answers={201: InterviewAnswer, 200: InterviewAnswer})
async def create() -> tuple[InterviewAnswer, int]:
    """Make an interview; 200 with the earlier one for an external_ref that is known. Idempotency-Key is honoured."""
    base = public_base()
    principal = await require_principal()
    body = await read_body(NewInterview)
    reference = clean(body.external_ref, "external_ref", 200) if body.external_ref is not None else None
    if reference == "":
        raise BodyInvalid("The external_ref is blank.")
    plan = Plan(**({"language": DEFAULT_LANGUAGE} | body.changes()), external_ref=reference)
    key = request.headers.get("Idempotency-Key")
    if key is not None and not 0 < len(key) <= _MAX_IDEMPOTENCY_KEY:
        raise BodyInvalid(f"The Idempotency-Key must have 1 to {_MAX_IDEMPOTENCY_KEY} characters.")
    repeatable = Repeatable(key, await read_bytes()) if key is not None else None
    interview, is_new = await panelroom().rooms.agenda.create(principal, plan, repeatable)
    return await answer(interview, base), 201 if is_new else 200


@blueprint.get("")
@documented(query=ListQuery, answers={200: InterviewPage})
async def index() -> InterviewPage:
    """The interviews that the asker may see."""
    base = public_base()
    principal = await require_principal()
    query = read_query(ListQuery)
    page = await panelroom().rooms.search.page(
        principal,
        kind=query.kind,
        status=query.status,
        needle=query.q,
        cursor=query.cursor,
        limit=min(query.limit, MAX_PAGE),
    )
    items = await answers(page.items, base)
    return InterviewPage(
        items=[ListedInterview(**item, found_in=page.found_in[item["id"]]) for item in items],
        counts=Counts(
            pending=page.counts.get(Status.PENDING, 0),
            active=page.counts.get(Status.ACTIVE, 0),
            finished=page.counts.get(Status.FINISHED, 0),
        ),
        next_cursor=page.next_cursor,
    )


@blueprint.get("/<interview_id>")
@documented(answers={200: InterviewAnswer})
async def show(interview_id: str) -> InterviewAnswer:
    """One interview."""
    base = public_base()
    return await answer(await panelroom().rooms.interview_of(await require_principal(), interview_id), base)


@blueprint.patch("/<interview_id>")
@documented(body=InterviewFields, answers={200: InterviewAnswer})
async def change(interview_id: str) -> InterviewAnswer:
    """Change what is given, and nothing else."""
    base = public_base()
    principal = await require_principal()
    body = await read_body(InterviewFields)
    return await answer(await panelroom().rooms.agenda.change(principal, interview_id, body.changes()), base)


@blueprint.delete("/<interview_id>")
@documented(answers={204: "The interview is cancelled"})
async def cancel(interview_id: str) -> Response:
    """Cancel a pending or active interview: its sockets close, and it is not found any more."""
    await panelroom().rooms.lifecycle.cancel(await require_principal(), interview_id)
    return Response(status=204)


@blueprint.post("/<interview_id>/duplicate")
@documented(answers={201: InterviewAnswer})
async def duplicate(interview_id: str) -> tuple[InterviewAnswer, int]:
    """A new interview with the same settings and nothing of what happened in this one."""
    base = public_base()
    return await answer(await panelroom().rooms.agenda.duplicate(await require_principal(), interview_id), base), 201

"""/api/v1/interviews: planned, found, changed, cancelled."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field
from quart import Blueprint, Response, request
from sqlalchemy.exc import DatabaseError

from rooms.agenda import Plan, Repeatable
from rooms.assignment import Assigned, AssignedState
from rooms.errors import RoomsError
from rooms.interview import DEFAULT_LANGUAGE, Interview, Kind, Status
from rooms.policy import OverLimit
from rooms.search import Place
from rooms.text import clean
from web.api.plan import InterviewFields, NewBlocks, NewInterview
from web.auth import panelroom, public_base, require_principal
from web.body import Answer, Body, Query, documented, read_body, read_bytes, read_query
from web.moment import Moment
from web.problem import BodyInvalid, told

blueprint = Blueprint("interview", __name__, url_prefix="/api/v1/interviews")

MAX_PAGE = 200
_MAX_IDEMPOTENCY_KEY = 255


class Cancellation(Body):
    ids: list[Annotated[str, Field(max_length=64)]] = Field(min_length=1, max_length=MAX_PAGE)


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


class Made(Answer):
    items: list[InterviewAnswer]


class RowProblem(Answer):
    type: str
    title: str
    detail: str


class CancelledRow(Answer):
    id: str
    ok: bool
    problem: RowProblem | None


class Cancelled(Answer):
    """What became of each, in the order of asking."""

    items: list[CancelledRow]


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
    interview, is_new = await panelroom().rooms.agenda.create(principal, plan, await _repeatable())
    return await answer(interview, base), 201 if is_new else 200


async def _repeatable() -> Repeatable | None:
    """Raises BodyInvalid."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not 0 < len(key) <= _MAX_IDEMPOTENCY_KEY:
        raise BodyInvalid(f"The Idempotency-Key must have 1 to {_MAX_IDEMPOTENCY_KEY} characters.")
    return Repeatable(key, await read_bytes()) if key is not None else None


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


@blueprint.post("/blocks")
@documented(body=NewBlocks, answers={201: Made})
async def create_blocks() -> tuple[Made, int]:
    """Interviews one after the other for one candidate, each as all of them but for what its block says.

    Idempotency-Key is honoured.
    """
    base = public_base()
    principal = await require_principal()
    body = await read_body(NewBlocks)
    plan = Plan(**({"language": DEFAULT_LANGUAGE} | body.changes()))
    blocks = [block.differences(body.time_zone) for block in body.blocks]
    made = await panelroom().rooms.agenda.create_series(principal, plan, blocks, await _repeatable())
    return Made(items=[InterviewAnswer(**fields) for fields in await answers(made, base)]), 201


@blueprint.post("/cancel")
@documented(body=Cancellation, answers={200: Cancelled})
async def cancel_several() -> Cancelled:
    """Cancel each of these, or say why it cannot be."""
    principal = await require_principal()
    body = await read_body(Cancellation)
    items = []
    for interview_id in dict.fromkeys(body.ids):
        problem = None
        try:
            await panelroom().rooms.lifecycle.cancel(principal, interview_id)
        except (RoomsError, DatabaseError) as error:
            problem = RowProblem(**told(error))
        items.append(CancelledRow(id=interview_id, ok=problem is None, problem=problem))
    return Cancelled(items=items)

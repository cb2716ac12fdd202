"""The past of an interview, for whoever may see it; also while the interview goes on."""

import base64
import json
from functools import partial
from typing import Annotated, Any

from pydantic import Field, JsonValue
from quart import Blueprint, Response, request
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.http import quote_etag

from collab.log import UPDATE, Entry
from replay.codec import CONTENT_TYPE
from replay.errors import RecordingBroken
from replay.file import Whole
from rooms.audience import Viewer, told
from rooms.errors import DocumentUnknown
from rooms.interview import Interview
from rooms.policy import Part
from web.auth import panelroom, require_principal
from web.body import Answer, Query, documented, read_query
from web.moment import Moment

blueprint = Blueprint("recording", __name__)

# SQLite's integers end at 2**63, JSON's at 2**53.
Count = Annotated[int, Field(ge=0, lt=2**53)]


class DocumentQuery(Query):
    document: str | None = Field(None, description="Document id; the code document by default")


class TextQuery(DocumentQuery):
    at_ms: Count = Field(description="Milliseconds since the start")


class FileQuery(DocumentQuery):
    after: Count = Field(0, description="The last entry that is known already; 0 for the whole file")


class EntriesQuery(Query):
    document: str | None = Field(None, description="Document id; by default all that may be seen, room events included")
    after: Count = Field(0, description="The last entry seen")
    limit: int = Field(1_000, ge=1, description="Up to 1,000; more counts as 1,000")


class PersonAnswer(Answer):
    id: str
    name: str
    role: str


class DocumentAnswer(Answer):
    """``entries`` counts updates and ``bytes`` theirs."""

    id: str
    entries: int
    bytes: int
    head_hash: str


class RecordingAnswer(Answer):
    sealed: bool
    started_at: Moment | None
    duration_ms: int
    entries: int
    participants: list[PersonAnswer]
    documents: list[DocumentAnswer]


class TextAnswer(Answer):
    at_ms: int
    entry: int | None
    files: dict[str, str]


class UpdateItem(Answer):
    """``update`` is base64 of the exact bytes accepted; ``delivered_by`` is null for what a template brought."""

    entry: int
    at_ms: int
    delivered_by: str | None
    document: str
    kind: str
    update: str


class EventItem(Answer):
    entry: int
    at_ms: int
    delivered_by: str | None
    document: str | None
    kind: str
    event: JsonValue


class EntriesAnswer(Answer):
    items: list[UpdateItem | EventItem]
    next: int | None


@blueprint.get("/interviews/<interview_id>/recording")
@documented(answers={200: RecordingAnswer})
async def recording(interview_id: str) -> Response:
    """What there is of this interview's past, and the heads of its hash chains."""
    interview, documents = await _visible(interview_id)
    found = await panelroom().replay.overview(interview_id, documents)
    return _answer(
        RecordingAnswer(
            sealed=panelroom().rooms.lifecycle.is_sealed(interview),
            started_at=found.started_at_ms,
            duration_ms=found.duration_ms,
            entries=found.entries,
            participants=[PersonAnswer(**person) for person in await _participants(interview_id)],
            documents=[
                DocumentAnswer(id=each.id, entries=each.entries, bytes=each.bytes, head_hash=each.head_hash)
                for each in found.documents
            ],
        )
    )


@blueprint.get("/interviews/<interview_id>/recording/text")
@documented(query=TextQuery, answers={200: TextAnswer})
async def text(interview_id: str) -> Response:
    """Every text as it was after the document's last entry with a time of at most ``at_ms``."""
    query = read_query(TextQuery)
    _, documents = await _visible(interview_id)
    document = _readable(interview_id, query.document, documents)
    at_ms, entry, files = await panelroom().replay.text(interview_id, document, query.at_ms)
    return _answer(TextAnswer(at_ms=at_ms, entry=entry, files=files))


@blueprint.get("/interviews/<interview_id>/recording/entries")
@documented(query=EntriesQuery, answers={200: EntriesAnswer})
async def entries(interview_id: str) -> Response:
    """The entries as they were recorded, in order."""
    query = read_query(EntriesQuery)
    _, documents = await _visible(interview_id)
    viewer = _viewer(interview_id, documents)
    if query.document is not None and query.document not in documents:
        raise DocumentUnknown("There is no such document.")
    found, after = await panelroom().replay.entries(
        interview_id, documents, document=query.document, after=query.after, limit=query.limit
    )
    items = [item for entry in found if (item := _item(entry, viewer)) is not None]
    return _answer(EntriesAnswer(items=items, next=after))


@blueprint.get("/interviews/<interview_id>/recording/file")
@documented(
    query=FileQuery,
    answers={
        200: f"{CONTENT_TYPE}: docs/recording.md",
        206: "The range that was asked for",
        304: "If-None-Match named it",
        416: "There is no such range",
    },
)
async def file(interview_id: str) -> Response:
    """One document's recording as the player loads it, or what has come after an entry."""
    query = read_query(FileQuery)
    interview, documents = await _visible(interview_id)
    document = _readable(interview_id, query.document, documents)
    viewer = _viewer(interview_id, documents)
    made = await panelroom().replay.file(
        interview_id,
        document,
        participants=await _participants(interview_id),
        sealed=panelroom().rooms.lifecycle.is_sealed(interview),
        told=partial(told, viewer=viewer),
        audience="" if viewer.is_interviewer else "public",
        after=query.after,
    )
    response = _whole(made) if isinstance(made, Whole) else Response(made)
    response.content_type = CONTENT_TYPE
    response.headers["Cache-Control"] = "private, no-cache"
    response.timeout = None  # a slow line may take longer than Quart would wait
    return response


def _whole(made: Whole) -> Response:
    """As much of it as was asked for; several ranges at once are answered by all of it."""
    etag = quote_etag(made.etag)
    if request.if_none_match.contains_weak(made.etag):
        return Response(status=304, headers={"ETag": etag})
    headers = {"ETag": etag, "Accept-Ranges": "bytes"}
    wanted = request.range
    is_current = request.headers.get("If-Range", etag).strip() == etag  # a weak one never is
    if wanted is None or wanted.units != "bytes" or len(wanted.ranges) > 1 or not is_current:
        return Response(made.chunks(), headers=headers | {"Content-Length": str(made.size)})
    ((first, end),) = wanted.ranges
    if first < 0:
        first = max(0, first + made.size)
    end = made.size if end is None else min(end, made.size)
    if first >= end:
        raise RequestedRangeNotSatisfiable(made.size)
    headers |= {"Content-Range": f"bytes {first}-{end - 1}/{made.size}", "Content-Length": str(end - first)}
    return Response(made.chunks(first, end), 206, headers)


async def _visible(interview_id: str) -> tuple[Interview, list[str]]:
    """The interview, and the documents whose recording may be seen. Raises Unauthenticated, InterviewUnknown."""
    rooms = panelroom().rooms
    principal = await require_principal()
    interview = await rooms.interview_of(principal, interview_id)
    documents = [part.document_id(interview_id) for part in Part]
    return interview, [each for each in documents if await rooms.may_read_recording(principal, interview, each)]


def _viewer(interview_id: str, documents: list[str]) -> Viewer:
    """Chat to the interviewers and their reasons are for whoever may read the recording of their notes."""
    return Viewer(None, is_interviewer=Part.NOTES.document_id(interview_id) in documents)


def _readable(interview_id: str, document: str | None, visible: list[str]) -> str:
    """The document that is asked for. Raises DocumentUnknown, also for what may not be seen."""
    wanted = Part.CODE.document_id(interview_id) if document is None else document
    if wanted not in visible:
        raise DocumentUnknown("There is no such document.")
    return wanted


async def _participants(interview_id: str) -> list[dict[str, str]]:
    return [participant.shown() for participant in await panelroom().rooms.participants(interview_id)]


def _item(entry: Entry, viewer: Viewer) -> UpdateItem | EventItem | None:
    """None where the viewer may not read it. Raises RecordingBroken."""
    common: dict[str, Any] = {
        "entry": entry.entry,
        "at_ms": entry.at_ms,
        "delivered_by": entry.delivered_by or None,
        "kind": entry.kind,
    }
    if entry.kind == UPDATE:
        return UpdateItem(**common, document=entry.document, update=base64.b64encode(entry.payload).decode())
    try:
        if not isinstance(happened := json.loads(entry.payload), dict):
            raise TypeError("not an object")
        event = told(entry.kind, happened, viewer)
        return None if event is None else EventItem(**common, document=entry.document or None, event=event)
    except (ValueError, LookupError, TypeError, RecursionError) as error:  # no UTF-8, no JSON, another JSON
        raise RecordingBroken(entry.log, entry.entry) from error


def _answer(answer: Answer) -> Response:
    return Response(answer.model_dump_json(), content_type="application/json")

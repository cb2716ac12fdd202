"""/api/v1/interviews/<id>/events: what happens in a room, as server-sent events."""

import asyncio
import re
from collections.abc import AsyncGenerator

from quart import Blueprint, Response, json, request

from collab.errors import SubscriberTooSlow
from collab.journal import Entry, Journal
from rooms.errors import InterviewUnknown, TicketInvalid
from rooms.service import Service
from web.auth import panelroom, require_principal
from web.body import Query, documented, read_query
from web.problem import BodyInvalid

blueprint = Blueprint("event", __name__, url_prefix="/api/v1/interviews/<interview_id>")

_SILENCE_S = 15.0
_PAGE = 1000


class EventsQuery(Query):
    ticket: str | None = None
    after: str | None = None


@blueprint.get("/events")
@documented(query=EventsQuery, answers={200: "text/event-stream: `snapshot`, then room events, numbered by entry"})
async def events(interview_id: str) -> Response:
    """First a snapshot, then every event of the room with its entry as id; with a ticket or a session."""
    query = read_query(EventsQuery)
    after = _number(request.headers.get("Last-Event-ID") or query.after)
    rooms = panelroom().rooms
    if query.ticket is not None:
        you = (await rooms.participant_of(interview_id, query.ticket)).id
    else:
        you = None
        await rooms.interview_of(await require_principal(), interview_id)
    response = Response(
        _stream(interview_id, query.ticket, you, after, rooms=rooms, journal=panelroom().journal),
        content_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
    response.timeout = None
    return response


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    if not re.fullmatch("[0-9]{1,15}", text):
        raise BodyInvalid("after: must be the number of an entry.")
    return int(text)


async def _stream(
    interview_id: str, ticket: str | None, you: str | None, after: int | None, *, rooms: Service, journal: Journal
) -> AsyncGenerator[bytes]:
    """Ends when the server stops, the ticket does not count any more, or the reader is too slow: it asks again."""
    # Subscribed before the snapshot is read: nothing falls between them, and what is in both is left out below.
    async with journal.subscribe(interview_id) as subscription:
        snapshot = await rooms.snapshot(interview_id, you)
        yield _frame("snapshot", snapshot, None)
        last: int = snapshot["entry"]
        while after is not None and after < last:
            page = await journal.entries(interview_id, after=after, limit=_PAGE, events_only=True)
            for entry in page:
                if entry.entry <= last:
                    yield _event(entry)
            after = page[-1].entry if len(page) == _PAGE else last
        while True:
            try:
                entry = await asyncio.wait_for(anext(subscription), _SILENCE_S)
            except TimeoutError:
                if ticket is not None and not await _still_counts(rooms, interview_id, ticket):
                    return
                yield b": \n\n"
                continue
            except (StopAsyncIteration, SubscriberTooSlow):
                return
            if entry.entry > last:
                yield _event(entry)
                if entry.kind == "interview.cancelled":
                    return


async def _still_counts(rooms: Service, interview_id: str, ticket: str) -> bool:
    try:
        await rooms.participant_of(interview_id, ticket)
    except (TicketInvalid, InterviewUnknown):
        return False
    return True


def _event(entry: Entry) -> bytes:
    return _frame(entry.kind, {"entry": entry.entry, "at_ms": entry.at_ms} | json.loads(entry.payload), entry.entry)


def _frame(kind: str, data: object, entry: int | None) -> bytes:
    number = "" if entry is None else f"id: {entry}\n"
    return f"{number}event: {kind}\ndata: {json.dumps(data)}\n\n".encode()

"""/api/v1/interviews/<id>/events: what happens in a room, as server-sent events."""

import asyncio
import re
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from functools import partial

from quart import Blueprint, Response, json, request
from sqlalchemy.exc import SQLAlchemyError

from collab.errors import SubscriberTooSlow
from collab.journal import Journal
from collab.log import Entry
from rooms.errors import InterviewUnknown, TicketInvalid, Unauthenticated
from rooms.service import Service
from web.auth import Credential, credential, panelroom
from web.body import Query, documented, read_query
from web.problem import BodyInvalid

blueprint = Blueprint("event", __name__, url_prefix="/api/v1/interviews/<interview_id>")

_CHECK_S = 5.0  # how soon a ticket or a session that was withdrawn is noticed; nobody hears silence for longer
_PAGE = 1000

Check = Callable[[], Awaitable[object]]  # raises once the asker may not listen


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
    you: str | None = None
    if query.ticket is not None:
        check: Check = partial(rooms.participant_of, interview_id, query.ticket)
        you = (await rooms.participant_of(interview_id, query.ticket)).id
    else:
        check = partial(_seen, rooms, interview_id, credential())
        await check()
    response = Response(
        _stream(interview_id, you, after, check, rooms=rooms, journal=panelroom().journal),
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
    interview_id: str, you: str | None, after: int | None, check: Check, *, rooms: Service, journal: Journal
) -> AsyncGenerator[bytes]:
    """Ends when the server stops, the asker may not listen any more, or reads too slowly: then it asks again."""
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
        checked_s = time.monotonic()
        while True:
            left_s = checked_s + _CHECK_S - time.monotonic()
            if left_s <= 0:
                if not await _counts(check):
                    return
                checked_s = time.monotonic()
                continue
            try:
                entry = await asyncio.wait_for(anext(subscription), left_s)
            except TimeoutError:
                yield b": \n\n"
                continue
            except (StopAsyncIteration, SubscriberTooSlow):
                return
            if entry.entry > last:
                yield _event(entry)
                if entry.kind == "interview.cancelled":
                    return


async def _seen(rooms: Service, interview_id: str, asker: Credential) -> None:
    """Raises Unauthenticated, InterviewUnknown."""
    await rooms.interview_of(await asker.required(), interview_id)


async def _counts(check: Check) -> bool:
    try:
        await check()
    except (TicketInvalid, Unauthenticated, InterviewUnknown):
        return False
    except SQLAlchemyError:
        return True  # the room goes on while the database does not answer
    return True


def _event(entry: Entry) -> bytes:
    return _frame(entry.kind, {"entry": entry.entry, "at_ms": entry.at_ms} | json.loads(entry.payload), entry.entry)


def _frame(kind: str, data: object, entry: int | None) -> bytes:
    number = "" if entry is None else f"id: {entry}\n"
    return f"{number}event: {kind}\ndata: {json.dumps(data)}\n\n".encode()

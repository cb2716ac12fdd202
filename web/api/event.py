"""/api/v1/interviews/<id>/events: what happens in a room, as server-sent events."""

import asyncio
import re
import secrets
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from functools import partial
from math import inf

from quart import Blueprint, Response, json, request
from sqlalchemy.exc import SQLAlchemyError

from collab.errors import SubscriberTooSlow
from collab.log import Entry
from rooms.errors import InterviewUnknown, TicketInvalid, Unauthenticated
from rooms.participant import Role
from rooms.policy import Part
from rooms.service import Service
from rooms.view import Queue, View
from web.auth import Credential, credential, panelroom
from web.body import Query, documented, read_query
from web.panelroom import Panelroom
from web.problem import BodyInvalid

blueprint = Blueprint("event", __name__, url_prefix="/api/v1/interviews/<interview_id>")

_CHECK_S = 5.0  # how soon a ticket or a session that was withdrawn is noticed; nobody hears silence for longer
_PAGE = 1000
_RETRY = b"retry: %d\n"
_FIRST_RETRY_MS = 1_000  # when the browser comes back
_RETRY_MS = 3_000  # within which, not all of them at once
_DECISIONS = frozenset({"participant.changed", "participant.removed", "participant.readmitted"})

Check = Callable[[], Awaitable[object]]  # raises once the asker may not listen
Look = Callable[[], Awaitable[View]]
Line = Callable[[int], Awaitable[Queue]]  # who is where after an entry


class EventsQuery(Query):
    ticket: str | None = None
    after: str | None = None


@blueprint.get("/events")
@documented(query=EventsQuery, answers={200: "text/event-stream: `snapshot`, then room events, numbered by entry"})
async def events(interview_id: str) -> Response:
    """First a snapshot, then the events of the room with their entries as ids; with a ticket or a session."""
    query = read_query(EventsQuery)
    after = _number(request.headers.get("Last-Event-ID") or query.after)
    rooms = panelroom().rooms
    is_interviewer, asker, goes_first = False, None, True
    if query.ticket is not None:
        check: Check = partial(rooms.check_ticket, interview_id, query.ticket)
        goes_first = (await rooms.participant_of(interview_id, query.ticket)).role is Role.CANDIDATE
    else:
        asker = (await credential().required()).id
        is_interviewer = await _reads_notes(rooms, interview_id, credential())
        check = partial(_check_authority, rooms, interview_id, credential(), is_interviewer=is_interviewer)
    look = partial(rooms.views.of, interview_id, query.ticket, is_interviewer=is_interviewer)
    response = Response(
        _stream(interview_id, after, check, look, panelroom(), asker=asker, goes_first=goes_first),
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
    interview_id: str,
    after: int | None,
    check: Check,
    look: Look,
    panelroom: Panelroom,
    *,
    asker: str | None,
    goes_first: bool,
) -> AsyncGenerator[bytes]:
    """Ends when the server stops, the asker may not listen any more, reads too slowly, or opens many more: then it
    asks again.
    """
    journal, rooms = panelroom.journal, panelroom.rooms
    # Subscribed before the snapshot is read: nothing falls between them, and what is in both is left out below.
    async with journal.subscribe(interview_id) as subscription:
        async with panelroom.streams.door.taken(first=goes_first):
            decided = rooms.moderation.decided
            if not await _counts(check):  # what is decided from here on is heard, what was before is seen here
                return
            reader = Reader(await look(), look, partial(rooms.views.queue, interview_id))
        # Who comes as the candidate in another browser does not end the candidate's.
        who = (interview_id, asker or reader.participant_id, reader.view.device_id)
        with (
            panelroom.streams.opened(who, subscription) as own,
            rooms.seats.listening(interview_id, reader.participant_id, reader.view.device_id),
        ):
            yield _RETRY % (_FIRST_RETRY_MS + secrets.randbelow(_RETRY_MS)) + _frame(
                "snapshot", reader.view.snapshot, None
            )
            while after is not None and after < reader.last and subscription in own:
                page = await journal.entries(interview_id, after=after, limit=_PAGE, events_only=True)
                for entry in page:
                    if entry.entry <= reader.last and (told := reader.told(entry)) is not None:
                        yield told
                after = page[-1].entry if len(page) == _PAGE else reader.last
            checked_s = time.monotonic() if decided == rooms.moderation.decided else -inf
            while not reader.is_over and subscription in own:
                left_s = checked_s + _CHECK_S - time.monotonic()
                if left_s <= 0:
                    if not await _counts(check):
                        return
                    checked_s = time.monotonic()
                    continue
                try:
                    entry = await asyncio.wait_for(anext(subscription), left_s)
                    for frame in await reader.hear(entry):
                        yield frame
                except TimeoutError:
                    yield b": \n\n"
                except (StopAsyncIteration, SubscriberTooSlow, SQLAlchemyError):
                    return
                else:
                    if reader.participant_id is None and entry.kind in _DECISIONS:
                        checked_s = -inf  # a member without a ticket may be the one whom it concerns


class Reader:
    """Of one stream: what has been told, and what may be seen now."""

    def __init__(self, view: View, look: Look, line: Line) -> None:
        self.view = view
        self.participant_id = view.viewer.participant_id
        self.last: int = view.snapshot["entry"]  # told by the snapshot
        self.is_over = False
        self._look = look
        self._line = line

    def told(self, entry: Entry) -> bytes | None:
        event = self.view.shows(entry.kind, json.loads(entry.payload))
        if event is None:
            return None
        if not entry.entry:  # it is not on record
            return _frame(entry.kind, event, None)
        return _frame(entry.kind, {"entry": entry.entry, "at_ms": entry.at_ms} | event, entry.entry)

    async def hear(self, entry: Entry) -> list[bytes]:
        """What an entry that comes now has to tell."""
        view = self.view
        moved = view
        if view.moves(entry.kind, entry.entry):
            moved = self.view = view.moved(await self._line(entry.entry))
        frames = await self._own(entry) if view.concerns(entry.kind, entry.payload) else []
        if self.view is moved and moved.snapshot["admission"] != view.snapshot["admission"]:
            frames.append(_frame("admission.changed", moved.snapshot["admission"], None))
        return frames

    async def _own(self, entry: Entry) -> list[bytes]:
        view, event = self.view, json.loads(entry.payload)
        is_new = entry.entry > self.last
        told = self.told(entry) if is_new or not entry.entry else None
        frames = [] if told is None else [told]
        self.is_over = view.ends(entry.kind, event)
        if self.is_over or not (is_new and view.turns(entry.kind, event)):
            return frames
        try:
            self.view = fresh = await self._look()
        except TicketInvalid:
            return frames  # an event behind this one says why, and ends it
        if (fresh.is_inside, fresh.viewer) != (view.is_inside, view.viewer):
            self.last = fresh.snapshot["entry"]
            frames.append(_frame("snapshot", fresh.snapshot, None))
        return frames


async def _reads_notes(rooms: Service, interview_id: str, asker: Credential) -> bool:
    """Whether what is between interviewers is for this member or key. Raises Unauthenticated, InterviewUnknown."""
    principal = await asker.required()
    interview = await rooms.interview_of(principal, interview_id)
    return await rooms.may_read_recording(principal, interview, Part.NOTES.document_id(interview_id))


async def _check_authority(rooms: Service, interview_id: str, asker: Credential, *, is_interviewer: bool) -> None:
    """Raises Unauthenticated, InterviewUnknown."""
    if await _reads_notes(rooms, interview_id, asker) is not is_interviewer:
        raise Unauthenticated("What this member or key may read has changed: ask again.")


async def _counts(check: Check) -> bool:
    try:
        await check()
    except (TicketInvalid, Unauthenticated, InterviewUnknown):
        return False
    except SQLAlchemyError:
        return True  # the room goes on while the database does not answer
    return True


def _frame(kind: str, data: object, entry: int | None) -> bytes:
    number = "" if entry is None else f"id: {entry}\n"
    return f"{number}event: {kind}\ndata: {json.dumps(data)}\n\n".encode()

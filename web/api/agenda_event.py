"""/api/v1/events: what moves on a dashboard, as server-sent events."""

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

from quart import Blueprint, Response, json
from sqlalchemy.exc import SQLAlchemyError

from collab.errors import SubscriberTooSlow
from collab.log import Entry, Subscription
from rooms.bulletin import LISTED, MEMBER_CHANGED, PEOPLE_CHANGED
from rooms.errors import Unauthenticated
from rooms.interview import Status
from rooms.principal import Principal
from web.auth import Credential, credential, panelroom
from web.body import documented
from web.panelroom import Panelroom

blueprint = Blueprint("agenda_event", __name__, url_prefix="/api/v1")

_CHECK_S = 15.0  # how soon a session or key that was withdrawn is noticed; nobody hears silence for longer
_TOGETHER_S = 0.3  # what happens within it is told at once
_MAX_IDS = 200
_RETRY = b"retry: %d\n"
_FIRST_RETRY_MS = 1_000  # when the browser comes back
_RETRY_MS = 3_000  # within which, not all of them at once


@blueprint.get("/events")
@documented(
    answers={200: "text/event-stream: `counts`, `interviews` with the ids of those that have changed, `members`"}
)
async def events() -> Response:
    """First the counts; then which interviews that the asker may see are new, changed or gone, and counts that moved;
    and that members or invitations are not as they were.

    What happened before the stream began is in the list.
    """
    asker = credential()
    await asker.required()
    response = Response(
        _stream(asker, panelroom()),
        content_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
    response.timeout = None
    return response


@dataclass(slots=True)
class Reader:
    """Of one stream: who asks, and the counts that he was told."""

    panelroom: Panelroom
    principal: Principal
    counts: dict[Status, int] | None = None
    heard_s: float = 0.0  # when the newest of what he has heard came

    async def counted(self) -> list[bytes]:
        """The counts, where they are not as they were told: not older than what he has heard."""
        search = self.panelroom.rooms.search
        before, self.counts = self.counts, await search.counts_since(self.principal, self.heard_s)
        if self.counts == before:
            return []
        stages = (Status.PENDING, Status.ACTIVE, Status.FINISHED)
        return [_frame("counts", {stage.value: self.counts.get(stage, 0) for stage in stages})]

    async def hear(self, entries: list[Entry]) -> list[bytes]:
        listed = [json.loads(entry.payload) for entry in entries if entry.kind == LISTED]
        ids = list(dict.fromkeys(each["id"] for each in listed if self._sees(each)))
        people = [_frame("members", {})] if any(entry.kind == PEOPLE_CHANGED for entry in entries) else []
        if not ids:
            return people
        parts = [ids[at : at + _MAX_IDS] for at in range(0, len(ids), _MAX_IDS)]
        return people + [_frame("interviews", {"ids": part}) for part in parts] + await self.counted()

    def concerns(self, entry: Entry) -> bool:
        """Whether he may see something else from here on, or nothing."""
        return entry.kind == MEMBER_CHANGED and json.loads(entry.payload)["id"] == self.principal.id

    def _sees(self, listed: dict[str, Any]) -> bool:
        principal = self.principal
        return (
            principal.sees_all
            or listed["created_by"] == principal.id
            or (principal.email is not None and principal.email in listed["interviewers"])
        )


async def _stream(asker: Credential, panelroom: Panelroom) -> AsyncGenerator[bytes]:
    """Ends when the server stops, the credential does or may see more or less, or its holder reads too slowly or opens
    many more.
    """
    try:
        principal = await asker.required()
        # Subscribed before it is counted: nothing falls between.
        async with panelroom.journal.subscribe(principal.organisation_id) as subscription:
            reader = Reader(panelroom, principal, heard_s=time.monotonic())
            with panelroom.streams.opened(("agenda", principal.id), subscription) as own:
                async with panelroom.streams.door.taken():
                    first = await reader.counted()
                yield _RETRY % (_FIRST_RETRY_MS + secrets.randbelow(_RETRY_MS)) + first[0]
                checked_s = time.monotonic()
                while subscription in own:
                    entries, reader.heard_s = await _heard(subscription, checked_s + _CHECK_S)
                    if time.monotonic() - checked_s >= _CHECK_S or any(map(reader.concerns, entries)):
                        checked_s = time.monotonic()
                        if (await asker.required()).sees_all is not principal.sees_all:
                            return  # he begins anew, with other interviews
                    for frame in await reader.hear(entries) or [b": \n\n"]:
                        yield frame
    except (StopAsyncIteration, SubscriberTooSlow, SQLAlchemyError, Unauthenticated):
        return


async def _heard(subscription: Subscription, until_s: float) -> tuple[list[Entry], float]:
    """What comes together, the first of it by then; and when the last of it came. Raises what the subscription does."""
    entries: list[Entry] = []
    came_s = time.monotonic()
    while True:
        try:
            entries.append(await asyncio.wait_for(anext(subscription), max(0.0, until_s - time.monotonic())))
        except TimeoutError:
            return entries, came_s
        came_s = time.monotonic()
        if len(entries) == 1:
            until_s = came_s + _TOGETHER_S
        if entries[-1].kind == MEMBER_CHANGED:
            return entries, came_s


def _frame(kind: str, data: object) -> bytes:
    return f"event: {kind}\ndata: {json.dumps(data)}\n\n".encode()

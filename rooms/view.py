"""A room as one reader of it sees it: who is inside sees all but what is between others, who waits only himself."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import anyio
from sqlalchemy.ext.asyncio import AsyncConnection

from collab.journal import Journal
from collab.log import SAVING
from collab.registry import Registry
from rooms import seating, store
from rooms.audience import Viewer, told, told_admission
from rooms.chat import recent
from rooms.device import devices_of, removed
from rooms.errors import InterviewUnknown, TicketInvalid
from rooms.interview import Interview
from rooms.lifecycle import Lifecycle
from rooms.participant import Participant, Role
from rooms.policy import Admission, Part, Phase, Seat, State, admissions, grants
from rooms.seat import Seats
from rooms.secret import digest


@dataclass(frozen=True, slots=True)
class View:
    """What holds until an event ``turns`` it."""

    snapshot: dict[str, Any]
    viewer: Viewer
    device_id: str | None
    is_inside: bool
    is_candidate: bool

    def shows(self, kind: str, event: dict[str, Any]) -> dict[str, Any] | None:
        """The event as this reader is told it; None where he is not."""
        shown = told(kind, event, self.viewer)
        if self.is_inside or shown is None:
            return shown
        if kind == "interview.changed":
            return shown | {"meeting_url": None} | ({} if self.is_candidate else {"instructions": ""})
        if kind == SAVING or kind.startswith("interview.") or event.get("id") == self.viewer.participant_id:
            return shown
        return None

    def turns(self, kind: str, event: dict[str, Any]) -> bool:
        """Whether this reader may see something else from here on."""
        is_own = event.get("id") == self.viewer.participant_id
        return is_own and kind in {"admission.changed", "participant.changed"}

    def moves(self, kind: str, entry: int) -> bool:
        """Whether who waits may have another place, without an event of his own."""
        return not self.is_inside and kind == "admission.changed" and entry > self.snapshot["entry"]

    def moved(self, queue: "Queue") -> "View":
        """As it is with the place in a newer queue. That he is let in is told by an event of his own."""
        admission = queue.admission(self.viewer.participant_id)
        if admission["state"] in {State.SEATED, State.OBSERVING}:
            admission = self.snapshot["admission"]
        return replace(self, snapshot=self.snapshot | {"entry": queue.entry, "admission": admission})

    def concerns(self, kind: str, payload: bytes) -> bool:
        """Whether an event may be for this reader: cheap, as hundreds may wait."""
        if self.is_inside or kind == SAVING or kind.startswith("interview."):
            return True
        return self.viewer.participant_id is not None and self.viewer.participant_id.encode() in payload

    def ends(self, kind: str, event: dict[str, Any]) -> bool:
        """Whether nothing more is for this reader."""
        if kind == "interview.cancelled":
            return True
        is_own = kind == "participant.removed" and event["id"] == self.viewer.participant_id
        return is_own and event["device"] in {None, self.device_id}


@dataclass(frozen=True, slots=True)
class Queue:
    """Who is where in a room, at least as new as ``entry``."""

    entry: int
    admissions: dict[str, Admission]
    seats: dict[str, Seat]

    def admission(self, participant_id: str | None) -> dict[str, Any]:
        """As events and snapshots tell it."""
        who = participant_id or ""
        return told_admission(who, self.admissions.get(who), self.seats.get(who))


class Views:
    _MOST_QUEUES = 256

    def __init__(self, journal: Journal, registry: Registry, seats: Seats, lifecycle: Lifecycle) -> None:
        self._journal, self._registry = journal, registry
        self._database = journal.database
        self._queues: dict[str, Queue] = {}
        self._queueing = anyio.Lock()
        self._seats = seats
        self._lifecycle = lifecycle
        self._clock = journal.clock

    async def of(self, interview_id: str, ticket: str | None = None, *, is_interviewer: bool = False) -> View:
        """The room after the newest entry, for the holder of a ticket, or for a member without one.

        Raises InterviewUnknown, TicketInvalid.
        """
        now_ms = self._clock.now_ms()
        async with self._database.reading() as connection:
            found = None if ticket is None else await store.ticket(connection, digest(ticket))
            if ticket is not None and (found is None or not found.is_valid(now_ms)):
                raise TicketInvalid("The ticket is missing, wrong, expired or revoked.")
            interview = await store.interview(connection, interview_id)
            if interview is None:
                raise InterviewUnknown("There is no such interview.")
            queue = await self._queue(connection, interview, now_ms)
            seated = queue.seats
            participants = await store.participants_of(connection, interview_id)
            you = None if found is None else found.participant
            is_inside = you is None or _is_inside(you, seated.get(you.id), interview)
            if you is not None:
                is_interviewer = is_inside and you.role is Role.INTERVIEWER
            viewer = Viewer(None if you is None else you.id, is_interviewer)
            chat = await recent(connection, interview_id, viewer) if is_inside else []
            devices = await devices_of(connection, interview_id) if is_interviewer else {}
            out = await removed(connection, interview_id) if is_interviewer else []
        is_candidate = you is not None and you.role is Role.CANDIDATE
        snapshot = {
            "status": interview.status.value,
            "entry": queue.entry,
            "you": viewer.participant_id,
            "opened": interview.phase is not Phase.LOBBY,
            "lobby": interview.limits.lobby,
            "instructions": interview.instructions if is_inside or is_candidate else "",
            "meeting_url": interview.meeting_url if is_inside else None,
            "reopen_until_ms": self._lifecycle.reopen_until_ms(interview),
            "now_ms": now_ms,
            "is_saving": self._journal.is_saving,
            "damaged": [
                document
                for document in self._registry.damaged(interview_id)
                if is_inside and (is_interviewer or document == Part.CODE.document_id(interview_id))
            ],
            "admission": None if you is None else queue.admission(you.id),
            "participants": [
                self._shown(each, seated.get(each.id), viewer, devices.get(each.id, ()))
                for each in participants
                if is_inside or each.id == viewer.participant_id
            ],
            "removed": out,
            "chat": chat,
        }
        device_id = None if found is None else found.device_id
        return View(snapshot, viewer, device_id, is_inside=is_inside, is_candidate=is_candidate)

    async def queue(self, interview_id: str, entry: int) -> Queue:
        """The room's, after ``entry`` or later: read once for all who wait, one reading at a time.

        Raises InterviewUnknown.
        """
        async with self._queueing:
            known = self._queues.get(interview_id)
            if known is not None and known.entry >= entry:
                return known
            async with self._database.reading() as connection:
                interview = await store.interview(connection, interview_id)
                if interview is None:
                    raise InterviewUnknown("There is no such interview.")
                queue = await self._queue(connection, interview, self._clock.now_ms())
            if len(self._queues) >= self._MOST_QUEUES:
                self._queues.clear()
            self._queues[interview_id] = queue
            return queue

    async def _queue(self, connection: AsyncConnection, interview: Interview, now_ms: int) -> Queue:
        entry = await store.last_entry(connection, interview.id)
        seats = await seating.of_interview(connection, interview.id)
        live = {seat.participant_id: seat for seat in seats if self._seats.is_live(seat, now_ms)}
        given = admissions(live.values(), interview.limits, is_open=interview.phase is not Phase.LOBBY)
        return Queue(entry, given, live)

    def _shown(
        self, participant: Participant, seat: Seat | None, viewer: Viewer, devices: Iterable[dict[str, Any]]
    ) -> dict[str, Any]:
        here = self._seats.devices(participant.id)
        knows_reason = viewer.is_interviewer or participant.id == viewer.participant_id
        return participant.shown() | {
            "connected": self._seats.is_connected(participant.id),
            "muted": participant.muted_reason is not None,
            "muted_reason": participant.muted_reason if knows_reason else None,
            "removed": participant.removed_reason is not None,
            "devices": [device for device in devices if device["id"] in here],
            "state": None if seat is None else seat.state.value,
            "number": None if seat is None else seat.number,
        }


def _is_inside(you: Participant, seat: Seat | None, interview: Interview) -> bool:
    """A room that is over is seen by whoever was in it to the end."""
    if seat is None:
        return False
    phase = Phase.ACTIVE if interview.phase is Phase.FINISHED else interview.phase
    return bool(grants(you.role, seat.state, phase))

"""What people say in a room, to all or among the interviewers."""

import json
from typing import Any

from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import AsyncConnection

from collab.journal import Journal
from rooms import seating, store
from rooms.audience import CHAT, TO_INTERVIEWERS, Viewer, told
from rooms.errors import InterviewFinished, InterviewUnknown, Muted, NotAnInterviewer, NotInside, TicketInvalid
from rooms.interview import Interview, Status
from rooms.participant import Participant, Role
from rooms.policy import Action, State, may
from rooms.secret import digest

MAX_MESSAGE_CHARACTERS = 4_000
_RECENT = 200
_RECENT_BYTES = 128 * 2**10  # whoever opens streams and does not read them has a snapshot in memory for each

# Left alone, SQLite reads the whole log; and it takes a partial index only where the kind is no parameter.
_SAID = sql(
    "SELECT entry, at_ms, payload FROM entry INDEXED BY entry_chat WHERE log = :log AND kind = 'chat'"
    " ORDER BY entry DESC"
)
_SAID_WITH = sql(
    "SELECT entry FROM entry INDEXED BY entry_chat WHERE log = :log AND kind = 'chat' AND delivered_by = :by"
    " AND json_extract(CAST(payload AS TEXT), '$.key') = :key"
)


class Chat:
    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def say(self, interview_id: str, ticket: str, text: str, to: str, key: str | None = None) -> int:
        """Put a message on record and tell it to those whom it is for; its entry.

        What somebody says again with the same key has been said: the entry is that of the first time.

        Raises TicketInvalid, InterviewUnknown, InterviewFinished, NotInside, NotAnInterviewer, Muted.
        """
        async with self._journal.transaction() as transaction:
            connection, now_ms = transaction.connection, transaction.now_ms
            participant = await store.ticket_participant(connection, digest(ticket), now_ms)
            if participant is None or participant.interview_id != interview_id:
                raise TicketInvalid("The ticket is missing, wrong, expired or revoked.")
            interview = await store.interview(connection, interview_id)
            if interview is None or interview.status is Status.CANCELLED:
                raise InterviewUnknown("There is no such interview.")
            if key is not None:
                known = {"log": interview_id, "by": participant.id, "key": key}
                earlier: int | None = (await connection.execute(_SAID_WITH, known)).scalar_one_or_none()
                if earlier is not None:
                    return earlier
            seat = await seating.of_participant(connection, participant.id, now_ms)
            _require(interview, participant, seat.state if seat else None, to)
            said_by = {"id": participant.id, "name": participant.name}
            message = {"from": said_by, "text": text, "to": to} | ({} if key is None else {"key": key})
            return await transaction.append(interview_id, CHAT, message, participant.id)


def _require(interview: Interview, participant: Participant, state: State | None, to: str) -> None:
    """Raise what stands against it, if anything does."""
    action = Action.CHAT_INTERVIEWERS if to == TO_INTERVIEWERS else Action.CHAT
    role, phase = participant.role, interview.phase
    if may(role, state, action, phase, is_muted=participant.muted_reason is not None):
        return
    if interview.status is Status.FINISHED:
        raise InterviewFinished(interview.finished_by, interview.finished_at_ms)
    if action is Action.CHAT_INTERVIEWERS and role is not Role.INTERVIEWER:
        raise NotAnInterviewer("Only the interviewers write to each other.")
    if role is Role.OBSERVER:
        raise NotInside("Observers watch and read; only those who take part write.")
    if may(role, state, action, phase):
        raise Muted(participant.muted_reason or "")
    raise NotInside("You are not in the room: wait until you are let in, or join again.")


async def recent(connection: AsyncConnection, interview_id: str, viewer: Viewer) -> list[dict[str, Any]]:
    """The last messages that this viewer may read, with their entry and time, the oldest first; fewer of long ones."""
    found: list[dict[str, Any]] = []
    size = 0
    async with connection.stream(_SAID, {"log": interview_id}) as rows:
        async for entry, at_ms, payload in rows:
            message = told(CHAT, json.loads(payload), viewer)
            if message is None:
                continue
            size += len(payload)
            if size > _RECENT_BYTES:
                break
            found.append({"entry": entry, "at_ms": at_ms} | message)
            if len(found) == _RECENT:
                break
    return found[::-1]

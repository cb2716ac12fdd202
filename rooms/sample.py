"""A recorded interview that comes with the server, so that somebody new can see what a replay is.

rooms/sample.json.gz is what the API said of a real interview: ``interview``, ``recording``, and all ``entries``.
"""

import gzip
import json
from base64 import b64decode
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collab.database import Database
from collab.journal import Journal, Transaction
from collab.log import encode
from collab.record import Row, logs
from rooms import schema, store
from rooms.agenda import new_row
from rooms.audit import SYSTEM, Action, Subject, note
from rooms.interview import Interview, Kind, Status
from rooms.organisation import Organisation
from rooms.participant import Participant, Role
from rooms.secret import new_id

SAMPLE = Path(__file__).with_name("sample.json.gz")


class Samples:
    def __init__(self, database: Database, journal: Journal) -> None:
        self._database = database
        self._journal = journal

    async def find(self, organisation_id: str) -> str | None:
        """The id of the organisation's."""
        async with self._database.reading() as connection:
            return await _find(connection, organisation_id)

    async def bring(self, organisation: Organisation) -> str:
        """Put it among the organisation's interviews, where it is not there yet; its id."""
        known = await self.find(organisation.id)
        if known is not None:
            return known
        content = _read()
        async with self._journal.transaction() as transaction:
            return await _put(transaction, self._journal, organisation, content)


async def _find(connection: AsyncConnection, organisation_id: str) -> str | None:
    columns = schema.interviews.c
    query = select(columns.id).where(columns.organisation_id == organisation_id, columns.kind == Kind.SAMPLE)
    found: str | None = (await connection.execute(query.limit(1))).scalar()
    return found


def _read() -> dict[str, Any]:
    """With ids of its own: those of the recording are on every server."""
    text = gzip.decompress(SAMPLE.read_bytes()).decode()
    recorded = json.loads(text)
    for known in (recorded["interview"], *recorded["recording"]["participants"]):
        text = text.replace(known["id"], new_id())
    content: dict[str, Any] = json.loads(text)
    return content


async def _put(transaction: Transaction, journal: Journal, organisation: Organisation, content: dict[str, Any]) -> str:
    """Hazard: nobody may have opened its log before this is committed, for its head is read from the disk."""
    connection = transaction.connection
    interview = _interview(organisation, content)
    await connection.execute(insert(schema.interviews).values(new_row(interview)))
    started_at_ms = _epoch_ms(content["recording"]["started_at"])
    for participant in _participants(interview.id, started_at_ms, content):
        await store.add_participant(connection, participant)
    await connection.execute(insert(logs).values(id=interview.id, started_at_ms=started_at_ms))
    await transaction.insert([_row(interview.id, item, journal) for item in content["entries"]])
    subject, detail = Subject.of(interview), {"kind": interview.kind.value}
    await note(connection, organisation.id, transaction.now_ms, SYSTEM, Action.INTERVIEW_CREATED, subject, detail)
    return interview.id


def _interview(organisation: Organisation, content: dict[str, Any]) -> Interview:
    told = content["interview"]
    (finished,) = (item for item in content["entries"] if item["kind"] == "interview.finished")
    return Interview(
        id=told["id"],
        organisation_id=organisation.id,
        title=told["title"],
        status=Status.FINISHED,
        candidate_name=told["candidate"]["name"],
        candidate_email=None,
        interviewers=(),
        scheduled_at_ms=None,
        time_zone=None,
        language=told["language"],
        limits=organisation.limits,
        instructions="",
        meeting_url=None,
        external_ref=None,
        created_by="",
        created_at_ms=_epoch_ms(told["created_at"]),
        opened_at_ms=None,
        active_at_ms=_epoch_ms(told["active_at"]),
        finished_at_ms=_epoch_ms(told["finished_at"]),
        finished_by=finished["event"]["by"]["name"],
        kind=Kind.SAMPLE,
    )


def _participants(interview_id: str, started_at_ms: int, content: dict[str, Any]) -> list[Participant]:
    """In order of joining."""
    at_ms = {
        (item["kind"], item["delivered_by"]): started_at_ms + item["at_ms"]
        for item in reversed(content["entries"])
        if item["kind"] in {"participant.joined", "participant.entered"}
    }
    return [
        Participant(
            id=told["id"],
            interview_id=interview_id,
            role=Role(told["role"]),
            name=told["name"],
            joined_as=number,
            member_id=None,
            joined_at_ms=at_ms["participant.joined", told["id"]],
            entered_at_ms=at_ms["participant.entered", told["id"]],
        )
        for number, told in enumerate(content["recording"]["participants"])
    ]


def _row(interview_id: str, item: dict[str, Any], journal: Journal) -> Row:
    kind, document = item["kind"], item["document"] or ""
    if "update" in item:
        payload = b64decode(item["update"])
    else:
        payload = encode(item["event"] if document else journal.recorded(kind, item["event"]))
    return interview_id, item["entry"], item["at_ms"], document, item["delivered_by"] or "", kind, payload


def _epoch_ms(moment: str) -> int:
    return round(datetime.fromisoformat(moment).timestamp() * 1000)

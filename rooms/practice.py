"""Interviews to learn with: like any other, but they count nowhere."""

from contextlib import suppress

from sqlalchemy import select

from collab.database import Database
from rooms import schema
from rooms.access import Right
from rooms.agenda import Agenda, Plan
from rooms.errors import InterviewFinished, InterviewUnknown
from rooms.interview import DEFAULT_LANGUAGE, Interview, Kind, Status
from rooms.lifecycle import Lifecycle
from rooms.principal import Principal

_TITLE = "Practice interview"
_INSTRUCTIONS = """\
This is a practice room. Nothing in it counts, and you can begin again as often as you like.

Some things to try:
1. Open the room's link in a private window, too: there you are the candidate. Type in both windows.
2. Add a second file with the + above the code, and choose its language.
3. As the interviewer, write into Notes, and chat with the interviewers only: the candidate's window gets neither.
4. Switch the network off in one window, type there, and switch it on again.
5. Press Finish, then open the replay and drag over its timeline.
"""


class Practice:
    def __init__(self, database: Database, agenda: Agenda, lifecycle: Lifecycle) -> None:
        self._database = database
        self._agenda = agenda
        self._lifecycle = lifecycle

    async def begin(self, member: Principal) -> Interview:
        """A fresh one; those that the member has begun before and not finished are closed. Raises ScopeMissing."""
        member.require(Right.CREATE_INTERVIEW)
        begun = await self.begun(member)
        plan = Plan(DEFAULT_LANGUAGE, title=_TITLE, instructions=_INSTRUCTIONS, kind=Kind.PRACTICE)
        interview, _ = await self._agenda.create(member, plan)
        for earlier in begun:
            with suppress(InterviewUnknown, InterviewFinished):  # it was closed meanwhile
                await self._lifecycle.cancel(member, earlier)
        return interview

    async def begun(self, member: Principal) -> list[str]:
        """Those that this member has not finished, the newest first."""
        columns = schema.interviews.c
        query = select(columns.id).where(
            columns.organisation_id == member.organisation_id,
            columns.kind == Kind.PRACTICE,
            columns.created_by == member.id,
            columns.status.in_([Status.PENDING, Status.ACTIVE]),
        )
        async with self._database.reading() as connection:
            return list((await connection.execute(query.order_by(columns.created_at_ms.desc()))).scalars())

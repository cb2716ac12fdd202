"""The steps of an interview from active to finished, back within a while, and its cancelling."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from collab.database import Database
from collab.journal import Journal
from collab.registry import Registry
from collab.wire import CloseCode
from rooms import store
from rooms.agenda import acting_for, changeable, conductor, put_on_record, seen
from rooms.audit import Action
from rooms.bulletin import announce
from rooms.decision import Decisions
from rooms.errors import (
    InterviewFinished,
    InterviewNotActive,
    InterviewNotFinished,
    ReopenTooLate,
)
from rooms.interview import Interview, Kind, Status
from rooms.principal import Principal


class Lifecycle:
    """Invariant: in a log, every update accepted before the finish comes before its event, and none comes after it."""

    def __init__(self, database: Database, journal: Journal, registry: Registry, *, reopen_ms: int) -> None:
        self._database = database
        self._journal = journal
        self._registry = registry
        self._reopen_ms = reopen_ms
        self._decisions = Decisions()
        self._closed: dict[str, CloseCode] = {}  # interviews that this process has finished or cancelled

    def reopen_until_ms(self, interview: Interview) -> int | None:
        """Until when its finish can be undone; None where there is nothing to undo."""
        if interview.status is not Status.FINISHED or interview.finished_at_ms is None or not self._reopen_ms:
            return None
        if interview.kind is Kind.SAMPLE:
            return None
        if interview.finished_at_ms > self._journal.clock.now_ms():
            return None  # the machine came back in the past: nobody knows for how long it has been finished
        return interview.finished_at_ms + self._reopen_ms

    def is_sealed(self, interview: Interview) -> bool:
        """Whether it is finished for good.

        Hazard: by the clock, which goes back where the machine came back in the past. Then a finish can be undone again
        once the clock has passed it, for as long as ever.
        """
        until_ms = self.reopen_until_ms(interview)
        is_over = until_ms is None or until_ms <= self._journal.clock.now_ms()
        return interview.status is Status.FINISHED and is_over

    async def undo_left_ms(self, principal: Principal, interview: Interview) -> int:
        """For how long this member can still undo its finish; 0 where there is none, it is too late, or he may not."""
        until_ms = self.reopen_until_ms(interview)
        if until_ms is None or principal.kind == "key":
            return 0
        async with self._database.reading() as connection:
            if not await store.is_interviewer(connection, interview, principal.id, principal.email):
                return 0
        return max(0, until_ms - self._journal.clock.now_ms())

    def closed(self, interview_id: str) -> CloseCode | None:
        """Why a socket must close although its grant was still good: asked once its document is open, without an await
        between the answer and the socket's joining.
        """
        return self._closed.get(interview_id)

    async def finish(self, principal: Principal, interview_id: str, on_behalf_of: str | None = None) -> Interview:
        """Nothing is written after it: what was accepted before is committed with it, then every socket closes.

        Raises InterviewUnknown, NotAnInterviewer, InterviewNotActive, InterviewFinished.
        """
        return await self._decisions.make(self._finish, principal, interview_id, on_behalf_of)

    async def _finish(self, principal: Principal, interview_id: str, on_behalf_of: str | None) -> Interview:
        interview, by = await self._conductor(principal, interview_id, on_behalf_of)
        if interview.status is Status.FINISHED:
            raise InterviewFinished(interview.finished_by, interview.finished_at_ms)
        if interview.status is not Status.ACTIVE:
            raise InterviewNotActive("A candidate and an interviewer have not both been in it yet.")
        async with (
            self._closed_room(interview_id, CloseCode.FINISHED, "the interview is finished"),
            self._journal.transaction() as transaction,
        ):
            changes = {
                "status": Status.FINISHED.value,
                "finished_at_ms": transaction.now_ms,
                "finished_by": by["name"],
            }
            await store.set_interview(transaction.connection, interview_id, changes)
            await transaction.append(interview_id, "interview.finished", {"by": by}, by["id"])
            await put_on_record(transaction, principal, Action.INTERVIEW_FINISHED, interview, acting_for(on_behalf_of))
            await announce(transaction, interview)
        return await self._read(principal, interview_id)

    async def reopen(self, principal: Principal, interview_id: str, on_behalf_of: str | None = None) -> Interview:
        """Undo a finish. Raises InterviewUnknown, NotAnInterviewer, InterviewNotFinished, ReopenTooLate."""
        return await self._decisions.make(self._reopen, principal, interview_id, on_behalf_of)

    async def _reopen(self, principal: Principal, interview_id: str, on_behalf_of: str | None) -> Interview:
        interview, by = await self._conductor(principal, interview_id, on_behalf_of)
        if interview.status is not Status.FINISHED or interview.finished_at_ms is None:
            raise InterviewNotFinished("Only a finished interview can be reopened.")
        if self.is_sealed(interview):
            raise ReopenTooLate("The time in which this finish could be undone is over.")
        async with self._journal.transaction() as transaction:
            changes = {"status": Status.ACTIVE.value, "finished_at_ms": None, "finished_by": None}
            await store.set_interview(transaction.connection, interview_id, changes)
            await transaction.append(interview_id, "interview.reopened", {"by": by}, by["id"])
            await put_on_record(transaction, principal, Action.INTERVIEW_REOPENED, interview, acting_for(on_behalf_of))
            await announce(transaction, interview)
        self._open_room(interview_id)
        return await self._read(principal, interview_id)

    async def cancel(self, principal: Principal, interview_id: str) -> None:
        """Raises InterviewUnknown, ScopeMissing, InterviewFinished."""
        await self._decisions.make(self._cancel, principal, interview_id)

    async def _cancel(self, principal: Principal, interview_id: str) -> None:
        async with self._database.reading() as connection:
            interview = await changeable(connection, principal, interview_id)
        if interview.status is Status.FINISHED:
            raise InterviewFinished(interview.finished_by, interview.finished_at_ms)
        async with (
            self._closed_room(interview_id, CloseCode.NO_DOCUMENT, "the interview was cancelled"),
            self._journal.transaction() as transaction,
        ):
            await store.set_interview(transaction.connection, interview_id, {"status": Status.CANCELLED.value})
            by = {"id": principal.id, "name": principal.name}
            await transaction.append(interview_id, "interview.cancelled", {"by": by})
            await put_on_record(transaction, principal, Action.INTERVIEW_CANCELLED, interview, {})
            await announce(transaction, interview)

    async def _conductor(
        self, principal: Principal, interview_id: str, on_behalf_of: str | None
    ) -> tuple[Interview, dict[str, str]]:
        """The interview, and the interviewer of it who asks, as room events show him."""
        async with self._database.reading() as connection:
            interview, _, by = await conductor(connection, principal, interview_id, on_behalf_of)
        return interview, by

    @asynccontextmanager
    async def _closed_room(self, interview_id: str, code: CloseCode, reason: str) -> AsyncGenerator[None]:
        """Updates are held during the block; at its end the sockets close, or all goes on where it failed."""
        self._registry.hold(interview_id)
        try:
            yield
        except BaseException:
            self._open_room(interview_id)
            raise
        self._closed[interview_id] = code
        self._registry.finish(interview_id)
        for document in self._registry.opened(interview_id):
            document.close_peers(code, reason)

    def _open_room(self, interview_id: str) -> None:
        self._closed.pop(interview_id, None)
        self._registry.reopen(interview_id)

    async def _read(self, principal: Principal, interview_id: str) -> Interview:
        async with self._database.reading() as connection:
            return await seen(connection, principal, interview_id)

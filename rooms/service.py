"""The live side of interviews: who comes in, who is there, and the steps from pending to finished."""

from dataclasses import dataclass, replace
from typing import Any

import structlog
from sqlalchemy import delete, insert, update
from sqlalchemy.exc import SQLAlchemyError

from collab.clock import Clock
from collab.database import Database
from collab.journal import Journal, Transaction
from collab.registry import Registry
from collab.wire import CloseCode
from rooms import schema, store
from rooms.agenda import Agenda, planned_row
from rooms.errors import (
    DocumentUnknown,
    InterviewFinished,
    InterviewUnknown,
    TicketInvalid,
    Unauthenticated,
)
from rooms.interview import Interview, Status
from rooms.key import Scope
from rooms.lifecycle import Lifecycle
from rooms.member import Member, MemberRole
from rooms.participant import MEMBERS_ONLY, Participant, Role
from rooms.people import People
from rooms.policy import EMPTY, Admission, Opening, Part, admit, grants, split_document_id
from rooms.principal import Principal
from rooms.secret import digest, new_id, new_secret

TICKET_MS = 12 * 3_600_000
RESUME_MS = 30 * 24 * 3_600_000  # after its end a ticket opens nothing any more, but still says who came with it

_log = structlog.get_logger("rooms")


@dataclass(frozen=True, slots=True)
class Joined:
    """What /join answers with."""

    participant: Participant
    admission: Admission
    openings: tuple[Opening, ...]
    ticket: str
    expires_at_ms: int


@dataclass(frozen=True, slots=True)
class Grant:
    """What one ticket opens of one document."""

    interview_id: str
    document_id: str
    participant_id: str
    role: Role
    may_write: bool
    user: dict[str, str]  # name, color, colorLight, id, role: what presence shows
    finished: bool
    entered: bool
    ticket_id: str


class Service:
    """The only changer of a room's state.

    Invariant: what changes in the database and the room event that tells it are one commit.
    """

    def __init__(
        self, database: Database, journal: Journal, registry: Registry, clock: Clock, *, reopen_s: float = 900
    ) -> None:
        self.people = People(database, clock)
        self.agenda = Agenda(database, journal, clock)
        self.lifecycle = Lifecycle(database, journal, registry, reopen_ms=int(reopen_s * 1000))
        self._database = database
        self._journal = journal
        self._clock = clock
        self._connections: dict[str, int] = {}  # open ones by participant
        self._left: set[str] = set()  # connected ones who said good-bye

    # Coming in

    async def join(
        self, interview_id: str, role: Role, *, name: str = "", member: Member | None = None, resume: str | None = None
    ) -> Joined:
        """A ticket, for a new participant or for the one that the asker is already.

        ``member`` is on whose authority it is asked; ``resume`` an earlier ticket of the same interview, which may have
        expired.
        Raises InterviewUnknown, InterviewFinished, Unauthenticated, TicketInvalid.
        """
        if member is None and role in MEMBERS_ONLY:
            raise Unauthenticated("Interviewers and observers sign in first.")
        async with self._journal.transaction() as transaction:
            connection = transaction.connection
            interview = await store.interview(connection, interview_id)
            if interview is None or interview.status is Status.CANCELLED:
                raise InterviewUnknown("There is no such interview.")
            if member is not None and member.organisation_id != interview.organisation_id:
                raise InterviewUnknown("There is no such interview.")
            if interview.status is Status.FINISHED:
                raise InterviewFinished(interview.finished_by, interview.finished_at_ms)
            participant = await store.participant_as(connection, interview_id, role, member.id if member else None)
            if resume is not None:
                resumed = await store.ticket_participant(connection, digest(resume), transaction.now_ms - RESUME_MS)
                if resumed is None or resumed.interview_id != interview_id:
                    raise TicketInvalid("The earlier ticket is wrong, too old or was revoked.")
                # A ticket of another member's, kept by the same browser, does not make this member that one.
                same = member is None or resumed.member_id in {None, member.id}
                if resumed.role is role and participant is None and same:
                    participant = resumed
            if participant is None:
                participant = await self._add_participant(transaction, interview, role, name, member)
            secret = new_secret()
            expires_at_ms = transaction.now_ms + TICKET_MS
            await connection.execute(
                delete(schema.tickets).where(
                    schema.tickets.c.participant_id == participant.id,
                    schema.tickets.c.expires_at_ms <= transaction.now_ms - RESUME_MS,
                )
            )
            await connection.execute(
                insert(schema.tickets).values(
                    token_hash=digest(secret), participant_id=participant.id, expires_at_ms=expires_at_ms
                )
            )
        admission = admit(role, interview.limits, EMPTY)
        return Joined(participant, admission, grants(role, admission), secret, expires_at_ms)

    async def authorise_socket(self, document_id: str, ticket: str) -> Grant:
        """Raises TicketInvalid, DocumentUnknown."""
        interview_id, part = split_document_id(document_id)
        ticket_id = digest(ticket)
        async with self._database.reading() as connection:
            participant = await store.ticket_participant(connection, ticket_id, self._clock.now_ms())
            if participant is None:
                raise TicketInvalid("The ticket is missing, wrong, expired or revoked.")
            interview = await store.interview(connection, participant.interview_id)
        if interview is None or interview.id != interview_id or interview.status is Status.CANCELLED:
            raise DocumentUnknown("This ticket opens no such document.")
        openings = grants(participant.role, admit(participant.role, interview.limits, EMPTY))
        if not openings:
            raise TicketInvalid("There is no seat for this ticket.")
        opening = next((opening for opening in openings if opening.part is part), None)
        if opening is None:
            raise DocumentUnknown("This ticket opens no such document.")
        user = participant.shown() | {"colorLight": participant.color_light}
        return Grant(
            interview_id=interview_id,
            document_id=document_id,
            participant_id=participant.id,
            role=participant.role,
            may_write=opening.may_write,
            user=user,
            finished=interview.status is Status.FINISHED,
            entered=participant.entered_at_ms is not None,
            ticket_id=ticket_id,
        )

    def closed(self, interview_id: str) -> CloseCode | None:
        """Why its sockets must close, when it was finished or cancelled since a socket was authorised."""
        return self.lifecycle.closed(interview_id)

    async def enter(self, grant: Grant) -> None:
        """A participant's first synchronised socket. With a candidate and an interviewer entered, it is active."""
        if grant.entered:
            return
        async with self._journal.transaction() as transaction:
            connection = transaction.connection
            interview = await store.interview(connection, grant.interview_id)
            if interview is None or interview.status not in {Status.PENDING, Status.ACTIVE}:
                return
            entered = await connection.execute(
                update(schema.participants)
                .where(schema.participants.c.id == grant.participant_id, schema.participants.c.entered_at_ms.is_(None))
                .values(entered_at_ms=transaction.now_ms)
            )
            if not entered.rowcount:
                return
            await transaction.start(grant.interview_id)
            who = {"id": grant.participant_id}
            await transaction.append(grant.interview_id, "participant.entered", who, grant.participant_id)
            both = (Role.CANDIDATE, Role.INTERVIEWER)
            if interview.status is Status.PENDING and await store.have_entered(connection, interview.id, both):
                changes = {"status": Status.ACTIVE.value, "active_at_ms": transaction.now_ms}
                await store.set_interview(connection, interview.id, changes)
                await transaction.append(interview.id, "interview.active", {})

    async def connected(self, grant: Grant) -> None:
        """One more open connection of this participant."""
        count = self._connections.get(grant.participant_id, 0) + 1
        self._connections[grant.participant_id] = count
        self._left.discard(grant.participant_id)
        if count == 1:
            await self._tell_presence(grant, "participant.connected")

    async def disconnected(self, grant: Grant) -> None:
        """One less."""
        count = self._connections.pop(grant.participant_id) - 1
        if count:
            self._connections[grant.participant_id] = count
        else:
            self._left.discard(grant.participant_id)
            # A closed room sends everybody away itself: its end stays the last line of its log.
            if self.lifecycle.closed(grant.interview_id) is None:
                await self._tell_presence(grant, "participant.disconnected")

    # Those inside

    @property
    def present(self) -> int:
        """How many participants have an open connection."""
        return len(self._connections)

    async def participant_of(self, interview_id: str, ticket: str) -> Participant:
        """Raises TicketInvalid, InterviewUnknown (cancelled)."""
        async with self._database.reading() as connection:
            participant = await store.ticket_participant(connection, digest(ticket), self._clock.now_ms())
            if participant is None or participant.interview_id != interview_id:
                raise TicketInvalid("The ticket is missing, wrong, expired or revoked.")
            interview = await store.interview(connection, interview_id)
        if interview is None or interview.status is Status.CANCELLED:
            raise InterviewUnknown("There is no such interview.")
        return participant

    async def participants(self, interview_id: str) -> list[Participant]:
        """In order of joining."""
        async with self._database.reading() as connection:
            return await store.participants_of(connection, interview_id)

    async def snapshot(self, interview_id: str, you: str | None) -> dict[str, Any]:
        """The room as it is after entry ``entry``; ``you`` is the asking participant's id."""
        async with self._database.reading() as connection:
            interview = await store.interview(connection, interview_id)
            if interview is None:
                raise InterviewUnknown("There is no such interview.")
            entry = await store.last_entry(connection, interview_id)
            participants = await store.participants_of(connection, interview_id)
        return {
            "status": interview.status.value,
            "entry": entry,
            "you": you,
            "participants": [
                participant.shown() | {"connected": participant.id in self._connections} for participant in participants
            ],
        }

    async def leave(self, interview_id: str, ticket: str) -> None:
        """The participant goes for good, until the ticket is used again. Raises TicketInvalid, InterviewUnknown."""
        participant = await self.participant_of(interview_id, ticket)
        if participant.id in self._connections and participant.id not in self._left:
            self._left.add(participant.id)
            async with self._journal.transaction() as transaction:
                await transaction.append(interview_id, "participant.left", {"id": participant.id}, participant.id)

    # What may be seen

    async def interview_of(self, principal: Principal, interview_id: str) -> Interview:
        """Raises InterviewUnknown, also when it may not be seen."""
        return await self.agenda.get(principal, interview_id)

    async def public_interview(self, interview_id: str) -> Interview | None:
        """For the interview's own page, which anybody with the link may open; a cancelled one too."""
        async with self._database.reading() as connection:
            return await store.interview(connection, interview_id)

    async def may_read_recording(self, principal: Principal, interview: Interview, document_id: str) -> bool:
        """The notes' is for interviewers of this interview, owners, admins, and keys that read the company's."""
        interview_id, part = split_document_id(document_id)
        if interview_id != interview.id or not principal.can_see(interview):
            return False
        if part is Part.CODE:
            return True
        if principal.kind == "key":
            return principal.has_scope(Scope.COMPANY_READ)
        if principal.role in {MemberRole.OWNER, MemberRole.ADMIN}:
            return True
        async with self._database.reading() as connection:
            return await store.is_interviewer(connection, interview, principal.id, principal.email)

    async def _add_participant(
        self, transaction: Transaction, interview: Interview, role: Role, name: str, member: Member | None
    ) -> Participant:
        if member is not None and role in MEMBERS_ONLY:
            name = member.name
        elif role is Role.CANDIDATE:
            if name and interview.candidate_name is None:
                named = replace(interview, candidate_name=name)
                await store.set_interview(transaction.connection, interview.id, planned_row(named))
            name = name or interview.candidate_name or "Candidate"
        participant = Participant(
            id=new_id(),
            interview_id=interview.id,
            role=role,
            name=name or "Guest",
            joined_as=await store.count_participants(transaction.connection, interview.id),
            member_id=None if member is None or role is Role.CANDIDATE else member.id,
            joined_at_ms=transaction.now_ms,
            entered_at_ms=None,
        )
        await store.add_participant(transaction.connection, participant)
        event = {"participant": participant.shown()}
        await transaction.append(interview.id, "participant.joined", event, participant.id)
        return participant

    async def _tell_presence(self, grant: Grant, kind: str) -> None:
        """A connection lives and ends also while commits fail: then this one event is missing, loudly."""
        try:
            async with self._journal.transaction() as transaction:
                await transaction.append(grant.interview_id, kind, {"id": grant.participant_id}, grant.participant_id)
        except SQLAlchemyError:
            _log.exception("presence was not recorded", kind=kind, participant=grant.participant_id)

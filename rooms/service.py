"""The live side of interviews: who comes in, who is there, and the steps from pending to finished."""

from dataclasses import dataclass, replace

from sqlalchemy import delete, insert, update

from collab.clock import Clock
from collab.database import Database
from collab.journal import Journal, Transaction
from collab.registry import Registry
from collab.wire import CloseCode
from rooms import schema, seating, store
from rooms.access import Right
from rooms.agenda import Agenda, planned_row
from rooms.audit import SYSTEM, Action, Audit, Subject, note
from rooms.bulletin import announce
from rooms.chat import Chat
from rooms.device import add_device, device_of, mute_reason, name_device
from rooms.door import check_device, check_member
from rooms.errors import (
    DocumentUnknown,
    InterviewFinished,
    InterviewUnknown,
    TicketInvalid,
    Unauthenticated,
)
from rooms.grant import Grant
from rooms.interview import Interview, Status
from rooms.invitation import Invitations
from rooms.key import Scope
from rooms.lifecycle import Lifecycle
from rooms.login import Logins
from rooms.member import Member
from rooms.membership import Membership
from rooms.moderation import Moderation
from rooms.participant import MEMBERS_ONLY, Participant, Role
from rooms.people import People
from rooms.policy import Admission, Opening, Part, Phase, State, grants, split_document_id
from rooms.practice import Practice
from rooms.principal import Principal
from rooms.revocation import Revocations
from rooms.sample import Samples
from rooms.search import Search
from rooms.seat import Seats
from rooms.secret import digest, new_id, new_secret
from rooms.session import Sessions
from rooms.view import Views

TICKET_MS = 12 * 3_600_000
RESUME_MS = 30 * 24 * 3_600_000  # after its end a ticket opens nothing any more, but still says who came with it


@dataclass(frozen=True, slots=True)
class Joined:
    """What /join answers with."""

    participant: Participant
    admission: Admission
    openings: tuple[Opening, ...]
    ticket: str
    expires_at_ms: int
    device: str | None  # the secret of a device that is new


class Service:
    """The only changer of a room's state.

    Invariant: what changes in the database and the room event that tells it are one commit.
    """

    def __init__(
        self,
        database: Database,
        journal: Journal,
        registry: Registry,
        clock: Clock,
        *,
        reopen_s: float = 900,
        seat_hold_s: float = 30,
    ) -> None:
        self.seats = Seats(database, journal, registry, hold_s=seat_hold_s)
        self.people = People(database, clock)
        self.sessions = Sessions(database, clock)
        self.logins = Logins(journal)
        self.audit = Audit(database)
        self.invitations = Invitations(journal)
        self.agenda = Agenda(database, journal, self.seats, clock)
        self.search = Search(database, clock)
        self.chat = Chat(journal)
        self.moderation = Moderation(database, journal, self.seats)
        self.membership = Membership(database, journal, registry, self.seats, self.moderation)
        self.revocations = Revocations(database, clock, self.seats)
        self.lifecycle = Lifecycle(database, journal, registry, reopen_ms=int(reopen_s * 1000))
        self.practice = Practice(database, self.agenda, self.lifecycle)
        self.samples = Samples(database, journal)
        self.views = Views(journal, registry, self.seats, self.lifecycle)
        self._database = database
        self._journal = journal
        self._clock = clock

    async def join(
        self,
        interview_id: str,
        role: Role,
        *,
        name: str = "",
        member: Member | None = None,
        session_id: str | None = None,
        resume: str | None = None,
        device: str | None = None,
        browser: str = "",
    ) -> Joined:
        """A ticket and a seat, for a new participant or for the one that the asker is already.

        ``member`` is on whose authority it is asked, and ``session_id`` by which session of his; ``resume`` an earlier
        ticket of the same interview, which may have expired; ``device`` what an earlier answer gave to this browser,
        ``browser`` which one it is.
        Raises InterviewUnknown, InterviewFinished, Unauthenticated, ScopeMissing, TicketInvalid, Removed, RoleFixed.
        """
        if member is None and role in MEMBERS_ONLY:
            raise Unauthenticated("Interviewers and observers are members: sign in, or ask your admin to invite you.")
        # However many come at once, the candidate waits for none of them.
        async with self._journal.transaction(first=role is Role.CANDIDATE) as transaction:
            connection, now_ms = transaction.connection, transaction.now_ms
            interview = await store.interview(connection, interview_id)
            if interview is None or interview.status is Status.CANCELLED:
                raise InterviewUnknown("There is no such interview.")
            if member is not None and member.organisation_id != interview.organisation_id:
                raise InterviewUnknown("There is no such interview.")
            if interview.status is Status.FINISHED:
                raise InterviewFinished(interview.finished_by, interview.finished_at_ms)
            ticket = None if resume is None else await store.ticket(connection, digest(resume))
            if ticket is not None and ticket.participant.interview_id != interview_id:
                raise TicketInvalid("The earlier ticket is of another interview.")
            device_id = None if device is None else await device_of(connection, digest(device))
            if role not in MEMBERS_ONLY:
                session_id = None  # it takes none
            await check_member(connection, interview, role, member, session_id, now_ms)
            await check_device(connection, interview_id, role, ticket, device_id)
            participant = await store.participant_as(connection, interview_id, role, member.id if member else None)
            if resume is not None:
                # A member is known by himself: his ticket may have ended with a session before this one.
                is_own = ticket is not None and member is not None and ticket.participant.member_id == member.id
                if ticket is None or not (is_own or ticket.is_valid(now_ms - RESUME_MS)):
                    raise TicketInvalid("The earlier ticket is wrong, too old or was revoked.")
                resumed = ticket.participant
                device_id = device_id or ticket.device_id
                # A ticket of another member's, kept by the same browser, does not make this member that one.
                same = member is None or resumed.member_id in {None, member.id}
                if resumed.role is role and same:
                    participant = resumed
            if participant is None:
                participant = await self._add_participant(
                    transaction, interview, role, name, member, device_id=device_id
                )
            new_device = None
            if device_id is None:
                new_device = new_secret()
                device_id = await add_device(connection, digest(new_device), browser, now_ms)
            elif browser:
                await name_device(connection, device_id, browser)
            secret = new_secret()
            expires_at_ms = now_ms + TICKET_MS
            await connection.execute(
                delete(schema.tickets).where(
                    schema.tickets.c.participant_id == participant.id,
                    schema.tickets.c.expires_at_ms <= now_ms - RESUME_MS,
                    schema.tickets.c.revoked_at_ms.is_(None),  # by these it is known which devices were removed
                )
            )
            await connection.execute(
                insert(schema.tickets).values(
                    token_hash=digest(secret),
                    participant_id=participant.id,
                    issued_at_ms=now_ms,
                    expires_at_ms=expires_at_ms,
                    device_id=device_id,
                    session_id=session_id,
                )
            )
            admission = await self.seats.ask(transaction, interview, participant)
        is_muted = participant.muted_reason is not None
        openings = grants(role, admission.state, interview.phase, is_muted=is_muted)
        return Joined(participant, admission, openings, secret, expires_at_ms, new_device)

    async def authorise_socket(self, document_id: str, ticket: str) -> Grant:
        """Who has lost his seat is admitted afresh. Raises TicketInvalid, DocumentUnknown."""
        interview_id, part = split_document_id(document_id)
        ticket_id, decided = digest(ticket), self.moderation.decided
        async with self._database.reading() as connection:
            now_ms = self._clock.now_ms()
            found = await store.ticket(connection, ticket_id)
            if found is None or not found.is_valid(now_ms):
                raise TicketInvalid("The ticket is missing, wrong, expired or revoked.")
            participant = found.participant
            interview = await store.interview(connection, participant.interview_id)
            seat = await seating.of_participant(connection, participant.id, now_ms)
        if interview is None or interview.id != interview_id or interview.status is Status.CANCELLED:
            raise DocumentUnknown("This ticket opens no such document.")
        is_finished = interview.status is Status.FINISHED
        if is_finished:  # told so, and nothing else
            state, phase = State.SEATED, Phase.ACTIVE
        elif seat is not None:
            state, phase = seat.state, interview.phase
        else:
            state, phase = await self._ask_afresh(ticket_id), interview.phase
        openings = grants(participant.role, state, phase, is_muted=participant.muted_reason is not None)
        if not openings:
            raise TicketInvalid("There is no seat for this ticket.")
        opening = next((opening for opening in openings if opening.part is part), None)
        if opening is None:
            raise DocumentUnknown("This ticket opens no such document.")
        return Grant(
            interview_id=interview_id,
            document_id=document_id,
            participant_id=participant.id,
            role=participant.role,
            may_write=opening.may_write,
            user=participant.user(),
            finished=is_finished,
            entered=participant.entered_at_ms is not None,
            ticket_id=ticket_id,
            device_id=found.device_id,
            decided=decided,
        )

    async def _ask_afresh(self, ticket_id: str) -> State:
        """Nothing changes where there is no seat. Raises TicketInvalid."""
        async with self._journal.transaction() as transaction:
            ticket = await store.ticket(transaction.connection, ticket_id)
            if ticket is None or not ticket.is_valid(transaction.now_ms):
                raise TicketInvalid("The ticket is missing, wrong, expired or revoked.")
            interview = await store.interview(transaction.connection, ticket.participant.interview_id)
            if interview is None or interview.status not in {Status.PENDING, Status.ACTIVE}:
                raise TicketInvalid("The interview is over.")
            admission = await self.seats.ask(transaction, interview, ticket.participant)
            if admission.state in {State.WAITING, State.REFUSED}:
                raise TicketInvalid(admission.reason or "There is no seat for this ticket.")
            return admission.state

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
                subject = Subject.of(interview)
                now_ms, begun = transaction.now_ms, Action.INTERVIEW_BEGUN
                await note(connection, interview.organisation_id, now_ms, SYSTEM, begun, subject)
                await announce(transaction, interview)

    # Those inside

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

    async def check_ticket(self, interview_id: str, ticket: str) -> None:
        """Cheap, as it is asked again and again for everybody who listens. Raises TicketInvalid."""
        async with self._database.reading() as connection:
            if await store.opened_by(connection, digest(ticket), self._clock.now_ms()) != interview_id:
                raise TicketInvalid("The ticket is missing, wrong, expired or revoked.")

    async def participants(self, interview_id: str) -> list[Participant]:
        """In order of joining."""
        async with self._database.reading() as connection:
            return await store.participants_of(connection, interview_id)

    async def leave(self, interview_id: str, ticket: str, *, is_done: bool = False) -> None:
        """The participant goes, until the ticket is used again; of the candidate only this ticket's connections do,
        where there are others. Raises TicketInvalid, InterviewUnknown.
        """
        participant = await self.participant_of(interview_id, ticket)
        ticket_id = digest(ticket)
        async with self._journal.transaction() as transaction:
            interview = await store.interview(transaction.connection, interview_id)
            seat = await seating.of_participant(transaction.connection, participant.id)
            if interview is None or seat is None or interview.status not in {Status.PENDING, Status.ACTIVE}:
                return
            left = {"id": participant.id, "done": is_done}
            used = self.seats.tickets(participant.id)
            stays = participant.role is Role.CANDIDATE and not used <= {ticket_id}
            if not stays:
                await transaction.append(interview_id, "participant.left", left, participant.id)
                await self.seats.give_up(transaction, interview, participant, CloseCode.TICKET, "left")
            elif ticket_id in used:
                await transaction.append(interview_id, "participant.left", left, participant.id)
                await self.seats.hang_up(
                    transaction, interview, participant, CloseCode.TICKET, "left", ticket_id=ticket_id
                )

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
        if principal.may(Right.READ_ALL_NOTES):
            return True
        async with self._database.reading() as connection:
            return await store.is_interviewer(connection, interview, principal.id, principal.email)

    async def _add_participant(
        self,
        transaction: Transaction,
        interview: Interview,
        role: Role,
        name: str,
        member: Member | None,
        *,
        device_id: str | None,
    ) -> Participant:
        if member is not None and role in MEMBERS_ONLY:
            name = member.name
        elif role is Role.CANDIDATE:
            if name and interview.candidate_name is None:
                named = replace(interview, candidate_name=name)
                await store.set_interview(transaction.connection, interview.id, planned_row(named))
                await announce(transaction, named)
            name = name or interview.candidate_name or "Candidate"
        muted_reason = None  # whoever was muted is not heard again in another role, or as another guest
        if member is not None and role is not Role.CANDIDATE:
            was = await store.participants_of(transaction.connection, interview.id, member.id)
            muted_reason = next((each.muted_reason for each in was if each.muted_reason is not None), None)
        if role is Role.GUEST and muted_reason is None and device_id is not None:
            muted_reason = await mute_reason(transaction.connection, interview.id, device_id)
        participant = Participant(
            id=new_id(),
            interview_id=interview.id,
            role=role,
            name=name or "Guest",
            joined_as=await store.count_participants(transaction.connection, interview.id),
            member_id=None if member is None or role is Role.CANDIDATE else member.id,
            joined_at_ms=transaction.now_ms,
            entered_at_ms=None,
            muted_reason=muted_reason,
        )
        await store.add_participant(transaction.connection, participant)
        event = {"participant": participant.shown() | {"muted": muted_reason is not None}}
        await transaction.append(interview.id, "participant.joined", event, participant.id)
        return participant

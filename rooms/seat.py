"""Seats: who is in a room, who waits to be, and who of them is connected."""

from collections import Counter
from collections.abc import AsyncGenerator, Collection, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from operator import attrgetter

import anyio
import structlog
from sqlalchemy.exc import SQLAlchemyError

from collab.database import Database
from collab.journal import Journal, Transaction
from collab.registry import Registry
from collab.wire import CloseCode
from rooms import seating, store
from rooms.arrival import Arrivals, Close
from rooms.audience import DEVICES, told_admission
from rooms.device import devices_of
from rooms.grant import Grant
from rooms.interview import Interview
from rooms.participant import Participant
from rooms.pen import Pens
from rooms.policy import Admission, Phase, Seat, State, admissions, grants

_RETRY_S = 1.0
_OVER = frozenset({Phase.FINISHED, Phase.CANCELLED})

Here = tuple[frozenset[str] | None, frozenset[str]]
"""The devices that a participant is connected with, None without a connection, and those that only listen too."""

_AWAY: Here = (None, frozenset())

_log = structlog.get_logger("seats")


class Seats:
    """Invariants: whatever happens, everybody has what ``admissions`` gives to those who have asked and not lapsed, in
    the order of asking; every change of it is an event in its commit, and reaches the open connections in the same
    breath.
    """

    def __init__(self, database: Database, journal: Journal, registry: Registry, *, hold_s: float = 30) -> None:
        """``hold_s``: for how long a seat is kept for somebody who is not connected."""
        self._database = database
        self._journal = journal
        self._registry = registry
        self.pens = Pens(registry)
        self._hold_s = hold_s
        self._connections: dict[str, dict[Grant, Close]] = {}  # open ones by participant
        self._listening: dict[str, Counter[str | None]] = {}  # streams of events by participant and device
        self._told: dict[str, Here] = {}
        self._overdue: set[tuple[str, str]] = set()  # interviews and participants who may not hold a seat any more
        self._woken = anyio.Event()
        self._has_begun = False
        self._arrivals = Arrivals(self._record)

    # Seats

    async def ask(
        self,
        transaction: Transaction,
        interview: Interview,
        participant: Participant,
        *,
        by: dict[str, str] | None = None,
    ) -> Admission:
        """The participant's seat in this role, held anew; one at the end of the queue where there is none."""
        return (await self._settle(transaction, interview, asking=[participant], by=by))[participant.id]

    async def move(
        self, transaction: Transaction, interview: Interview, participant: Participant, by: dict[str, str]
    ) -> None:
        """The participant has got another role: a seat is asked for anew, where there was one."""
        if await seating.of_participant(transaction.connection, participant.id):
            await self.ask(transaction, interview, participant, by=by)

    async def give_up(
        self,
        transaction: Transaction,
        interview: Interview,
        participant: Participant,
        code: CloseCode,
        reason: str,
        *,
        by: dict[str, str] | None = None,
    ) -> None:
        """The participant goes: all connections close, and the seat is passed on."""
        await self.hang_up(transaction, interview, participant, code, reason)
        await self._settle(transaction, interview, leaving=participant, by=by)

    async def settle(self, transaction: Transaction, interview: Interview, by: dict[str, str] | None = None) -> None:
        """Give everybody the admission that is due, in the interview as it is now; ``by`` whose doing it is."""
        await self._settle(transaction, interview, by=by)

    async def _settle(
        self,
        transaction: Transaction,
        interview: Interview,
        *,
        asking: Collection[Participant] = (),
        leaving: Participant | None = None,
        by: dict[str, str] | None = None,
    ) -> dict[str, Admission]:
        connection, now_ms = transaction.connection, transaction.now_ms
        if interview.phase in _OVER:
            await seating.keep(connection, interview.id)
            return {}
        before = {seat.participant_id: seat for seat in await seating.of_interview(connection, interview.id)}
        queue = {who: seat for who, seat in before.items() if self.is_live(seat, now_ms)}
        if leaving is not None:
            queue.pop(leaving.id, None)
        number = max((seat.number for seat in before.values()), default=0)
        for each in asking:
            own = queue.get(each.id)
            if own is None or own.role is not each.role:
                number += 1
                own = Seat(each.id, interview.id, each.role, State.WAITING, number, None)
            queue[each.id] = replace(own, until_ms=None)
        in_order = sorted(queue.values(), key=attrgetter("number"))
        given = admissions(in_order, interview.limits, is_open=interview.phase is not Phase.LOBBY)
        after = {
            seat.participant_id: replace(seat, state=state, until_ms=self._until_ms(seat, state, now_ms))
            for seat in in_order
            if (state := given[seat.participant_id].state) is not State.REFUSED
        }
        await seating.put(connection, before, after)
        known = {each.id: each for each in asking}
        for who in [*(who for who in before if who not in given), *given]:
            old, new = before.get(who), after.get(who)
            is_same = old is not None and new is not None and (old.number, old.state) == (new.number, new.state)
            if not is_same:
                event = told_admission(who, given.get(who), new) | ({"by": by} if by else {})
                await transaction.append(interview.id, "admission.changed", event)
            participant = known.get(who) or (None if is_same else await store.participant(connection, who))
            if participant is not None:
                self.fit(transaction, interview, participant, new)
        return given

    def fit(self, transaction: Transaction, interview: Interview, participant: Participant, seat: Seat | None) -> None:
        """On commit, let the open connections do what the participant may do in this seat, and close the others."""
        state = None if seat is None else seat.state
        is_muted = participant.muted_reason is not None
        openings = grants(participant.role, state, interview.phase, is_muted=is_muted)
        may_write = {opening.part.document_id(interview.id): opening.may_write for opening in openings}

        def fit() -> None:
            for live in self._registry.opened(interview.id):
                live.identify(participant.id, participant.user())
            self.pens.give(interview.id, participant.id, may_write)

        transaction.on_commit.append(fit)

    def is_live(self, seat: Seat, now_ms: int) -> bool:
        """Whether a seat counts."""
        return seat.is_live(now_ms) or self._is_held(seat.participant_id, seat.state)

    def _is_held(self, participant_id: str, state: State) -> bool:
        """By an open connection; for who waits, by listening to the events."""
        return participant_id in self._connections or (state is State.WAITING and participant_id in self._listening)

    def _until_ms(self, seat: Seat, state: State, now_ms: int) -> int | None:
        if self._is_held(seat.participant_id, state):
            return None
        if seat.until_ms is None or state is not seat.state:
            return now_ms + int(self._hold_s * 1000)
        return seat.until_ms

    # Connections

    @property
    def present(self) -> int:
        """How many participants have an open connection."""
        return len(self._connections)

    def is_connected(self, participant_id: str) -> bool:
        return participant_id in self._connections

    def devices(self, participant_id: str) -> frozenset[str]:
        """Those that the participant is connected or listens with."""
        return self._here(participant_id, self._connections.get(participant_id, ()))[1]

    def _here(self, participant_id: str, connections: Collection[Grant]) -> Here:
        connected = frozenset(grant.device_id for grant in connections if grant.device_id is not None)
        listening = {device for device in self._listening.get(participant_id, ()) if device is not None}
        return connected if connections else None, connected | listening

    def tickets(self, participant_id: str) -> set[str]:
        return {grant.ticket_id for grant in self._connections.get(participant_id, ())}

    def close(self, ticket_ids: Collection[str], code: CloseCode, reason: str) -> None:
        connections = [each for own in self._connections.values() for each in own.items()]
        for close in [close for grant, close in connections if grant.ticket_id in ticket_ids]:
            close(code, reason)

    async def connected(self, grant: Grant, close: Close) -> None:
        """One more open connection of this participant, whose seat is held. What may have changed since it was granted
        is made sure of; ``close`` ends it. A connection lives also while commits fail.
        """
        self._connections.setdefault(grant.participant_id, {})[grant] = close
        try:
            await self._arrivals.add(grant, close)
        except SQLAlchemyError as error:
            self._look_after(grant.interview_id, grant.participant_id)
            _log.warning("connection was not recorded", participant=grant.participant_id, reason=str(error))

    async def _record(self, interview_id: str, arrived: dict[Grant, Close]) -> None:
        """That these connections are open."""
        async with self._journal.transaction() as transaction:
            connection = transaction.connection
            interview = await store.interview(connection, interview_id)
            if interview is None or interview.phase in _OVER:
                return
            here: dict[str, Participant] = {}
            for grant, close in arrived.items():
                ticket = await store.ticket(connection, grant.ticket_id)
                if ticket is None or not ticket.is_valid(transaction.now_ms):
                    self._forget(grant)
                    close(CloseCode.TICKET, "the ticket was revoked")
                elif grant in self._connections.get(grant.participant_id, {}):
                    here[grant.participant_id] = ticket.participant
            for participant_id in here:
                await self._tell(transaction, interview_id, participant_id)
            await self._settle(transaction, interview, asking=here.values())

    async def disconnected(self, grant: Grant) -> None:
        """One less: after the last one the seat is kept for a while."""
        if not self._forget(grant) or self._registry.is_draining:  # the next process settles it
            return
        try:
            await self._settle_alone(grant.interview_id, [grant.participant_id])
        except SQLAlchemyError as error:
            self._look_after(grant.interview_id, grant.participant_id)
            _log.warning("disconnection was not recorded", participant=grant.participant_id, reason=str(error))

    async def hang_up(
        self,
        transaction: Transaction,
        interview: Interview,
        participant: Participant,
        code: CloseCode,
        reason: str,
        *,
        ticket_id: str | None = None,
        device_id: str | None = None,
    ) -> None:
        """On commit, close the participant's connections, or those of one ticket or one device."""
        closing = {
            grant
            for grant in self._connections.get(participant.id, ())
            if ticket_id in {None, grant.ticket_id} and device_id in {None, grant.device_id}
        }
        await self._tell(transaction, interview.id, participant.id, without=closing)

        def hang_up() -> None:
            for grant in closing:
                close = self._forget(grant)
                if close is not None:
                    close(code, reason)
            self._look_after(interview.id, participant.id)

        transaction.on_commit.append(hang_up)

    @contextmanager
    def listening(self, interview_id: str, participant_id: str | None, device_id: str | None = None) -> Generator[None]:
        """A participant, if it is one, reads the events during the block: who waits keeps his place by it."""
        if participant_id is None:
            yield
            return
        own = self._listening.setdefault(participant_id, Counter())
        own[device_id] += 1
        if self._told.get(participant_id, _AWAY)[1] != self.devices(participant_id):
            self._look_after(interview_id, participant_id)
        try:
            yield
        finally:
            own[device_id] -= 1
            if not own[device_id]:
                del own[device_id]
                if not own:
                    del self._listening[participant_id]
                self._look_after(interview_id, participant_id)

    async def _tell(
        self, transaction: Transaction, interview_id: str, participant_id: str, *, without: Collection[Grant] = ()
    ) -> None:
        """Record how the participant is connected now, where the record says otherwise; who only listens is told of,
        and not recorded.
        """
        staying = self._connections.get(participant_id, {}).keys() - set(without)
        was, now = self._told.get(participant_id, _AWAY), self._here(participant_id, staying)
        if now == was:
            return
        usable = (await devices_of(transaction.connection, interview_id, participant_id)).get(participant_id, [])
        event = {"id": participant_id, "devices": [device for device in usable if device["id"] in now[1]]}
        if now[0] == was[0]:
            await transaction.mention(interview_id, DEVICES, event)
        elif now[0] is None:
            gone = event if event["devices"] else {"id": participant_id}
            await transaction.append(interview_id, "participant.disconnected", gone, participant_id)
        else:
            kind = "participant.connected" if was[0] is None else DEVICES
            await transaction.append(interview_id, kind, event, participant_id)

        def told() -> None:
            if now == _AWAY:
                self._told.pop(participant_id, None)
            else:
                self._told[participant_id] = now
            if now[1] != self.devices(participant_id):  # since
                self._look_after(interview_id, participant_id)

        transaction.on_commit.append(told)

    def _forget(self, grant: Grant) -> Close | None:
        self._arrivals.discard(grant)
        connections = self._connections.get(grant.participant_id, {})
        close = connections.pop(grant, None)
        if not connections:
            self._connections.pop(grant.participant_id, None)
        return close

    # Time

    def _look_after(self, interview_id: str, participant_id: str) -> None:
        """Soon: whether the participant still holds a seat."""
        self._overdue.add((interview_id, participant_id))
        self._woken.set()

    async def run(self) -> None:
        """Free what lapses and pass it on, for ever."""
        while True:
            with anyio.move_on_after(await self._pass_on()):
                await self._woken.wait()

    async def _pass_on(self) -> float:
        """Seconds until the next time."""
        wait_s = self._hold_s
        self._woken = anyio.Event()
        try:
            if not self._has_begun:
                await self._begin()
                self._has_begun = True
            next_ms = await self.sweep()
            if next_ms is not None:  # what is asked for from now on is kept for longer than this sleeps
                wait_s = min(wait_s, max(0, next_ms - self._journal.clock.now_ms()) / 1000)
        except Exception as error:  # noqa: BLE001 - whatever it is, the next attempt may go through
            if not isinstance(error, SQLAlchemyError):  # the journal says it of the disk, once
                _log.exception("seats were not passed on")
            wait_s, self._woken = _RETRY_S, anyio.Event()
        return wait_s

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """``run`` for as long as the block lasts; what the process before this one left is settled before it."""
        await self._pass_on()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.run)
            yield
            tasks.cancel_scope.cancel()

    async def _begin(self) -> None:
        """Connections of the process before this one: gone, and their seats kept; who waits may have had none."""
        async with self._database.writing() as connection:
            held = await seating.left_behind(connection, self._journal.clock.now_ms() + int(self._hold_s * 1000))
        for seat in held:
            if seat.state is not State.WAITING:
                self._told.setdefault(seat.participant_id, (frozenset(), frozenset()))
            self._overdue.add((seat.interview_id, seat.participant_id))

    async def sweep(self) -> int | None:
        """Free what has lapsed and pass it on; when the next one does."""
        async with self._database.reading() as connection:
            lapsed = await seating.lapsed(connection, self._journal.clock.now_ms())
        due: dict[str, set[str]] = {interview_id: set() for interview_id in lapsed}
        overdue, self._overdue = self._overdue, set()
        try:
            for interview_id, participant_id in overdue:
                due.setdefault(interview_id, set()).add(participant_id)
            for interview_id, participants in due.items():
                await self._settle_alone(interview_id, participants)
        except BaseException:
            self._overdue |= overdue
            raise
        async with self._database.reading() as connection:
            return await seating.next_end_ms(connection)

    async def _settle_alone(self, interview_id: str, participants: Collection[str]) -> None:
        if self._registry.is_draining:  # everybody goes at once; the next process begins with it
            return
        async with self._journal.transaction() as transaction:
            if (interview := await store.interview(transaction.connection, interview_id)) is None:
                return
            for participant_id in participants:
                if interview.phase in _OVER:  # its end is the last line of its log, and says that everybody has gone
                    self._told.pop(participant_id, None)
                else:
                    await self._tell(transaction, interview_id, participant_id)
            await self.settle(transaction, interview)

"""A document that people are connected to: the path of a keystroke, top to bottom, is ``accept``."""

import asyncio
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from functools import partial
from math import inf

import structlog

from collab.authorship import Authorship
from collab.company import Company
from collab.document import Document
from collab.errors import Damage, DocumentBroken, EntryDamaged, Invalid, Refused
from collab.frame import Received, read
from collab.gate import Gate, Limits, Verdict
from collab.journal import Journal
from collab.log import AUTHOR, SELECTION, UPDATE, Entry, Log
from collab.note import NO_NOTE, Note
from collab.peer import DENIED, Peer, Standing
from collab.presence import GONE, Presence
from collab.quarantine import Quarantine
from collab.selection import Selections
from collab.update import STRING, encode_state_vector, parse
from collab.update import Update as ParsedUpdate
from collab.wire import (
    Awareness,
    CloseCode,
    Malformed,
    QueryAwareness,
    SyncStep1,
    SyncStep2,
    TooLarge,
    Update,
    encode_acknowledgement,
    encode_denial,
    encode_step_1,
    encode_step_2,
    encode_update,
)

_MAX_RESYNCS = 3

REBUILT = -1
"""A ticket: the document has been rebuilt."""

_log = structlog.get_logger("live")


class LiveDocument:
    """Invariants: what is relayed is merged and queued first, in one step without an await; what is queued is committed
    in that order; every connected peer is offered every accepted update that it did not bring itself.
    """

    def __init__(
        self,
        log: Log,
        document_id: str,
        journal: Journal,
        limits: Limits,
        *,
        boot: str = "",
        note: Note = NO_NOTE,
        quarantine: Quarantine | None = None,
    ) -> None:
        """``boot`` names this run of the process."""
        self.log = log
        self.id = document_id
        self.idle_since: float | None = None
        self.is_finished = False  # every update is refused
        self.is_held = False  # every update is set aside: the document may be about to be finished
        self.damage: Damage | None = None  # only what is before it is here, and nothing is written any more
        self.is_discarded = False  # broken, or evicted: nothing may touch it any more
        self.rebuilding: asyncio.Task[None] | None = None  # broken: every frame waits
        self.rebuilt_at_s = -inf
        self._journal, self._quarantine = journal, quarantine
        self._limits, self._boot, self._note = limits, boot, note
        self.reset()
        self._presence = Presence(
            lambda name: self._gate.is_root(name),  # noqa: PLW0108 - of the gate of then
            lambda: log.time_ms(journal.clock.now_ms()),
        )
        self._company = Company(self._presence)
        self.peers = self._company.peers
        self.selections = Selections(journal.clock, self.record_selections)
        self._unacknowledged: set[Peer] = set()
        self._is_behind = False  # frames were set aside while updates were held

    def reset(self) -> None:
        """Begin with nothing, which is to be restored; the peers stay."""
        self._document = Document(self.id, self._note)
        self._gate = Gate(self._limits)
        self._authorship = Authorship(self._boot, self._limits)

    def restore(self, entry: Entry) -> None:
        """Take in an entry from the journal. Raises EntryDamaged or DocumentBroken."""
        try:
            if entry.kind == AUTHOR:
                self._authorship.restore(entry)
            if entry.kind != UPDATE:
                return
            update = parse(entry.payload)
            unseen = partial(self._document.unseen, entry=entry.entry)
            news, payload = self._gate.news(update, entry.payload, unseen)
            self._gate.restore(news, len(payload), entry.delivered_by)
        except (Malformed, Invalid, TooLarge, ValueError, LookupError, TypeError) as error:
            raise EntryDamaged(Damage(entry.entry, str(error) or type(error).__name__)) from error
        self._authorship.brought(news.structs, entry.delivered_by)
        self._apply(news, payload, entry.delivered_by, entry.entry)

    @contextmanager
    def joined(self, peer: Peer) -> Generator[None]:
        """Connected for the length of the block; what is left behind is cleared after it, however it ends."""
        self._company.add(peer)
        self.idle_since = None
        try:
            if self.is_discarded:
                peer.close(CloseCode.RESTART, "the document is being restored")
            else:
                self._ask(peer)
            yield
        finally:
            self._unacknowledged.discard(peer)
            self._company.discard(peer)
            self.selections.hurry()

    def accept(self, peer: Peer, frame: bytes, received: Received | None = None) -> int | None:
        """One frame of a peer, which may have been ``read`` already.

        A number is a ticket: the frame has to be given again when that is ``reached``, and no other frame of this peer
        before it. Raises Refused (the peer must be closed) or DocumentBroken (the document must be rebuilt; where it
        names a poison, the peer must be closed too).
        """
        if self.is_discarded:
            raise Refused(CloseCode.RESTART, "the document is being restored")
        if self.rebuilding is not None:
            return REBUILT
        if received is None:
            peer.spend(len(frame))
            received = read(frame)
        message, parsed = received
        try:
            match message:
                case Update(update):
                    return self._write(peer, parsed, update, frame)
                case SyncStep2(update):
                    peer.is_asked = False
                    return self._write(peer, parsed, update, None)
                case SyncStep1(state_vector):
                    peer.offer(encode_step_2(self._document.diff(state_vector)))
                    if not peer.entered:
                        peer.entered = True
                        peer.offer(self._presence.everybody_else(peer))
                case Awareness() as awareness:
                    return self._announce(peer, awareness)
                case QueryAwareness():
                    peer.offer(self._presence.everybody_else(peer))
        except (Malformed, Invalid) as error:
            raise Refused(CloseCode.INVALID, str(error)) from None
        except TooLarge as error:
            raise Refused(CloseCode.LIMIT, str(error)) from None
        return None

    def _write(self, peer: Peer, parsed: ParsedUpdate, update: bytes, frame: bytes | None) -> int | None:
        """The decision table: what an update would do, by what its bringer may do. ``frame`` is None for a step 2."""
        document, participant = self._document, peer.participant_id
        if self._quarantine is not None and self._quarantine.holds(self.id, update):
            raise Refused(CloseCode.INVALID, "an update that has broken this document")
        if self.damage is not None and not self.is_finished and not self._gate.knows(parsed):
            self._deny(peer, "this document is damaged and can only be read")
            return None  # unjudged: honest people may have much that is not here
        news, data = self._gate.news(parsed, update, lambda data, clocks: document.unseen(data, clocks, participant))
        standing = self._standing(peer)
        match self._judge(peer, news, data, standing, is_step_2=frame is None), standing:
            case Verdict.NEW, Standing.WRITER:
                ticket = self._take(peer, news, data, frame if data is update else None)
                if frame is not None and self._authorship.may_have_lost:
                    self._has_shown_all(peer, {struct.client for struct in news.structs})
                self._in_step(peer, frame, ticket)
            case Verdict.KNOWN, _:
                self._in_step(peer, frame, self._journal.queued)
            case _, Standing.FINISHED:
                raise Refused(CloseCode.FINISHED, "the interview is finished")
            case _, Standing.READER:
                self._deny(peer, "you may read this document, but not write in it")
            case Verdict.FOREIGN, _:
                raise Refused(CloseCode.INVALID, "changes in somebody else's name")
            case _, Standing.HELD:
                peer.put_aside(data, len(news.structs) + len(news.deletes))
                self._is_behind = True
            case Verdict.UNBOUND, Standing.WRITER:
                return self._bind(peer, news.ends())
            case Verdict.GAP, Standing.WRITER if frame is None:  # all that the peer has: asking again helps only later
                return self._take_what_fits(peer, news, data)
            case Verdict.GAP, Standing.WRITER:
                peer.put_aside(data, len(news.structs) + len(news.deletes))
                if not peer.is_asked:
                    self._resync(peer)
        return None

    def _deny(self, peer: Peer, reason: str) -> None:
        peer.await_ticket(DENIED)
        peer.offer(encode_denial(reason))

    def _judge(self, peer: Peer, news: ParsedUpdate, data: bytes, standing: Standing, *, is_step_2: bool) -> Verdict:
        """Only what is new, or tangled, and may be written stays judged in the gate."""
        verdict = judged = self._gate.judge(news, data, peer.participant_id, leaves_half=peer.leaves_half)
        if verdict is Verdict.KNOWN:
            return verdict
        is_kept = False
        try:
            if standing in {Standing.WRITER, Standing.HELD}:
                hindrance = self._authorship.judge(
                    news.structs,
                    peer.participant_id,
                    self._gate.clocks,
                    durable=self._journal.durable,
                    is_step_2=is_step_2,
                )
                verdict = hindrance or verdict
            is_kept = standing is Standing.WRITER and verdict is judged
        finally:
            if not is_kept:
                self._gate.dismiss()
        return verdict

    def _take(self, peer: Peer, news: ParsedUpdate, data: bytes, frame: bytes | None) -> int:
        """Merge, record and relay what is judged to be new, as this ``frame`` if there is one; its ticket."""
        self._gate.admit()
        self._apply(news, data, peer.participant_id)
        ticket = self._journal.append(self.log, self.id, peer.participant_id, data)
        self._company.relay(frame or encode_update(data), data, peer)
        self._authorship.brought(news.structs, peer.participant_id)
        self.selections.wrote(peer.participant_id)
        return ticket

    def _take_what_fits(self, peer: Peer, news: ParsedUpdate, data: bytes) -> int | None:
        """Of a step 2 that waits for what others have. The rest is asked for again while the peer is here."""
        update, part = self._gate.fitting(news, data)
        match self._judge(peer, update, part, Standing.WRITER, is_step_2=True):
            case Verdict.NEW:
                self._take(peer, update, part, None)
            case Verdict.UNBOUND:
                return self._bind(peer, update.ends())
        peer.put_aside(data, len(news.structs) + len(news.deletes))
        return None

    async def reached(self, ticket: int) -> None:
        """Return when a frame that ``accept`` has given this ticket for can be given again."""
        if ticket >= 0:
            await self._journal.reached(ticket)
            return
        if self.rebuilding is not None:
            await asyncio.wait([self.rebuilding])

    def _standing(self, peer: Peer) -> Standing:
        if self.is_finished:
            return Standing.FINISHED
        if not peer.may_write:
            return Standing.READER
        return Standing.HELD if self.is_held or self._journal.is_full else Standing.WRITER

    def _apply(self, news: ParsedUpdate, update: bytes, participant: str, entry: int = 0) -> None:
        """Merge what the gate has taken in."""
        if all(struct.content == STRING for struct in news.structs):
            self._document.merge(update, participant, entry)
            return
        try:
            deletes = parse(self._document.merge_value(update, participant, entry)).deletes
        except (Malformed, TooLarge) as error:
            raise DocumentBroken from error
        self._gate.delete(deletes)

    def _bind(self, peer: Peer, ends: dict[int, int]) -> int:
        """Bind Yjs client ids to a participant, each as far as a clock; the ticket at which all are on disk."""
        tickets = [self._journal.durable]
        for client, end in ends.items():
            if self._authorship.bind(client, peer.participant_id, end, self._journal.queued + 1):
                self._record_binding(client, peer)
            tickets.append(self._authorship.pending(client, self._journal.durable) or 0)
        return max(tickets)

    def _record_binding(self, client: int, peer: Peer) -> None:
        self._journal.append(self.log, self.id, peer.participant_id, self._authorship.binding(client), AUTHOR)

    def _announce(self, peer: Peer, awareness: Awareness) -> int | None:
        """The peer's own presence; its Yjs client id is bound before anybody hears of it."""

        def may_claim(client: int) -> bool:
            return self._authorship.owner(client) in {None, peer.participant_id}

        entry = self._presence.own_entry(peer, awareness, may_claim)
        if entry is not None and entry.state != GONE and self.damage is None:
            if self._authorship.owner(entry.client_id) is None and self._journal.is_full:
                return None
            ticket = self._bind(peer, {entry.client_id: self._gate.clocks.get(entry.client_id, 0)})
            if ticket > self._journal.durable:
                return ticket
            if not peer.is_asked and not peer.set_aside:
                self._has_shown_all(peer, {entry.client_id})
        before, shown = self._presence.cursor(peer), self._presence.shown(peer)
        frame = self._presence.announce(peer, awareness, may_claim)
        if self._presence.shown(peer) != shown:  # who only says again what he has said is renewed by ``keep_alive``
            self._company.show(peer, frame)
        cursor = self._presence.cursor(peer)
        if cursor is not None and cursor != before and peer.may_write:
            self.selections.heard(peer.participant_id, cursor)
        return None

    def record_selections(self) -> None:
        """Record those that wait, as they are in the text now; while nothing may be recorded they wait on."""
        if self.is_finished or self.is_discarded or self.damage is not None:
            self.selections.forget()
        elif not self.is_held and self.rebuilding is None and not self._journal.is_full:
            for participant, selection in self.selections.take(self._gate):
                self._journal.append(self.log, self.id, participant, selection, SELECTION)

    def _in_step(self, peer: Peer, frame: bytes | None, ticket: int) -> None:
        """The content of the peer's frame is in the document, durable when the journal has reached ``ticket``."""
        peer.entered = True
        peer.await_ticket(ticket)
        if frame is None:
            if all(self._gate.knows(parse(update)) for update in peer.set_aside):
                peer.recover(ticket)
                self._has_shown_all(peer, {peer.client_id})
            else:
                self._resync(peer)
        if peer.acknowledges:
            self._unacknowledged.add(peer)
            if ticket <= self._journal.durable:
                self.acknowledge()

    def _has_shown_all(self, peer: Peer, clients: Iterable[int | None]) -> None:
        for client in clients if self.damage is None else ():
            if client is not None and self._authorship.in_step(client, peer.participant_id):
                self._record_binding(client, peer)

    def _resync(self, peer: Peer) -> None:
        if peer.resyncs == _MAX_RESYNCS:
            raise Refused(CloseCode.OUT_OF_STEP, "updates keep missing what they build on")
        peer.resyncs += 1
        self._ask(peer)

    def _ask(self, peer: Peer) -> None:
        peer.is_asked = True
        peer.offer(encode_step_1(encode_state_vector(self._gate.clocks)))

    def acknowledge(self) -> None:
        """After a commit: tell the peers that asked for it, and go on with what was held."""
        for peer in list(self._unacknowledged):
            count = peer.acknowledge(self._journal.durable)
            if count is not None:
                peer.offer(encode_acknowledgement(count))
            if not peer.awaited:
                self._unacknowledged.discard(peer)
        self.catch_up()

    def catch_up(self) -> None:
        """Ask every writer again, when updates were held and are not any more."""
        if self._is_behind and not self.is_held and not self._journal.is_full:
            self._is_behind = False
            for peer in self.peers:
                if peer.may_write:
                    self._ask(peer)

    def keep_alive(self) -> None:
        """Renew everybody's presence; send something to every peer that was sent nothing since the last call."""
        for peer in self.peers:
            if peer.set_aside and not peer.is_asked:
                self._ask(peer)
        self._company.keep_alive()

    def texts(self) -> dict[str, str]:
        """Root name -> text; ``source`` is always there."""
        return self._document.texts()

    def set_may_write(self, participant_id: str, *, may_write: bool) -> None:
        """For one participant's connections; a new writer is asked for what he has."""
        for peer in self.peers:
            if peer.participant_id == participant_id and peer.may_write is not may_write:
                self._company.allow(peer, may_write=may_write)
                if may_write:
                    self._ask(peer)
                else:
                    self.record_selections()

    def identify(self, participant_id: str, user: dict[str, str]) -> None:
        """One participant is shown like this from now on."""
        self._company.identify(participant_id, user)

    def close_peers(self, code: CloseCode, reason: str, participant_id: str | None = None) -> None:
        """Close everybody, or one participant's connections."""
        self._company.close(code, reason, participant_id)

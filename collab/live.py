"""A document that people are connected to: the path of a keystroke, top to bottom, is ``accept``."""

from collections.abc import Generator
from contextlib import contextmanager
from enum import Enum, auto

from collab.document import Document
from collab.errors import DocumentBroken, Refused
from collab.gate import Gate, Invalid, Limits, Verdict
from collab.journal import Journal, Log
from collab.peer import DENIED, Peer
from collab.presence import NOBODY, Presence
from collab.update import STRING, parse
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
    decode,
    decode_state_vector,
    encode_acknowledgement,
    encode_denial,
    encode_step_1,
    encode_step_2,
    encode_update,
)

_MAX_RESYNCS = 3


class Standing(Enum):
    """What holds for a peer's updates now."""

    WRITER = auto()
    READER = auto()
    HELD = auto()  # the journal's queue is full because commits are failing, or the end is being committed
    FINISHED = auto()


class LiveDocument:
    """Invariants: what is relayed is merged and queued first, in one step without an await; what is queued is committed
    in that order; every connected peer is offered every accepted update that it did not bring itself.
    """

    def __init__(self, log: Log, document_id: str, journal: Journal, limits: Limits) -> None:
        self.log = log
        self.id = document_id
        self.peers: set[Peer] = set()
        self.idle_since: float | None = None
        self.is_finished = False  # every update is refused
        self.is_held = False  # every update is set aside: the document may be about to be finished
        self.is_discarded = False  # broken: nothing may touch it any more
        self._journal = journal
        self._document = Document()
        self._gate = Gate(limits)
        self._presence = Presence()
        self._unacknowledged: set[Peer] = set()
        self._is_behind = False  # frames were set aside while updates were held

    def restore(self, update: bytes) -> None:
        """Take in an update from the journal. Raises DocumentBroken."""
        self._merge(parse(update), update)

    @contextmanager
    def joined(self, peer: Peer) -> Generator[None]:
        """Connected for the length of the block; what is left behind is cleared after it, however it ends."""
        self.peers.add(peer)
        self.idle_since = None
        try:
            if self.is_discarded:
                peer.close(CloseCode.RESTART, "the document is being restored")
            else:
                self._ask(peer)
            yield
        finally:
            self.peers.discard(peer)
            self._unacknowledged.discard(peer)
            self._relay(self._presence.leave(peer), peer)

    def accept(self, peer: Peer, frame: bytes) -> None:
        """One frame of a peer. Raises Refused (the peer must be closed) or DocumentBroken (all must, and reload)."""
        if self.is_discarded:
            raise Refused(CloseCode.RESTART, "the document is being restored")
        peer.spend(len(frame))
        try:
            match decode(frame):
                case Update(update):
                    self._write(peer, update, frame)
                case SyncStep2(update):
                    peer.is_asked = False
                    self._write(peer, update, None)
                case SyncStep1(state_vector):
                    decode_state_vector(state_vector)
                    peer.offer(encode_step_2(self._document.diff(state_vector)))
                    if not peer.entered:
                        peer.entered = True
                        peer.offer(self._presence.everybody_else(peer))
                case Awareness() as awareness:
                    self._relay(self._presence.announce(peer, awareness), peer)
                case QueryAwareness():
                    peer.offer(self._presence.everybody_else(peer))
        except (Malformed, Invalid) as error:
            raise Refused(CloseCode.INVALID, str(error)) from None
        except TooLarge as error:
            raise Refused(CloseCode.LIMIT, str(error)) from None

    def _write(self, peer: Peer, update: bytes, frame: bytes | None) -> None:
        """The decision table: what an update would do, by what its bringer may do. ``frame`` is None for a step 2."""
        parsed = parse(update)
        match self._gate.judge(parsed, len(update)), self._standing(peer):
            case Verdict.NEW, Standing.WRITER:
                self._merge(parsed, update)
                ticket = self._journal.append(self.log, self.id, peer.participant_id, update)
                self._relay(frame or encode_update(update), peer)
                self._in_step(peer, frame, ticket)
            case Verdict.KNOWN, _:
                self._in_step(peer, frame, self._journal.queued)
            case _, Standing.FINISHED:
                raise Refused(CloseCode.FINISHED, "the interview is finished")
            case _, Standing.READER:
                peer.await_ticket(DENIED)
                peer.offer(encode_denial("you may read this document, but not write in it"))
            case _, Standing.HELD:
                peer.put_aside(update)
                self._is_behind = True
            case Verdict.GAP, Standing.WRITER:
                peer.put_aside(update)
                if not peer.is_asked:
                    self._resync(peer)

    def _merge(self, parsed: ParsedUpdate, update: bytes) -> None:
        if all(struct.content == STRING for struct in parsed.structs):
            self._document.merge(update)
        else:
            try:
                deletes = parse(self._document.merge_value(update)).deletes
            except Malformed as error:
                raise DocumentBroken from error
            parsed.deletes.extend(deletes)
        self._gate.admit(parsed, len(update))

    def _standing(self, peer: Peer) -> Standing:
        if self.is_finished:
            return Standing.FINISHED
        if not peer.may_write:
            return Standing.READER
        return Standing.HELD if self.is_held or self._journal.is_full else Standing.WRITER

    def _in_step(self, peer: Peer, frame: bytes | None, ticket: int) -> None:
        """The content of the peer's frame is in the document, durable when the journal has reached ``ticket``."""
        peer.entered = True
        peer.await_ticket(ticket)
        if frame is None:
            if all(self._gate.knows(parse(update)) for update in peer.set_aside):
                peer.recover(ticket)
            else:
                self._resync(peer)
        if peer.acknowledges:
            self._unacknowledged.add(peer)
            if ticket <= self._journal.durable:
                self.acknowledge()

    def _resync(self, peer: Peer) -> None:
        if peer.resyncs == _MAX_RESYNCS:
            raise Refused(CloseCode.OUT_OF_STEP, "updates keep missing what they build on")
        peer.resyncs += 1
        self._ask(peer)

    def _ask(self, peer: Peer) -> None:
        peer.is_asked = True
        peer.offer(encode_step_1(self._document.state_vector()))

    def _relay(self, frame: bytes | None, sender: Peer) -> None:
        if frame is None:
            return
        for peer in self.peers:
            if peer is not sender:
                peer.offer(frame)

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
        self._presence.renew()
        for peer in self.peers:
            others = self._presence.everybody_else(peer)
            if peer.is_quiet or len(others) > len(NOBODY):
                peer.offer(others)
            peer.is_quiet = True

    def texts(self) -> dict[str, str]:
        """Root name -> text; ``source`` is always there."""
        return self._document.texts()

    def close_peers(self, code: CloseCode, reason: str, participant_id: str | None = None) -> None:
        """Close everybody, or one participant's connections."""
        for peer in self.peers:
            if participant_id is None or peer.participant_id == participant_id:
                peer.close(code, reason)

"""A document with everybody at it, in this process. What is sent to it is a list of moves that can be played again."""

import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, NamedTuple

from pycrdt import Doc, Text

from collab.clock import Clock
from collab.errors import Refused
from collab.frame import read
from collab.gate import Limits
from collab.live import LiveDocument
from collab.log import UPDATE, Entry, Log
from collab.peer import Peer
from collab.update import Update, parse
from collab.wire import CloseCode, decode_state_vector
from tests.collab.typist import Typist
from tests.support.fuzz_ground import Ground
from tests.support.fuzz_yjs import Witness
from tests.support.wire import read_bytes

HONEST, OBSERVER, SERVER = 0, -1, -2
"""Connections that are always there, and the one whose moves are restarts of the server."""
_NOTHING = b"\x00"
_MAX_TICKETS = 4
_LARGE_BYTES = 32 * 2**10
_broken: list[object] = []  # dropping a document that panicked can abort the process


class Move(NamedTuple):
    """`frame` None: the connection ends. Of SERVER: it restarts, and has lost so many of its last entries."""

    connection: int
    participant: str
    may_write: bool
    frame: bytes | None
    lost: int = 0


class Failed(Exception):
    """Raised when the server did what it must never do."""


@dataclass(slots=True)
class Outcome:
    what: str
    cpu_s: float
    taken: list[Update]  # what was recorded


class Memory:
    """Stands in for the journal: everything is on disk as soon as anybody waits for it, or the move is over."""

    is_full = False
    clock = Clock()

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.durable = 0
        self.waited_for = 0  # a crash cannot have lost what is before

    @property
    def queued(self) -> int:
        return len(self.entries)

    def append(self, log: Log, document: str, delivered_by: str, payload: bytes, kind: str = UPDATE) -> int:
        self.entries.append(Entry(log.id, self.queued + 1, 0, document, delivered_by, kind, payload))
        return self.queued

    async def reached(self, ticket: int) -> None:
        self.durable = max(self.durable, ticket)
        self.waited_for = max(self.waited_for, ticket)

    def updates(self, after: int = 0) -> list[bytes]:
        return [entry.payload for entry in self.entries[after:] if entry.kind == UPDATE]


class Listener(Peer):
    """Takes what it is sent at once; one that watches tells it to Yjs."""

    def __init__(self, name: str, *, may_write: bool = True, yjs: Witness | None = None) -> None:
        user = {"name": name, "color": "#123456", "colorLight": "#12345633"}
        super().__init__(name, user, may_write=may_write, acknowledges=True, frames_per_s=0)
        self.heard: list[bytes] = []
        self.keeps = False
        self._yjs = yjs

    def offer(self, frame: bytes) -> None:
        if frame[0] == 0 and frame[1] == 2:
            if self.keeps:
                self.heard.append(_body(frame, 2))
            elif self._yjs is not None:
                self._yjs.update(_body(frame, 2))
        elif frame[0] == 1 and self._yjs is not None:
            self._yjs.awareness(_body(frame, 1))


class Room:
    """Invariant: the witness has been told all that an observer was sent."""

    def __init__(self, yjs: Witness, honest_id: int = 1) -> None:
        self.yjs = yjs
        self.typist = Typist(honest_id)
        self.ground = Ground()
        self.journal = Memory()
        self.honest = Listener("honest")
        self._seats: dict[int, tuple[Listener, ExitStack]] = {}
        self._boots = 0
        self._open()

    def _open(self) -> None:
        self.yjs.begin()
        self._boots += 1
        self.live = _restored(self.journal, self.journal.entries, f"boot {self._boots}")
        self._seats.clear()
        self._sit(OBSERVER, Listener("observer", may_write=False, yjs=self.yjs))
        self.honest = Listener("honest")
        self.honest.keeps = True
        self._sit(HONEST, self.honest)

    async def play(self, move: Move) -> Outcome:
        """Raises Failed."""
        if move.connection == SERVER:
            return self._restart(move.lost)
        if move.frame is None:
            self._leave(move.connection)
            return Outcome("left", 0.0, [])
        if move.connection == HONEST:
            self.hear()
        if move.connection not in self._seats:
            self._sit(move.connection, Listener(move.participant, may_write=move.may_write))
        peer = self._seats[move.connection][0]
        entries, aside, told = self.journal.queued, len(peer.set_aside), self.yjs.told
        refusal: Refused | None = None
        begun = time.thread_time()
        try:
            received = read(move.frame)
            if len(move.frame) > _LARGE_BYTES:  # the server reads it in another thread
                begun = time.thread_time()
            for _ in range(_MAX_TICKETS):
                ticket = self.live.accept(peer, move.frame, received)
                if ticket is None:
                    break
                await self.live.reached(ticket)
            else:
                raise Failed(f"told to wait {_MAX_TICKETS} times for one frame")
        except Refused as refused:
            refusal = refused
        except Failed:
            raise
        except BaseException as error:
            raise Failed(f"accept raised {error!r} from {error.__cause__!r}") from error
        cpu_s = time.thread_time() - begun
        taken = self._take(entries)
        if self.journal.queued > entries:
            self.journal.durable = self.journal.queued
            self.live.acknowledge()
        if taken and (not move.may_write or (refusal is not None and refusal.code is not CloseCode.OUT_OF_STEP)):
            raise Failed(f"taken of one who may write: {move.may_write}, refused: {refusal}")
        if refusal is not None:
            self._leave(move.connection)
            outcome = Outcome(f"{refusal.code.value} {refusal.reason}", cpu_s, taken)
        else:
            if taken:
                what = "accepted"
            elif self.yjs.told > told:
                what = "relayed"
            elif len(peer.set_aside) > aside:
                what = "gap"
            else:
                what = "known" if move.may_write else "known or denied"
            outcome = Outcome(what, cpu_s, taken)
        if move.connection == HONEST:
            if outcome.what not in {"accepted", "known", "relayed"}:
                raise Failed(f"the honest writer was answered: {outcome.what}")
            if move.frame[0] == 0:
                self.typist.receive(_body(move.frame, 2))
        return outcome

    def hear(self) -> None:
        """The honest writer takes what he was sent."""
        heard, self.honest.heard = self.honest.heard, []
        try:
            self.typist.receive(*heard)
        except BaseException as error:
            _broken.append(self.typist)
            raise Failed(f"the honest writer cannot apply what he was sent: {error!r}") from error

    def _take(self, entries: int) -> list[Update]:
        """What was recorded after so many entries."""
        taken = []
        for payload in self.journal.updates(after=entries):
            taken.append(parse(payload))
            self.ground.take(payload, taken[-1])
        return taken

    def compare(self) -> None:
        """Tell the witness what it should have by now."""
        try:
            self.yjs.expect(self.live.texts(), self.clocks())
        except BaseException as error:
            raise Failed(f"the document cannot be read: {error!r} from {error.__cause__!r}") from error

    def finish(self) -> None:
        """Everybody has the same: who was there, who comes now, and who reads the journal. Raises Failed."""
        self.hear()
        self.compare()
        self.judge()
        doc: Doc[Any] = Doc()
        try:
            self.yjs.newcomer(self.live._document.diff(_NOTHING))
            texts, clocks = self.live.texts(), self.clocks()
            again = _restored(Memory(), self.journal.entries, "another")
            for payload in self.journal.updates():
                doc.apply_update(payload)
            replayed = {name: str(doc.get(name, type=Text)) for name in texts}
            restored = again.texts()
        except BaseException as error:
            _broken.append(doc)
            raise Failed(f"the document cannot be replayed: {error!r} from {error.__cause__!r}") from error
        if replayed != texts or decode_state_vector(doc.get_state()) != clocks:
            raise Failed("the replay of the journal differs")
        if restored != texts or again._gate.clocks != clocks or self.live._gate.clocks != clocks:
            raise Failed("the gate's index differs from the document, or is restored otherwise")
        if self.typist.clocks() != clocks or str(self.typist) != texts["source"]:
            raise Failed("the honest writer has another text")
        self.judge()
        self.typist.doc.unobserve(self.typist._observed)  # or pycrdt would keep both for ever

    def judge(self) -> None:
        """What Yjs says by now. Raises Failed."""
        verdict = self.yjs.verdict()
        if verdict is not None:
            raise Failed(f"Yjs, told {verdict[0]} of {self.yjs.told} things: {verdict[1]}")

    def clocks(self) -> dict[int, int]:
        return decode_state_vector(self.live._document.state_vector())

    def _restart(self, lost: int) -> Outcome:
        self.judge()
        self._seats.clear()
        if lost:
            del self.journal.entries[max(self.journal.waited_for, self.journal.queued - lost) :]
            self.journal.durable = self.journal.queued
            self.ground = Ground()
            for payload in self.journal.updates():
                self.ground.take(payload, parse(payload))
        self._open()
        self.yjs.update(self.live._document.diff(_NOTHING))
        return Outcome("restart", 0.0, [])

    def _sit(self, connection: int, peer: Listener) -> None:
        seat = ExitStack()
        seat.enter_context(self.live.joined(peer))
        self._seats[connection] = peer, seat

    def _leave(self, connection: int) -> None:
        if connection in self._seats:
            self._seats.pop(connection)[1].close()


def _restored(journal: Any, entries: list[Entry], boot: str) -> LiveDocument:
    live = LiveDocument(Log("fuzz", None, 0, 1), "fuzz", journal, Limits(), boot=boot)
    for entry in entries:
        live.restore(entry)
    return live


def _body(frame: bytes, at: int) -> bytes:
    body, end = read_bytes(frame, at)
    if end != len(frame):
        raise Failed("a relayed frame with bytes behind its body")
    return body

"""The network between honest people and a server, and the time: every frame is late by a time of its own, connections
overtake each other and break, and nothing happens but by the seed.
"""

import base64
import math
import random
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from heapq import heappop, heappush
from urllib.parse import parse_qs, urlsplit

from tests.support import wire
from tests.support.honest_people import Notebook, People
from tests.support.honest_server import GONE, Desk, Figures, Process

ABNORMAL = 1006
_MANY_EVENTS = 30_000  # in ten seconds
Action = Callable[[], Awaitable[None] | None]


@dataclass(slots=True)
class Caller:
    """Whose connections these are, and how far from the server. ``notebook`` is None for stock people."""

    name: str
    participant: str
    delay_ms: float
    acknowledges: bool
    notebook: Notebook | None
    may_write: bool = True
    is_denied: bool = False  # something that it has, nobody else has: what a crash has lost
    is_offline: bool = False


@dataclass(slots=True)
class Flight:
    """A frame on its way, or the connection's beginning (``opened``) or end (``code``)."""

    at: float
    frame: bytes = GONE
    opened: bool = False
    code: int | None = None
    is_lost: bool = False


class Line:
    """One connection: a queue each way. Frames never overtake each other in it."""

    def __init__(
        self, network: "Network", number: int, caller: Caller, socket: int | None, chance: random.Random
    ) -> None:
        self.number = number
        self.socket = socket
        self.caller = caller
        self.desk: Desk | None = None
        self.is_cut = False  # nothing more gets through that is not on its way already
        self.is_over = False  # for the caller
        self.counted: list[bytes] = []
        self.acknowledged = 0
        self._network = network
        self._chance = chance
        self._up: list[Flight] = []
        self._down: list[Flight] = []
        self._rise(Flight(self._later(), opened=True))

    @property
    def is_heard(self) -> bool:
        """Something of it is still to reach the server, or it is still sitting there."""
        return bool(self._up) or (self.desk is not None and not self.desk.is_gone)

    def say(self, frame: bytes) -> None:
        """The caller sends."""
        if wire.counts(frame):
            self.counted.append(wire.read_bytes(frame, 2)[0])
        if not self.is_cut:
            self._rise(Flight(self._later(), frame))

    def hang_up(self) -> None:
        """The caller closes, and what it sent before still arrives, unless the line is cut."""
        if not self.is_cut:
            self._rise(Flight(self._later()))
        self._lose(self._down, 0)
        self._fall(Flight(self._later(), code=1000))
        self.is_cut = True

    def cut(self, notices_after: float, missed_after: float) -> None:
        """Some of what is on its way still arrives; the caller and the server notice each in their own time."""
        self._lose(self._up, self._chance.randint(0, len(self._up)))
        self._lose(self._down, self._chance.randint(0, len(self._down)))
        late = self._chance.uniform(0, missed_after)
        for flight in self._up:
            flight.at += late
        self._rise(Flight(self._network.now + missed_after))
        self._fall(Flight(self._network.now + notices_after, code=ABNORMAL))
        self.is_cut = True

    def die(self) -> None:
        """The server has died, or cannot be reached: what it had sent may still arrive."""
        self._lose(self._up, 0)
        if not self.is_over and not self.is_cut:
            self._lose(self._down, self._chance.randint(0, len(self._down)))
            self._fall(Flight(self._later(), code=ABNORMAL))
        self.is_cut = True

    def close_if_closing(self) -> None:
        """Pass on the server's word that it closes."""
        if self.desk is None or self.desk.is_gone or self.desk.peer.closing is None:
            return
        self._lose(self._up, 0)
        if not self.is_cut:
            self._fall(Flight(self._later(), code=self.desk.peer.closing[0].value))
            self.is_cut = True
        self.desk.leave()

    def _later(self) -> float:
        """Mostly near the caller's distance, sometimes very late."""
        slow = 8 if self._chance.random() < 0.03 else 1
        return self._network.now + self.caller.delay_ms * slow * (0.2 + self._chance.random())

    def _lose(self, flights: list[Flight], kept: int) -> None:
        for flight in flights[kept:]:
            flight.is_lost = True
        del flights[kept:]

    def _rise(self, flight: Flight) -> None:
        flight.at = max(flight.at, self._up[-1].at if self._up else 0)
        self._up.append(flight)
        self._network.at(flight.at, lambda: self._arrive(flight))

    def _fall(self, flight: Flight) -> None:
        flight.at = max(flight.at, self._down[-1].at if self._down else 0)
        self._down.append(flight)
        self._network.at(flight.at, lambda: self._return(flight))

    def _answer(self, frame: bytes) -> None:
        """The server sends."""
        if not self.is_cut:
            self._fall(Flight(self._later(), frame))

    async def _arrive(self, flight: Flight) -> None:
        if flight.is_lost:
            return
        if flight.at > self._network.now:  # it has been held up on its way
            self._network.at(flight.at, lambda: self._arrive(flight))
            return
        self._up.remove(flight)
        process = self._network.process
        if not flight.opened:
            if self.desk is not None:
                self._network.arrives(self, flight.frame)
                self.desk.receive(flight.frame)
                self.close_if_closing()
        elif process is None:
            if not self.is_cut:
                self._fall(Flight(self._later(), code=ABNORMAL))
            self.is_cut = True
        else:
            if not self.is_cut:
                self._fall(Flight(self._later(), opened=True))
            caller = self.caller
            self.desk = await process.seat(
                caller.participant, self._answer, acknowledges=caller.acknowledges, may_write=caller.may_write
            )
            self.close_if_closing()

    def _return(self, flight: Flight) -> None:
        if flight.is_lost:
            return
        self._down.remove(flight)
        if flight.opened:
            self._network.opened(self)
        elif flight.code is None:
            self._network.received(self, flight.frame)
        elif not self.is_over:
            self.is_over = True
            self._network.closed(self, flight.code)


class Network:
    """Who is connected with whom, and what happens when. ``process`` is None while the server is down."""

    def __init__(self, people: People, chance: random.Random, figures: Figures) -> None:
        self.now = 0.0
        self.people = people
        self.figures = figures
        self.process: Process | None = None
        self.callers: dict[str, Caller] = {}
        self.lines: list[Line] = []
        self.durable: list[bytes] = []
        self.trace: deque[str] = deque(maxlen=300)
        self._chance = chance
        self._agenda: list[tuple[float, int, Action]] = []
        self._made = 0
        self._sockets: dict[int, Line] = {}
        self._tick_at = math.inf

    def at(self, moment: float, action: Action) -> None:
        self._made += 1
        heappush(self._agenda, (moment, self._made, action))

    def after(self, ms: float, action: Action) -> None:
        self.at(self.now + ms, action)

    async def run(self, until: float) -> None:
        while self._agenda and self._agenda[0][0] <= until:
            self.now, number, action = heappop(self._agenda)
            assert number < _MANY_EVENTS * (1 + self.now / 10_000), "they do not stop talking"
            waiting = action()
            if waiting is not None:
                await waiting
        self.now = until

    def ask(self, verb: str, *given: object) -> object:
        """Something is done to the stock people."""
        answer = self.people.ask(self.now, verb, *given)
        self.absorb()
        return answer

    def dial(self, caller: Caller, socket: int | None = None) -> None:
        self.figures.connections += 1
        line = Line(self, len(self.lines), caller, socket, random.Random(self._chance.random()))
        self.lines.append(line)
        if socket is not None:
            self._sockets[socket] = line
        self.note(line, "dials")
        if caller.is_offline:
            line.die()

    def lines_of(self, caller: Caller) -> list[Line]:
        return [line for line in self.lines if line.caller is caller and not line.is_over]

    def note(self, line: Line, what: str, frame: bytes = b"") -> None:
        self.trace.append(f"{self.now:9.1f} {line.caller.name}#{line.number} {what} {frame[:40].hex()}")

    # What lines report

    def arrives(self, line: Line, frame: bytes) -> None:
        self.note(line, "at server" if frame else "gone at server", frame)
        later = (other for other in self.lines[line.number + 1 :] if other.caller is line.caller)
        self.figures.overtaken += any(other.desk is not None for other in later)

    def opened(self, line: Line) -> None:
        self.note(line, "open")
        if line.caller.notebook is not None:
            line.caller.notebook.opened()
            self.turn_page(line)
        else:
            self.ask("opened", line.socket)

    def closed(self, line: Line, code: int) -> None:
        self.note(line, f"closed {code}")
        notebook = line.caller.notebook
        if notebook is None:
            self.ask("closed", line.socket, code)
        else:
            notebook.closed()
            self.after(self._chance.uniform(100, 2_500), lambda: self._redial(line.caller))

    def received(self, line: Line, frame: bytes) -> None:
        self.note(line, "at client", frame)
        if frame[0] == wire.AUTH:
            assert not line.caller.may_write, f"{line.caller.name} is denied what it may do"
            line.caller.is_denied = True
        if frame[0] == wire.ACKNOWLEDGEMENT:  # not for stock people
            self._acknowledged(line, wire.read_varuint(frame, 1)[0])
        elif line.caller.notebook is not None:
            line.caller.notebook.received(frame)
            self.turn_page(line)
        else:
            self.ask("received", line.socket, base64.b64encode(frame).decode())

    def turn_page(self, line: Line) -> None:
        """Send what a notebook has to say."""
        assert line.caller.notebook is not None
        for frame in line.caller.notebook.take():
            line.say(frame)

    def absorb(self) -> None:
        """Take in what the stock people have done with their sockets, and when they want to be asked again."""
        for _, socket, what, given in self.people.take():
            if what == "dial":
                assert given is not None
                self.dial(self.callers[parse_qs(urlsplit(given).query)["tab"][0]], socket)
            elif what == "send":
                assert given is not None
                self._sockets[socket].say(base64.b64decode(given))
            else:
                self._sockets[socket].hang_up()
        wanted = self.people.next_moment
        if wanted is not None and wanted < self._tick_at:
            self._tick_at = wanted
            self.at(wanted, self._tick)

    def _tick(self) -> None:
        self._tick_at = math.inf
        self.ask("wait")

    def _redial(self, caller: Caller) -> None:
        if caller.name in self.callers and not self.lines_of(caller):
            self.dial(caller)

    def _acknowledged(self, line: Line, count: int) -> None:
        assert line.acknowledged < count <= len(line.counted), f"{count} of {len(line.counted)} acknowledged"
        self.durable += line.counted[line.acknowledged : count]
        line.acknowledged = count

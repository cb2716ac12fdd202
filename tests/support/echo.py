"""How long a keystroke takes until somebody else sees it, and until it is acknowledged."""

import select
import socket
import time
from collections import deque
from urllib.parse import urlsplit

from websockets.client import ClientProtocol
from websockets.frames import Frame
from websockets.uri import parse_uri

from tests.support import wire
from tests.support.keystroke import keystrokes


class Line:
    """A blocking connection: nothing of the test's own stands between the socket and the clock."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self.socket = socket.create_connection((address.hostname or "", address.port or 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._protocol = ClientProtocol(parse_uri(url))
        self._protocol.send_request(self._protocol.connect())
        self._write()
        self.receive()

    def send(self, *frames: bytes) -> None:
        for frame in frames:
            self._protocol.send_binary(frame)
        self._write()

    def receive(self) -> list[bytes]:
        """What has come; waits until something has."""
        self._protocol.receive_data(self.socket.recv(2**20))
        self._write()  # pongs
        return [bytes(event.data) for event in self._protocol.events_received() if isinstance(event, Frame)]

    def _write(self) -> None:
        for data in self._protocol.data_to_send():
            self.socket.sendall(data)


class Pair:
    """The candidate types, an interviewer looks."""

    def __init__(self, candidate: str, interviewer: str, *, keys: int, every_s: float) -> None:
        """At most so many keys, one ``every_s``."""
        self._keys = iter(keystrokes("x" * keys))  # while it makes them it answers no ping
        self._candidate, self._interviewer = Line(candidate + "&v=1"), Line(interviewer)
        self._every_s = every_s
        self._clock = 0
        self._sent = 0
        self._unacknowledged: deque[tuple[int, float]] = deque()  # number and time of a key
        self.shown_ms: list[float] = []
        self.acknowledged_ms: list[float] = []
        for line in (self._candidate, self._interviewer):
            line.send(wire.sync(wire.STEP_1, b"\0"))
        self._candidate.send(wire.sync(wire.STEP_2, b"\0\0"))
        self._sent += 1

    def type(self, keys: int) -> None:
        """Every key with the caret that moves by it. Returns when all is acknowledged."""
        for _ in range(keys):
            began = time.perf_counter()
            key = wire.sync(wire.UPDATE, next(self._keys))
            self._candidate.send(key, self._caret())
            self._sent += 1
            self._unacknowledged.append((self._sent, began))
            while not self._look_for(key):
                pass
            self.shown_ms.append((time.perf_counter() - began) * 1000)
            while (left_s := began + self._every_s - time.perf_counter()) > 0:
                self._look_for(b"", left_s)
        while self._unacknowledged:
            self._look_for(b"")

    def _look_for(self, key: bytes, within_s: float | None = None) -> bool:
        """Take what comes next; whether the interviewer was sent this frame."""
        ready, _, _ = select.select([self._candidate.socket, self._interviewer.socket], [], [], within_s)
        now = time.perf_counter()
        for frame in self._candidate.receive() if self._candidate.socket in ready else ():
            if frame[0] == wire.ACKNOWLEDGEMENT:
                count, _ = wire.read_varuint(frame, 1)
                while self._unacknowledged and self._unacknowledged[0][0] <= count:
                    self.acknowledged_ms.append((now - self._unacknowledged.popleft()[1]) * 1000)
        return self._interviewer.socket in ready and key in self._interviewer.receive()

    def close(self) -> None:
        for line in (self._candidate, self._interviewer):
            line.socket.close()

    def forget(self) -> None:
        self.shown_ms.clear()
        self.acknowledged_ms.clear()

    def _caret(self) -> bytes:
        self._clock += 1
        place = {"type": None, "tname": None, "item": {"client": 1, "clock": self._clock}, "assoc": 0}
        return wire.awareness([(4711, self._clock, {"user": {}, "cursor": {"anchor": place, "head": place}})])

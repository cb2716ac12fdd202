"""uvicorn's connections, with limits on what never reaches the application.

A request has its time until its head is there: otherwise whoever falls silent half-way keeps a descriptor for ever.

Pings, pongs and fragments are answered and kept by the server itself: forty thousand pings fit one read of the socket,
and everybody else waits for a second until they are parsed.
"""

import asyncio
import time
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from collab.wire import CloseCode

_SLICE_BYTES = 8 * 2**10  # looked at in one go: 1,365 of the smallest frames
_MAX_FRAGMENTS = 1_024
_HEAD_S = 20.0

# Of the time after which a connection that answers nothing is ended: until it is asked, and from then on. Together with
# the two last looks that is less than all of it: who stops reading just after an answer is ended in time too.
PING = 0.2
PONG = 0.6
AGAIN_S = 0.5


class Request(H11Protocol):
    """HTTP, until it becomes a WebSocket: ends where the head of a request takes too long."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._late = self.loop.call_later(_HEAD_S, transport.close)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete:
            self._in_time()
        elif self._late is None and self.transport.get_protocol() is self:
            self._late = self.loop.call_later(_HEAD_S, self.transport.close)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        self._in_time()
        super().handle_websocket_upgrade(event)

    def connection_lost(self, exc: Exception | None) -> None:
        self._in_time()
        super().connection_lost(exc)

    def _in_time(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


class Connection(WebSocketsSansIOProtocol):
    """It may receive twice as many frames of any kind as messages, in bursts of two seconds' worth."""

    def __init__(self, *arguments: Any, frames_per_s: int, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._frames_per_s = 2.0 * frames_per_s
        self._frames_left = 2 * self._frames_per_s
        self._refilled_at = time.monotonic()
        self._is_overdue = False
        self._waiting_bytes = 0

    def data_received(self, data: bytes) -> None:
        for at in range(0, len(data), _SLICE_BYTES):
            if not self.transport.is_closing():
                super().data_received(data[at : at + _SLICE_BYTES])

    def handle_events(self) -> None:
        if self._frames_per_s:
            self._frames_left -= len(self.conn.events)
            if self._frames_left < 0 and not self._refill():
                self._end(CloseCode.RATE, "too much in a short time")
                return
        super().handle_events()
        if len(self.frames) > _MAX_FRAGMENTS:
            self._end(CloseCode.TOO_BIG, "a message of too many parts")

    def handle_ping(self) -> None:
        """Whoever does not take what he is sent is sent no pongs: nothing else bounds what waits for him."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()

    def send_keepalive_ping(self) -> None:
        self._is_overdue = False
        self._waiting_bytes = self.transport.get_write_buffer_size()
        super().send_keepalive_ping()

    def keepalive_timeout(self) -> None:
        """Whoever does not answer takes nothing either, so that what waits to be sent is not waited for. But the ping
        may be on its way, behind a large document on a slow line; or the answer may be there, unread: while we do not
        read, and when all of us have stood still.
        """
        waiting_bytes, before = self.transport.get_write_buffer_size(), self._waiting_bytes
        self._waiting_bytes = waiting_bytes
        if self.read_paused or waiting_bytes < before or not self._is_overdue:
            self._is_overdue = not self.read_paused and waiting_bytes >= before
            self.pong_timer = self.loop.call_later(AGAIN_S, self.keepalive_timeout)
            return
        super().keepalive_timeout()
        self.transport.abort()

    async def run_asgi(self) -> None:
        await super().run_asgi()
        if not self.close_sent and self.transport.get_write_buffer_size():
            self.transport.abort()  # it was given up

    def handle_parser_exception(self) -> None:
        super().handle_parser_exception()
        self.disconnected = True  # whoever still sends hears that it has gone, and nothing unexpected

    def _refill(self) -> bool:
        """Whether there is anything left after that."""
        now = time.monotonic()
        earned = (now - self._refilled_at) * self._frames_per_s
        self._frames_left = min(2 * self._frames_per_s, self._frames_left + earned)
        self._refilled_at = now
        return self._frames_left >= 0

    def _end(self, code: CloseCode, reason: str) -> None:
        """Nothing more is read; the application hears which code it was."""
        self.stop_keepalive()
        self.frames = []
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code.value, "reason": reason})
        self.conn.fail(code.value, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = self.disconnected = True
        self.transport.close()

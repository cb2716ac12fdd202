"""One connection of a participant to one document."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from enum import Enum, auto
from typing import Any

from collab.errors import Refused
from collab.wire import CloseCode

SET_ASIDE = -1
DENIED = -2
MAX_SET_ASIDE = 8_192  # each is looked at again at every step 2
MAX_SET_ASIDE_BYTES = 2**20
MAX_AWAITED = 1_024
FRAME_BYTES = 4096
CPU_BURST_S = 8.0


class Standing(Enum):
    """What holds for a peer's updates now."""

    WRITER = auto()
    READER = auto()
    HELD = auto()  # the journal's queue is full because commits are failing, or the end is being committed
    FINISHED = auto()


class Peer:
    """Who is connected, what it may do, and what it has still to be sent.

    Its queue of frames is bounded in bytes: a peer that does not take them is closed, nobody waits for it.
    Invariant: frames reach it in the order in which they were offered, whether sent at once or queued.
    """

    __slots__ = (
        "_arrived",
        "_cpu_at",
        "_cpu_left_s",
        "_is_sending",
        "_outbox",
        "_outbox_bytes",
        "_refilled_at",
        "_tokens",
        "acknowledged",
        "acknowledges",
        "awaited",
        "client_id",
        "closing",
        "cpu_per_s",
        "entered",
        "frames_per_s",
        "heard_at_s",
        "is_asked",
        "is_quiet",
        "leaves_half",
        "may_write",
        "on_closing",
        "on_overflow",
        "outbox_limit",
        "participant_id",
        "resyncs",
        "send_now",
        "set_aside",
        "set_aside_bytes",
        "set_aside_parts",
        "user",
    )

    def __init__(
        self,
        participant_id: str,
        user: dict[str, Any],
        *,
        may_write: bool,
        leaves_half: bool = False,
        acknowledges: bool = False,
        outbox_limit: int = 2 * 2**20,
        frames_per_s: int = 500,
        cpu_per_s: float = 0.0,
    ) -> None:
        self.participant_id = participant_id
        self.user = user
        self.may_write = may_write
        self.leaves_half = leaves_half  # of every document's room, for others
        self.acknowledges = acknowledges
        self.outbox_limit = outbox_limit
        self.frames_per_s = frames_per_s
        self.cpu_per_s = cpu_per_s
        self.on_closing: Callable[[], None] = lambda: None
        self.on_overflow: Callable[[], None] = lambda: None
        # Sends a frame without waiting, and gives back what is left to be awaited where that was not possible.
        self.send_now: Callable[[bytes], Awaitable[None] | None] | None = None
        self.client_id: int | None = None  # the Yjs client id whose presence it announced
        self.closing: tuple[CloseCode, str] | None = None
        self.entered = False  # has been sent the document, or has written
        self.is_asked = False  # our step 1 is not answered yet
        self.is_quiet = False  # was sent nothing since the last look
        self.resyncs = 0  # step 1s sent for gaps since it was last in step
        self.set_aside: list[bytes] = []  # updates not merged: a later step 2 must bring them again
        self.set_aside_bytes = 0
        self.set_aside_parts = 0
        # The journal's tickets for the step-2 and update frames not acknowledged yet, in order, each with the number of
        # frames that it is for. When there are many, because commits fail, the last one is for all that come.
        self.awaited: deque[tuple[int, int]] = deque()
        self.acknowledged = 0
        self._outbox: deque[bytes | Awaitable[None]] = deque()
        self._outbox_bytes = 0
        self._is_sending = True  # until somebody first waits in take()
        self._arrived = asyncio.Event()
        self._tokens = 2.0 * frames_per_s
        self._refilled_at = self.heard_at_s = time.monotonic()
        self._cpu_left_s = CPU_BURST_S * cpu_per_s
        self._cpu_at = self._refilled_at

    def offer(self, frame: bytes) -> None:
        """Send a frame, at once or after those before it. A peer whose queue is full is closed instead, and
        resynchronises when it comes back.
        """
        if self.closing is not None:
            return
        self.is_quiet = False
        item: bytes | Awaitable[None] = frame
        if self.send_now is not None and not self._is_sending and not self._outbox:
            rest = self.send_now(frame)
            if rest is None:
                return
            item = rest
        size = self._outbox_bytes + len(frame)
        if size > self.outbox_limit and self._outbox:
            self.drop("the queue of frames for you is full")
            return
        self._outbox.append(item)
        self._outbox_bytes = size
        self._arrived.set()

    def drop(self, reason: str) -> None:
        """It takes too little: what is queued is not sent any more."""
        if self.closing is None:
            self._outbox.clear()
            self._outbox_bytes = 0
            self.close(CloseCode.TOO_SLOW, f"too slow: {reason}")
            self.on_overflow()

    @property
    def waiting_bytes(self) -> int:
        """Of frames that it has not taken."""
        return self._outbox_bytes

    def close(self, code: CloseCode, reason: str) -> None:
        """What is queued is still sent; nothing more is accepted."""
        if self.closing is None:
            self.closing = (code, reason)
            self._arrived.set()
            self.on_closing()

    async def take(self) -> deque[bytes | Awaitable[None]]:
        """The queued frames, and begun sends, as soon as there are any; empty when the peer is closing and all is sent.

        Until the next call nothing is sent at once: what was taken is being sent.
        """
        while not self._outbox and self.closing is None:
            self._is_sending = False
            self._arrived.clear()
            await self._arrived.wait()
        self._is_sending = True
        taken, self._outbox, self._outbox_bytes = self._outbox, deque(), 0
        return taken

    def spend(self, size: int) -> None:
        """Count a received frame of ``size`` bytes, a large one as several. Raises Refused over the rate; bursts of two
        seconds' worth are allowed.
        """
        if not self.frames_per_s:
            return
        cost = max(1.0, size / FRAME_BYTES)
        if self._tokens < cost:
            now = time.monotonic()
            self._tokens = min(2.0 * self.frames_per_s, self._tokens + (now - self._refilled_at) * self.frames_per_s)
            self._refilled_at = now
            if self._tokens < min(cost, self.frames_per_s):
                raise Refused(CloseCode.RATE, "too much in a short time")
        self._tokens -= cost

    def spend_cpu(self, seconds: float) -> None:
        """Count what a frame has cost. Raises Refused over the budget, which is ``CPU_BURST_S`` seconds' worth deep."""
        if not self.cpu_per_s:
            return
        now = time.monotonic()
        earned_s = (now - self._cpu_at) * self.cpu_per_s
        self._cpu_left_s = min(CPU_BURST_S * self.cpu_per_s, self._cpu_left_s + earned_s) - seconds
        self._cpu_at = now
        if self._cpu_left_s < 0:
            raise Refused(CloseCode.RATE, "too much work in a short time")

    def acknowledge(self, durable: int) -> int | None:
        """Count the frames that are durable up to the journal's ticket ``durable``; the new count, if it moved."""
        count = self.acknowledged
        while self.awaited and 0 <= self.awaited[0][0] <= durable:
            count += self.awaited.popleft()[1]
        if count == self.acknowledged:
            return None
        self.acknowledged = count
        return count

    def await_ticket(self, ticket: int) -> None:
        if not self.acknowledges:
            return
        last, frames = self.awaited[-1] if self.awaited else (None, 0)
        if last == DENIED:
            return
        if last == ticket or (ticket != DENIED and len(self.awaited) >= MAX_AWAITED):
            self.awaited.pop()
            # Rather late than early: what was set aside is not durable before all that came until then.
            ticket = SET_ASIDE if last == SET_ASIDE else ticket
        else:
            frames = 0
        self.awaited.append((ticket, frames + 1))

    def put_aside(self, update: bytes, parts: int = 1) -> None:
        """Remember an update of so many structs and ranges that could not be merged. Raises Refused when that gets too
        much: every step 2 is compared with all of it.
        """
        is_too_large = self.set_aside and self.set_aside_bytes + len(update) > MAX_SET_ASIDE_BYTES
        self.set_aside_parts += parts
        if is_too_large or self.set_aside_parts > MAX_SET_ASIDE:
            raise Refused(CloseCode.OUT_OF_STEP, "too much is waiting for what it builds on")
        self.set_aside.append(update)
        self.set_aside_bytes += len(update)
        self.await_ticket(SET_ASIDE)

    def recover(self, ticket: int) -> None:
        """All that was set aside has come again, durable when the journal has reached ``ticket``."""
        self.set_aside.clear()
        self.set_aside_bytes = self.set_aside_parts = 0
        self.resyncs = 0
        self.awaited = deque((ticket if awaited == SET_ASIDE else awaited, frames) for awaited, frames in self.awaited)

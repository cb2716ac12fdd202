"""A bare socket for what no honest client does: frames in, frames out, close codes."""

import asyncio
from types import TracebackType
from typing import Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from tests.support import wire

ANSWER_S = 10.0
CONTINUED, BINARY = 0, 2


class Dialogue:
    """`async with Dialogue(url) as socket`. Frames that the server sent are in `heard`."""

    def __init__(self, url: str, *, origin: str | None = None) -> None:
        self.url = url
        self.origin = Origin(origin) if origin is not None else None
        self.heard: list[bytes | str] = []
        self._connection: ClientConnection | None = None

    async def __aenter__(self) -> Self:
        self._connection = await connect(
            self.url, origin=self.origin, compression=None, ping_interval=None, proxy=None, max_size=None
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._connection is not None
        await self._connection.close()

    async def say(self, *frames: bytes | str) -> None:
        assert self._connection is not None
        try:
            for frame in frames:
                await self._connection.send(frame)
        except ConnectionClosed:
            pass  # the close code says why

    async def hear(self, kind: int, within_s: float = ANSWER_S) -> bytes:
        """The next frame of a message kind; fails when the server closes instead."""
        assert self._connection is not None
        async with asyncio.timeout(within_s):
            while True:
                frame = await self._connection.recv()
                self.heard.append(frame)
                if isinstance(frame, bytes) and frame[0] == kind:
                    return frame

    async def close_code(self) -> int | None:
        """Waits for the server to close."""
        assert self._connection is not None
        try:
            async with asyncio.timeout(ANSWER_S):
                async for frame in self._connection:
                    self.heard.append(frame)
        except ConnectionClosed:
            pass  # anything but 1000 and 1001
        return self._connection.close_code

    @property
    def close_reason(self) -> str:
        """The server's words, once it has closed."""
        assert self._connection is not None
        return self._connection.close_reason or ""

    async def say_raw(self, data: bytes) -> None:
        """Bytes below the frames of WebSockets."""
        assert self._connection is not None
        if not self._connection.transport.is_closing():
            self._connection.transport.write(data)
        await asyncio.sleep(0)

    async def echo(self) -> None:
        """Returns when the server has answered a step 1, and so has read everything before it."""
        await self.say(wire.sync(wire.STEP_1, b"\0"))
        while (await self.hear(wire.SYNC))[1] != wire.STEP_2:
            pass


async def close_code_of(url: str, *frames: bytes | str, origin: str | None = None) -> int | None:
    """How the server ends a connection on which these frames are sent."""
    async with Dialogue(url, origin=origin) as socket:
        await socket.say(*frames)
        return await socket.close_code()


async def handshake_status(url: str, *, origin: str | None = None) -> int:
    """101, or the status with which the handshake is refused."""
    try:
        async with Dialogue(url, origin=origin):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


def raw_frame(kind: int, payload: bytes, *, last: bool = True, deflated: bool = False) -> bytes:
    """A frame of WebSockets (RFC 6455), masked with nothing."""
    head = bytes((kind | 0x80 * last | 0x40 * deflated, 0xFF))
    return head + len(payload).to_bytes(8, "big") + bytes(4) + payload

"""The transport of one WebSocket in the test's hands: it stalls, fails and goes when it is told to."""

import asyncio
from collections.abc import Callable

import anyio
import anyio.lowlevel

from web.socket import Message, Sockets

SOON_S = 10


class Transport:
    """One WebSocket as an ASGI server drives it: what is sent is away at once, unless it is stalled."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.failure: Exception | None = None
        self._incoming: asyncio.Queue[Message] = asyncio.Queue()
        self._flows = asyncio.Event()
        self._flows.set()
        self._incoming.put_nowait({"type": "websocket.connect"})

    def stall(self) -> None:
        self._flows.clear()

    def resume(self) -> None:
        self._flows.set()

    def say(self, frame: bytes) -> None:
        self._incoming.put_nowait({"type": "websocket.receive", "bytes": frame})

    def go(self) -> None:
        self._incoming.put_nowait({"type": "websocket.disconnect", "code": 1006})

    async def receive(self) -> Message:
        return await self._incoming.get()

    async def send(self, message: Message) -> None:
        while not self._flows.is_set():
            await self._flows.wait()
        if self.failure is not None:
            raise self.failure
        self.sent.append(message)

    @property
    def frames(self) -> list[bytes]:
        return [message["bytes"] for message in self.sent if message["type"] == "websocket.send"]

    @property
    def updates(self) -> list[bytes]:
        return [frame for frame in self.frames if frame[:2] == b"\x00\x02"]

    @property
    def accepted(self) -> bool:
        return any(message["type"] == "websocket.accept" for message in self.sent)

    @property
    def close_code(self) -> int | None:
        return next((message["code"] for message in self.sent if message["type"] == "websocket.close"), None)


class Call:
    """The server's side of one connection; ``failure`` is what it ended in."""

    def __init__(self, document: str, ticket: str, *, origin: str | None = None) -> None:
        self.transport = Transport()
        self.scope: Message = {
            "type": "websocket",
            "path": f"/ws/{document}",
            "query_string": f"ticket={ticket}".encode(),
            "headers": [(b"host", b"localhost"), *([(b"origin", origin.encode())] if origin else [])],
            "scheme": "ws",
            "client": ("127.0.0.1", 1),
        }
        self.failure: BaseException | None = None
        self.ended = anyio.Event()

    async def run(self, sockets: Sockets) -> None:
        try:
            await sockets(self.scope, self.transport.receive, self.transport.send)
        except Exception as error:  # noqa: BLE001 - an ASGI server logs it and goes on
            self.failure = error
        finally:
            self.ended.set()


async def until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(SOON_S):
        while not condition():
            await anyio.lowlevel.checkpoint()

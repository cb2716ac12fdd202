"""One participant's connection to one document: a small y-websocket client on pycrdt."""

import asyncio
import itertools
from collections import deque
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from pycrdt import Doc, Text, TransactionEvent, UndoManager
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus

from tests.support import wire

LOCAL = "local"
TRY_AGAIN_S = 0.05


class Bell:
    """Wakes whoever waits for a condition, each time that something has changed."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def until(self, condition: Callable[[], bool], timeout_s: float, otherwise: Callable[[], str]) -> None:
        """Returns once the condition holds; `otherwise` words the failure."""
        try:
            async with asyncio.timeout(timeout_s):
                while not condition():
                    self._rung.clear()
                    await self._rung.wait()
        except TimeoutError:
            raise AssertionError(otherwise()) from None


class Peer:
    """Keeps its document over connections, as a page does; edits made while away travel in the next step 2."""

    def __init__(self, name: str, url: str, bell: Bell, *, acknowledged: bool = True, faithful: bool = False) -> None:
        """With `acknowledged` it asks for message 8. With `faithful` it reconnects by itself after any loss."""
        self.name = name
        self.url = url + "&v=1" if acknowledged else url
        self.acknowledged = acknowledged
        self.faithful = faithful
        self.document: Doc[Any] = Doc()
        self.text: Text = self.document.get("source", type=Text)
        self.history = UndoManager(scopes=[self.text], capture_timeout_millis=0)
        self.history.include_origin(LOCAL)
        self.bell = bell
        self.connection: ClientConnection | None = None
        self.synced = False
        self.delayed = False
        self.counted: list[bytes] = []
        self.confirmed = 0
        self.durable: list[bytes] = []
        self.connections = 0
        self.close_code: int | None = None
        self.denials: list[str] = []
        self.presence: dict[int, dict[str, Any]] = {}
        self.frames: list[bytes] = []
        self.failure: BaseException | None = None
        self._clock = itertools.count()
        self._outgoing: deque[bytes] = deque()
        self._incoming: deque[bytes] = deque()
        self._task: asyncio.Task[None] | None = None
        self._applying = False
        self._observed = self.document.observe(self._changed)

    def __str__(self) -> str:
        return str(self.text)

    @property
    def online(self) -> bool:
        return self.connection is not None

    @property
    def settled(self) -> bool:
        """In step, nothing held back, and everything sent is durable as far as this peer can know."""
        still = self.synced and not self.delayed and not self._outgoing
        return still and (not self.acknowledged or self.confirmed == len(self.counted))

    @property
    def clocks(self) -> dict[int, int]:
        return wire.read_state(self.document.get_state())

    async def go_online(self) -> None:
        """Connects and sends what a y-websocket client sends first: step 1 and its awareness."""
        connection = await connect(
            self.url, compression=None, ping_interval=None, proxy=None, max_size=None, close_timeout=5
        )
        self._begin(connection)
        self._task = asyncio.create_task(self._live(connection))
        await self.flush()

    async def drop(self) -> None:
        """The network is gone: no closing handshake, what was on its way is lost."""
        if self.connection is not None:
            self.connection.transport.abort()
        if not self.faithful:
            await self._ended()

    async def leave(self) -> None:
        """A clean close."""
        self.faithful = False
        if self.connection is not None:
            await self.connection.close()
        await self._ended()

    async def stop(self) -> None:
        """For good, whatever it was doing."""
        self.faithful = False
        if self._task is not None:
            self._task.cancel()
        await self.drop()

    def insert(self, text: str, at: int) -> None:
        """`at` counts code points."""
        with self.document.transaction(origin=LOCAL):
            self.text.insert(self._offset(at), text)

    def delete(self, at: int, length: int) -> None:
        start, end = self._offset(at), self._offset(at + length)
        with self.document.transaction(origin=LOCAL):
            del self.text[start:end]

    def edit(self, patches: Iterable[tuple[int, int, str]]) -> None:
        """One transaction of (position, deleted, inserted); positions count code points, after the patches before."""
        with self.document.transaction(origin=LOCAL):
            for position, deleted, inserted in patches:
                if deleted:
                    self.delete(position, deleted)
                if inserted:
                    self.insert(inserted, position)

    def bring(self, update: bytes) -> None:
        """Takes an update that was made elsewhere as this peer's own."""
        self._apply(update)
        if self.connection is not None:
            self._outgoing.append(wire.sync(wire.UPDATE, update))

    def undo(self) -> bool:
        return self.history.can_undo() and self.history.undo()

    async def send(self, *frames: bytes) -> None:
        """Queues frames of ours and sends what may be sent."""
        self._outgoing += frames
        await self.flush()

    async def flush(self) -> None:
        while self._outgoing and self.connection is not None and not self.delayed:
            frame = self._outgoing.popleft()
            if wire.counts(frame):
                self.counted.append(frame)
            try:
                await self.connection.send(frame)
            except ConnectionClosed:
                return

    async def release(self) -> None:
        """Ends a delay: what waited is delivered in order, both ways."""
        self.delayed = False
        while self._incoming:
            await self._receive(self._incoming.popleft())
        await self.flush()

    def overtake(self) -> None:
        """Lets what is held back by a delay go out last frame first, as frames around a reconnect may arrive."""
        assert self.delayed
        self._outgoing.reverse()

    async def announce(self, cursor: dict[str, Any] | None = None) -> None:
        """Sends this peer's awareness entry, one clock on."""
        await self.send(self._hello(cursor))

    def _hello(self, cursor: dict[str, Any] | None = None) -> bytes:
        state = {"user": {"name": self.name, "color": "#000000"}, "cursor": cursor}
        return wire.awareness([(self.document.client_id, next(self._clock), state)])

    def _begin(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.connections += 1
        self.close_code = None
        self.counted = []
        self.confirmed = 0
        self._outgoing = deque((wire.sync(wire.STEP_1, self.document.get_state()), self._hello()))

    def _changed(self, event: TransactionEvent) -> None:
        if not self._applying and self.connection is not None:
            self._outgoing.append(wire.sync(wire.UPDATE, event.update))

    def _offset(self, at: int) -> int:
        """pycrdt counts UTF-8 bytes."""
        text = str(self.text)
        return at if text.isascii() else len(text[:at].encode())

    async def _live(self, connection: ClientConnection) -> None:
        try:
            while True:
                await self._read(connection)
                self._lost(connection)
                if not self.faithful or self.final:
                    return
                connection = await self._return()
                self._begin(connection)
                await self.flush()
        except Exception as error:  # noqa: BLE001  # told by the next `until`
            self.failure = error
        finally:
            self._lost(connection)

    @property
    def final(self) -> bool:
        """The close code forbids coming back."""
        return self.close_code is not None and 4400 <= self.close_code < 4500

    async def _return(self) -> ClientConnection:
        while True:
            try:
                return await connect(self.url, compression=None, ping_interval=None, proxy=None, max_size=None)
            except (OSError, EOFError, TimeoutError, ConnectionClosed, InvalidMessage):  # the last: it died meanwhile
                await asyncio.sleep(TRY_AGAIN_S)
            except InvalidStatus as error:  # a proxy's, when there is nobody behind it
                if error.response.status_code != HTTPStatus.BAD_GATEWAY:
                    raise
                await asyncio.sleep(TRY_AGAIN_S)

    async def _read(self, connection: ClientConnection) -> None:
        try:
            async for frame in connection:
                assert isinstance(frame, bytes), "the server sent a text frame"
                if self.delayed:
                    self._incoming.append(frame)
                else:
                    await self._receive(frame)
        except ConnectionClosed:
            pass

    def _lost(self, connection: ClientConnection) -> None:
        self.connection = None
        self.synced = False
        self.close_code = connection.close_code
        self._outgoing.clear()
        self._incoming.clear()
        self.bell.ring()

    async def _ended(self) -> None:
        if self._task is not None:
            await asyncio.wait([self._task])
            self._task = None

    async def _receive(self, frame: bytes) -> None:
        self.frames.append(frame)
        match frame[0]:
            case wire.SYNC:
                body, end = wire.read_bytes(frame, 2)
                assert end == len(frame), "bytes behind a sync message"
                await self._synchronise(frame[1], body)
            case wire.AWARENESS:
                self._see(wire.read_awareness(frame))
            case wire.AUTH:
                kind, at = wire.read_varuint(frame, 1)
                assert kind == 0, "only denials are known"
                self.denials.append(wire.read_bytes(frame, at)[0].decode())
            case wire.ACKNOWLEDGEMENT:
                count, end = wire.read_varuint(frame, 1)
                assert end == len(frame), "bytes behind an acknowledgement"
                assert self.confirmed < count <= len(self.counted), (
                    f"{self.name}: acknowledged {count} after {self.confirmed}, {len(self.counted)} sent"
                )
                self.durable += (wire.read_bytes(sent, 2)[0] for sent in self.counted[self.confirmed : count])
                self.confirmed = count
            case other:
                raise AssertionError(f"message of kind {other}")
        self.bell.ring()

    async def _synchronise(self, kind: int, body: bytes) -> None:
        if kind == wire.STEP_1:
            await self.send(wire.sync(wire.STEP_2, self.document.get_update(body)))
            return
        self._apply(body)
        self.synced = self.synced or kind == wire.STEP_2

    def _apply(self, update: bytes) -> None:
        self._applying = True
        try:
            self.document.apply_update(update)
        finally:
            self._applying = False

    def _see(self, entries: list[tuple[int, int, dict[str, Any] | None]]) -> None:
        for client_id, _, state in entries:
            if client_id == self.document.client_id:
                pass  # of an earlier connection that the server had not missed yet
            elif state is None:
                self.presence.pop(client_id, None)
            else:
                self.presence[client_id] = state

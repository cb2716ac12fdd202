"""WebSockets under plain ASGI: one task group per connection, which ends only itself.

Not on Quart's own websocket routes: they cancel their handler when a client goes, and lose its last frames.
"""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Generator, MutableMapping
from contextlib import ExitStack
from functools import partial
from math import inf
from typing import Any
from urllib.parse import parse_qs

import anyio
import anyio.lowlevel
import anyio.to_thread
import structlog
from sqlalchemy.exc import SQLAlchemyError

from collab.errors import DatabaseSilent, DocumentBroken, Refused
from collab.frame import Received, read
from collab.live import REBUILT, LiveDocument
from collab.peer import Peer
from collab.wire import CloseCode
from rooms.errors import DocumentUnknown, TicketInvalid
from rooms.grant import Grant
from rooms.participant import Role
from rooms.seat import Seats
from rooms.service import Service
from web.capacity import Capacity
from web.origin import Arrival, arrival, origin_allowed
from web.panelroom import Panelroom

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Coroutine[Any, Any, None]]
Note = Callable[[Refused, str | None], None]

PREFIX = "/ws/"
_REFUSAL_S = 10.0
_REFUSALS_KEPT = 10_000
_LAST_WORD_S = 5.0
_ENTER_AGAIN_S = 1.0
_STUCK_S = 8.0
# Times as long as a connection is given that answers nothing: a tab behind others renews its presence once a minute.
_SILENT = 9
_LARGE_BYTES = 32 * 2**10
_READERS = 2
_TURN_S = 0.005
_RETRY_AFTER_S = b"10"

# With these the server itself closes a connection, before we see the frame.
_ENDED: dict[int, Refused] = {
    refusal.code.value: refusal
    for refusal in (
        Refused(CloseCode.TOO_BIG, "the frame is too large"),
        Refused(CloseCode.RATE, "too many frames in a short time"),
    )
}

Knock = int
"""Who wants to come in where, ticket and document, hashed: whoever it is says them as long as he likes."""

_log = structlog.get_logger("socket")


class Sockets:
    """The ASGI application for everything under ``/ws/``."""

    def __init__(self, panelroom: Panelroom) -> None:
        settings = panelroom.settings
        self._panelroom = panelroom
        self._refused = Refusals()  # before they were let in
        self._thrown_out = Refusals()  # for what they sent
        self._capacity = Capacity(
            settings.participant_connections, settings.document_connections, settings.server_connections
        )
        self._readers = anyio.CapacityLimiter(_READERS)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        _decline_compression(send)
        query = parse_qs(scope["query_string"].decode("latin-1"))
        ticket = query.get("ticket", [""])[0]
        document_id = scope["path"].removeprefix(PREFIX)
        knock = hash((ticket, document_id))

        def note(refusal: Refused, participant_id: str | None) -> None:
            if 4400 <= refusal.code < 4500 or refusal.code is CloseCode.RATE:
                (self._refused if participant_id is None else self._thrown_out).add(knock, refusal.code)
            _log.warning(
                "peer refused",
                code=refusal.code.value,
                rule=self._panelroom.metrics.refused(refusal.code, refusal.reason),
                reason=refusal.reason,
                document=document_id[:64],
                participant=participant_id,
                address=self._arrival(scope).address,
            )

        thrown_out = self._thrown_out.recent(knock)
        with ExitStack() as place:
            try:
                if self._panelroom.registry.is_draining:
                    raise Refused(CloseCode.RESTART, "the server restarts")
                if thrown_out is not None:
                    raise Refused(thrown_out, "was thrown out a moment ago")
                grant = await self._authorise(scope, document_id, ticket)
                live = await self._panelroom.registry.open(grant.interview_id, document_id)
                if grant.finished:
                    raise Refused(CloseCode.FINISHED, "the interview is finished")
                place.enter_context(self._capacity.taken(grant))
            except (DocumentBroken, SQLAlchemyError) as error:
                is_known = isinstance(error, DatabaseSilent)
                _log.error("document not opened", document=document_id[:64], reason=str(error), exc_info=not is_known)
                await send({"type": "websocket.accept"})
                await send(_close(CloseCode.RESTART, "it cannot be read now"))
                return
            except Refused as refusal:
                # Older stock clients ignore close codes and come straight back: the second time the handshake says it.
                again = thrown_out is not None or self._refused.recent(knock) is not None
                note(refusal, None)
                await _turn_away(scope, send, refusal, in_handshake=again)
                return
            await send({"type": "websocket.accept"})
            # What is decided about somebody reaches those who have joined; what was before is seen here. From the
            # comparison until the peer has joined nothing else runs.
            try:
                while grant.decided != self._panelroom.rooms.moderation.decided:
                    grant = await self._authorise(scope, document_id, ticket)
            except Refused as refusal:
                note(refusal, None)
                await send(_close(refusal.code, refusal.reason))
                return
            settings = self._panelroom.settings
            peer = Peer(
                grant.participant_id,
                grant.user,
                may_write=grant.may_write,
                leaves_half=grant.role is Role.GUEST,
                acknowledges=query.get("v") == ["1"],
                outbox_limit=settings.outbox_bytes,
                frames_per_s=settings.frames_per_s,
                cpu_per_s=settings.cpu_per_s,
            )
            await self._converse(live, peer, grant, receive=receive, send=send, note=note)

    async def _authorise(self, scope: Message, document_id: str, ticket: str) -> Grant:
        """Before a byte of the connection is parsed. Raises Refused."""
        came = self._arrival(scope)
        if not origin_allowed(_headers(scope), came.scheme, came.host, self._panelroom.settings, has_credential=True):
            raise Refused(CloseCode.REMOVED, "this page may not connect here")
        try:
            return await self._panelroom.rooms.authorise_socket(document_id, ticket)
        except TicketInvalid as error:
            raise Refused(CloseCode.TICKET, str(error)) from None
        except DocumentUnknown as error:
            raise Refused(CloseCode.NO_DOCUMENT, str(error)) from None

    def _arrival(self, scope: Message) -> Arrival:
        return arrival(_headers(scope), scope["scheme"], (scope["client"] or [""])[0], self._panelroom.settings)

    async def _converse(
        self, live: LiveDocument, peer: Peer, grant: Grant, *, receive: Receive, send: Send, note: Note
    ) -> None:
        """Until either side closes."""
        rooms, settings = self._panelroom.rooms, self._panelroom.settings
        async with anyio.create_task_group() as tasks:

            def overflow() -> None:
                note(Refused(CloseCode.TOO_SLOW, "the queue of frames is full"), peer.participant_id)

            def closing() -> None:
                tasks.start_soon(_give_up, tasks.cancel_scope)

            peer.on_overflow, peer.on_closing = overflow, closing
            peer.send_now = partial(_send_now, send)
            with live.joined(peer):
                # Whoever closes a room or drains the server closes the peers that have joined; the others see it here.
                closed = rooms.closed(grant.interview_id)
                if closed is not None:
                    peer.close(closed, "the interview is over")
                elif self._panelroom.registry.is_draining:
                    peer.close(CloseCode.RESTART, "the server restarts")
                tasks.start_soon(_attend, rooms.seats, grant, peer)
                tasks.start_soon(_deliver, peer, send, tasks.cancel_scope)
                if settings.server == "hypercorn":  # it sees no pongs
                    tasks.start_soon(_listen, peer, _SILENT * settings.dead_s)
                entered = grant.entered
                while (message := await receive())["type"] == "websocket.receive":
                    peer.heard_at_s = inf  # while we do not read
                    if peer.closing is not None:
                        continue
                    try:
                        await self._accept(live, peer, message.get("bytes"))
                    except Refused as refusal:
                        note(refusal, peer.participant_id)
                        peer.close(refusal.code, refusal.reason)
                    if peer.entered and not entered:
                        entered = True
                        if not await _enter(rooms, grant):
                            tasks.start_soon(_enter_late, rooms, grant)
                    peer.heard_at_s = time.monotonic()
                ended = _ENDED.get(message.get("code", 0))
                if ended is not None and peer.closing is None:
                    note(ended, peer.participant_id)
                tasks.cancel_scope.cancel()

    async def _accept(self, live: LiveDocument, peer: Peer, frame: bytes | None) -> None:
        """One frame to its end. Raises Refused."""
        if frame is None:
            raise Refused(CloseCode.INVALID, "text is not spoken here, only binary frames")
        if len(frame) > self._panelroom.settings.max_frame_bytes:
            raise Refused(CloseCode.LIMIT, "the frame is too large")
        peer.spend(len(frame))
        if len(frame) > _LARGE_BYTES:  # nobody else waits until it is read
            received, spent_s = await anyio.to_thread.run_sync(_read, frame, limiter=self._readers)
        else:
            received, spent_s = _read(frame)
        while peer.closing is None:
            started_s = time.thread_time()
            try:
                ticket = live.accept(peer, frame, received)
            except DocumentBroken as broken:
                self._panelroom.registry.rebuild(live, broken.poison)
                ticket = REBUILT
                if broken.poison is not None:
                    raise Refused(CloseCode.INVALID, "an update that breaks the document") from None
            spent_s += time.thread_time() - started_s
            peer.spend_cpu(spent_s)
            if spent_s > _TURN_S:  # more may be waiting: the others' frames come first
                await anyio.lowlevel.checkpoint()
            if ticket is None:
                return
            spent_s = 0.0
            await live.reached(ticket)


class Refusals:
    """Who was refused in the last seconds, and with which code."""

    def __init__(self) -> None:
        self._codes: OrderedDict[Knock, tuple[float, CloseCode]] = OrderedDict()

    def add(self, knock: Knock, code: CloseCode) -> None:
        if self.recent(knock) is None:
            self._codes[knock] = (time.monotonic(), code)

    def recent(self, knock: Knock) -> CloseCode | None:
        long_ago = time.monotonic() - _REFUSAL_S
        while self._codes and (next(iter(self._codes.values()))[0] < long_ago or len(self._codes) > _REFUSALS_KEPT):
            self._codes.popitem(last=False)
        refused = self._codes.get(knock)
        return None if refused is None else refused[1]


def _read(frame: bytes) -> tuple[Received, float]:
    """The frame, and the seconds that reading it took."""
    started_s = time.thread_time()
    return read(frame), time.thread_time() - started_s


def _close(code: CloseCode, reason: str) -> Message:
    return {"type": "websocket.close", "code": code.value, "reason": reason}


async def _turn_away(scope: Message, send: Send, refusal: Refused, *, in_handshake: bool) -> None:
    """In the handshake it is an HTTP status: 429 for a limit, or 403, which is all that some servers can send."""
    if not in_handshake:
        await send({"type": "websocket.accept"})
    elif refusal.code is CloseCode.RATE and "websocket.http.response" in scope.get("extensions", {}):
        headers = [(b"retry-after", _RETRY_AFTER_S), (b"content-length", b"0")]
        await send({"type": "websocket.http.response.start", "status": 429, "headers": headers})
        await send({"type": "websocket.http.response.body", "body": b""})
        return
    await send(_close(refusal.code, refusal.reason))


def _headers(scope: Message) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


class Begun:
    """A coroutine that was started outside the task which is to finish it, and the future that it waits for."""

    def __init__(self, step: Coroutine[Any, Any, None], waits_for: Any) -> None:
        self._step = step
        self._waits_for = waits_for

    def __await__(self) -> Generator[Any, Any, None]:
        waits_for = self._waits_for
        while True:
            try:
                try:
                    value = yield waits_for
                except BaseException as error:  # noqa: BLE001 - the coroutine decides, also about a cancellation
                    waits_for = self._step.throw(error)
                else:
                    waits_for = self._step.send(value)
            except StopIteration:
                return


def _send_now(send: Send, frame: bytes) -> Awaitable[None] | None:
    """One step of ``send``: nearly always the whole of it, without waking a task for every frame."""
    step = send({"type": "websocket.send", "bytes": frame})
    try:
        return Begun(step, step.send(None))
    except StopIteration:
        return None
    except OSError:
        return None  # it has gone, and its own task will see that
    except Exception as error:  # noqa: BLE001 - raised again in the task of the peer that it concerns
        return _failed(error)


async def _failed(error: Exception) -> None:
    raise error


async def _deliver(peer: Peer, send: Send, connection: anyio.CancelScope) -> None:
    """Send what the peer is offered; after its last frame, the close, and the connection is over."""
    try:
        while items := await peer.take():
            for item in items:
                if peer.closing is not None and peer.closing[0] is CloseCode.TOO_SLOW:
                    break
                with anyio.move_on_after(_STUCK_S) as patience:
                    await (send({"type": "websocket.send", "bytes": item}) if isinstance(item, bytes) else item)
                if patience.cancelled_caught:
                    peer.drop("you take nothing")
                    connection.cancel()
                    return
        if peer.closing is not None:
            code, reason = peer.closing
            await send({"type": "websocket.close", "code": code.value, "reason": reason})
    except OSError:
        return  # it has gone; what it sent before that is still being received
    connection.cancel()


async def _listen(peer: Peer, silent_s: float) -> None:
    """Whoever has announced presence renews it by himself: who does not any more has gone."""
    while True:
        await anyio.sleep(silent_s / 4)
        if peer.client_id is not None and time.monotonic() - peer.heard_at_s > silent_s:
            peer.drop("nothing has been heard of you")


async def _give_up(connection: anyio.CancelScope) -> None:
    """A peer that is being closed has this long to take what is on its way, and the reason."""
    await anyio.sleep(_LAST_WORD_S)
    connection.cancel()


async def _attend(seats: Seats, grant: Grant, peer: Peer) -> None:
    """The participant is there for as long as this runs."""
    try:
        await seats.connected(grant, peer.close)
        await anyio.sleep_forever()
    except Exception:  # noqa: BLE001 - a database that fails must not keep anybody out of the room
        _log.exception("attendance not recorded", participant=grant.participant_id)
        await anyio.sleep_forever()
    finally:
        with anyio.CancelScope(shield=True):
            await _depart(seats, grant)


async def _depart(seats: Seats, grant: Grant) -> None:
    try:
        await seats.disconnected(grant)
    except Exception:  # noqa: BLE001 - as above
        _log.exception("departure not recorded", participant=grant.participant_id)


async def _enter(rooms: Service, grant: Grant) -> bool:
    """Whether it is on record."""
    try:
        await rooms.enter(grant)
    except SQLAlchemyError as error:
        _log.warning("entry not recorded", participant=grant.participant_id, reason=str(error))
        return False
    except Exception:  # noqa: BLE001 - as above
        _log.exception("entry not recorded", participant=grant.participant_id)
    return True


async def _enter_late(rooms: Service, grant: Grant) -> None:
    """When the database is well again."""
    await anyio.sleep(_ENTER_AGAIN_S)
    while not await _enter(rooms, grant):  # noqa: ASYNC110 - it is tried, not waited for
        await anyio.sleep(_ENTER_AGAIN_S)


def _decline_compression(send: Send) -> None:
    """Hypercorn negotiates permessage-deflate and has no switch for it; other servers are configured not to."""
    handshake = getattr(getattr(send, "__self__", None), "handshake", None)
    if handshake is not None:
        handshake.extensions = None

"""WebSockets under plain ASGI: one task group per connection, which ends only itself.

Not on Quart's own websocket routes: they cancel their handler when a client goes, and lose its last frames.
"""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Generator, MutableMapping
from functools import partial
from typing import Any
from urllib.parse import parse_qs

import anyio
import structlog
from sqlalchemy.exc import SQLAlchemyError

from collab.errors import DocumentBroken, Refused
from collab.live import LiveDocument
from collab.peer import Peer
from collab.wire import CloseCode
from rooms.errors import DocumentUnknown, TicketInvalid
from rooms.service import Grant, Service
from web.origin import arrival, origin_allowed
from web.panelroom import Panelroom

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Coroutine[Any, Any, None]]
Note = Callable[[Refused, str | None], None]

PREFIX = "/ws/"
_REFUSAL_S = 10.0
_REFUSALS_KEPT = 10_000
_LAST_WORD_S = 5.0

Knock = tuple[str, str]
"""Who wants to come in where: ticket and document."""

_log = structlog.get_logger("socket")


class Sockets:
    """The ASGI application for everything under ``/ws/``."""

    def __init__(self, panelroom: Panelroom) -> None:
        self._panelroom = panelroom
        self._refused: OrderedDict[Knock, float] = OrderedDict()  # when they were refused before they were let in
        self._thrown_out: OrderedDict[Knock, float] = OrderedDict()  # when they were refused for what they sent

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        _decline_compression(send)
        query = parse_qs(scope["query_string"].decode("latin-1"))
        ticket = query.get("ticket", [""])[0]
        document_id = scope["path"].removeprefix(PREFIX)
        knock = (ticket, document_id)

        def note(refusal: Refused, participant_id: str | None) -> None:
            if 4400 <= refusal.code < 4500 or refusal.code is CloseCode.RATE:
                refused = self._refused if participant_id is None else self._thrown_out
                refused.setdefault(knock, time.monotonic())
            _log.warning(
                "peer refused",
                code=refusal.code.value,
                reason=refusal.reason,
                document=document_id[:64],
                participant=participant_id,
                address=_address(scope),
            )

        try:
            if _is_recent(self._thrown_out, knock):
                raise Refused(CloseCode.INVALID, "was thrown out a moment ago")
            grant = await self._authorise(scope, document_id, ticket)
            live = await self._panelroom.registry.open(grant.interview_id, document_id)
            if grant.finished:
                raise Refused(CloseCode.FINISHED, "the interview is finished")
        except (DocumentBroken, SQLAlchemyError):
            _log.exception("document not opened", document=document_id[:64])
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": CloseCode.RESTART.value, "reason": "it cannot be read now"})
            return
        except Refused as refusal:
            # Older stock clients ignore close codes and come straight back: the second time the handshake says it.
            again = _is_recent(self._thrown_out, knock) or _is_recent(self._refused, knock)
            note(refusal, None)
            if not again:
                await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": refusal.code.value, "reason": refusal.reason})
            return
        await send({"type": "websocket.accept"})
        settings = self._panelroom.settings
        peer = Peer(
            grant.participant_id,
            grant.user,
            may_write=grant.may_write,
            acknowledges=query.get("v") == ["1"],
            outbox_limit=settings.outbox_bytes,
            frames_per_s=settings.frames_per_s,
        )
        await self._converse(live, peer, grant, receive=receive, send=send, note=note)

    async def _authorise(self, scope: Message, document_id: str, ticket: str) -> Grant:
        """Before a byte of the connection is parsed. Raises Refused."""
        settings = self._panelroom.settings
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        came = arrival(headers, scope["scheme"], _address(scope), settings)
        if not origin_allowed(headers, came.scheme, came.host, settings, has_credential=True):
            raise Refused(CloseCode.REMOVED, "this page may not connect here")
        try:
            return await self._panelroom.rooms.authorise_socket(document_id, ticket)
        except TicketInvalid as error:
            raise Refused(CloseCode.TICKET, str(error)) from None
        except DocumentUnknown as error:
            raise Refused(CloseCode.NO_DOCUMENT, str(error)) from None

    async def _converse(
        self, live: LiveDocument, peer: Peer, grant: Grant, *, receive: Receive, send: Send, note: Note
    ) -> None:
        """Until either side closes."""
        rooms = self._panelroom.rooms
        async with anyio.create_task_group() as tasks:

            def overflow() -> None:
                note(Refused(CloseCode.TOO_SLOW, "the queue of frames is full"), peer.participant_id)
                tasks.start_soon(_give_up, tasks.cancel_scope)

            peer.on_overflow = overflow
            peer.send_now = partial(_send_now, send)
            with live.joined(peer):
                # Whoever closes a room or drains the server closes the peers that have joined; the others see it here.
                closed = rooms.closed(grant.interview_id)
                if closed is not None:
                    peer.close(closed, "the interview is over")
                elif self._panelroom.registry.is_draining:
                    peer.close(CloseCode.RESTART, "the server restarts")
                tasks.start_soon(_attend, rooms, grant)
                tasks.start_soon(_deliver, peer, send, tasks.cancel_scope)
                entered = grant.entered
                while (message := await receive())["type"] == "websocket.receive":
                    if peer.closing is not None:
                        continue
                    try:
                        self._accept(live, peer, message.get("bytes"))
                    except Refused as refusal:
                        note(refusal, peer.participant_id)
                        peer.close(refusal.code, refusal.reason)
                    except DocumentBroken:
                        self._panelroom.registry.discard(live)
                    if peer.entered and not entered:
                        entered = True
                        await _enter(rooms, grant)
                if message.get("code") == CloseCode.TOO_BIG:  # the server closed it before we saw the frame
                    note(Refused(CloseCode.TOO_BIG, "the frame is too large"), peer.participant_id)
                tasks.cancel_scope.cancel()

    def _accept(self, live: LiveDocument, peer: Peer, frame: bytes | None) -> None:
        if frame is None:
            raise Refused(CloseCode.INVALID, "text is not spoken here, only binary frames")
        if len(frame) > self._panelroom.settings.max_frame_bytes:
            raise Refused(CloseCode.LIMIT, "the frame is too large")
        live.accept(peer, frame)


def _is_recent(refusals: OrderedDict[Knock, float], knock: Knock) -> bool:
    long_ago = time.monotonic() - _REFUSAL_S
    while refusals and (next(iter(refusals.values())) < long_ago or len(refusals) > _REFUSALS_KEPT):
        refusals.popitem(last=False)
    return knock in refusals


def _address(scope: Message) -> str:
    return scope["client"][0] if scope["client"] else ""


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
                await (send({"type": "websocket.send", "bytes": item}) if isinstance(item, bytes) else item)
        if peer.closing is not None:
            code, reason = peer.closing
            await send({"type": "websocket.close", "code": code.value, "reason": reason})
    except OSError:
        return  # it has gone; what it sent before that is still being received
    connection.cancel()


async def _give_up(connection: anyio.CancelScope) -> None:
    """A peer that was too slow has this long to take what is on its way, and the reason."""
    await anyio.sleep(_LAST_WORD_S)
    connection.cancel()


async def _attend(rooms: Service, grant: Grant) -> None:
    """The participant is there for as long as this runs."""
    try:
        await rooms.connected(grant)
        await anyio.sleep_forever()
    except Exception:  # noqa: BLE001 - a database that fails must not keep anybody out of the room
        _log.exception("attendance not recorded", participant=grant.participant_id)
        await anyio.sleep_forever()
    finally:
        with anyio.CancelScope(shield=True):
            await _depart(rooms, grant)


async def _depart(rooms: Service, grant: Grant) -> None:
    try:
        await rooms.disconnected(grant)
    except Exception:  # noqa: BLE001 - as above
        _log.exception("departure not recorded", participant=grant.participant_id)


async def _enter(rooms: Service, grant: Grant) -> None:
    try:
        await rooms.enter(grant)
    except Exception:  # noqa: BLE001 - as above
        _log.exception("entry not recorded", participant=grant.participant_id)


def _decline_compression(send: Send) -> None:
    """Hypercorn negotiates permessage-deflate and has no switch for it; other servers are configured not to."""
    handshake = getattr(getattr(send, "__self__", None), "handshake", None)
    if handshake is not None:
        handshake.extensions = None

"""One server process at a time on one port, by the ASGI server of the settings."""

import asyncio
import gc
import logging
import os
import signal
import socket
import sqlite3
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import anyio
import structlog
import uvicorn
import uvloop
from quart import Quart
from sqlalchemy.exc import DBAPIError

from collab.database import migrate, wait_for
from collab.errors import SchemaUnknown, is_locked
from collab.note import SharedNote
from web import systemd
from web.app import create_app
from web.claim import DataTaken, claim
from web.connection import PING, PONG, Connection, Request
from web.panelroom import DATABASE_NAME, Panelroom
from web.settings import Settings
from web.supervisor import STOPS, Start, Supervisor

_GRACE_S = 1  # for requests that are being answered: meanwhile everybody else is away
_DRAIN_S = 10.0
_END_S = 25.0
_UNSENT_BYTES = 16 * 2**10
_BACKLOG = 1024
_ADVICE = "Give one that you may write in with --data."

_log = structlog.get_logger("serve")

Stopped = Callable[[], Awaitable[None]]
Ready = Callable[[str, Panelroom, bool], Awaitable[None]]


class CannotServe(OSError):
    """Raised when the server cannot start, as without the port or the data directory; says so in a sentence."""


def serve(settings: Settings, host: str, port: int, data: Path, ready: Ready) -> int:
    """Serve until SIGTERM or SIGINT, whatever ends a server process meanwhile. Returns the exit status, in every server
    process too; there ``ready`` is called with the address, and whether it is for the first time, once requests are
    answered.

    Raises CannotServe.
    """
    with _listen(host, port, settings) as listener, _claim(data):
        try:
            wait_for(data / DATABASE_NAME, partial(_log.warning, "another process has the database: waiting for it"))
            migrate(data / DATABASE_NAME)
        except sqlite3.Error as error:
            reason = "another process has locked it for a minute" if is_locked(error) else str(error)
            raise CannotServe(f"Cannot use the database in {data}: {reason}. {_ADVICE}") from None
        except SchemaUnknown as error:
            raise CannotServe(f"Cannot use the database in {data}: {error}.") from None
        except DBAPIError as error:
            raise CannotServe(f"Cannot use the database in {data}: {error.orig}. {_ADVICE}") from None
        note = SharedNote()

        def run(start: Start) -> None:
            app = create_app(settings, data, note, start.poisons)
            uvloop.run(_serve(app, settings, listener, start, ready))

        return Supervisor(run, note, stopping=listener.close).run()


async def _serve(app: Quart, settings: Settings, listener: socket.socket, start: Start, ready: Ready) -> None:
    host, port = listener.getsockname()[:2]
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    up = False
    stop = asyncio.Event()

    def end() -> None:
        """Told to stop. Whatever holds it up then, it ends in time; what is acknowledged is on disk."""
        if not stop.is_set():
            stop.set()
            systemd.notify("STOPPING=1")
            late = threading.Timer(_END_S if up else 0, os._exit, [0])
            late.daemon = True
            late.start()

    for number in STOPS:
        asyncio.get_running_loop().add_signal_handler(number, end)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)

    async def stopped() -> None:
        """Return when it is time to stop, with every room saved and everybody sent away to come back."""
        nonlocal up
        panelroom: Panelroom = app.extensions["panelroom"]
        gc.collect()
        gc.freeze()  # what is there now stays: looking at it again would hold everybody up
        up = True
        await ready(address, panelroom, start.is_first)
        start.ready()
        systemd.notify("READY=1")
        if not start.is_first:
            _log.warning("server process is back", after_s=round(time.monotonic() - start.died_at_s, 3))
        await stop.wait()
        panelroom.journal.end_subscriptions()
        try:
            with anyio.move_on_after(_DRAIN_S):
                await panelroom.registry.drain()
        except Exception:  # noqa: BLE001 - it is time to stop, whatever the disk says
            _log.exception("the last commit failed")
        if waiting := panelroom.journal.queued - panelroom.journal.durable:
            _log.error("not everything could be saved", updates=waiting)

    try:
        await (_hypercorn if settings.server == "hypercorn" else _uvicorn)(app, listener, settings, stopped)
    except SystemExit:  # they have logged why
        pass
    if not up:
        raise CannotServe("The server could not start; the log says why.")


def _listen(host: str, port: int, settings: Settings) -> socket.socket:
    try:
        listener = systemd.inherited() or _bound(host, port)
    except ValueError as error:
        raise CannotServe(f"Cannot serve on the socket of systemd: {error}.") from None
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if sys.platform == "linux":  # accepted sockets inherit it
        # A peer that takes nothing for so long is gone; under Hypercorn nothing else asks whether it is there.
        dead_s = settings.dead_s * (PONG if settings.server == "hypercorn" else 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(dead_s * 1000))
        # What a slow peer has not been sent yet waits in its queue, which is bounded, not in the kernel's memory.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT_BYTES)
    listener.setblocking(False)
    return listener


def _bound(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise CannotServe(
            f"Cannot listen on {host}, port {port}: {error.strerror}. Choose another with --port."
        ) from None
    return listener


def _claim(data: Path) -> TextIO:
    try:
        return claim(data)
    except OSError as error:
        raise CannotServe(f"Cannot use the data directory {data}: {error.strerror}. {_ADVICE}") from None
    except DataTaken:
        raise CannotServe(
            f"Another server is running on the data directory {data}. Choose another with --data."
        ) from None


async def _uvicorn(app: Quart, listener: socket.socket, settings: Settings, stopped: Stopped) -> None:
    # Its own log would hold tickets: it writes the query of every WebSocket.
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    config = uvicorn.Config(
        app,
        ws=partial(Connection, frames_per_s=settings.frames_per_s),  # type: ignore[arg-type]
        ws_max_size=settings.hard_frame_bytes,
        ws_ping_interval=PING * settings.dead_s,
        ws_ping_timeout=PONG * settings.dead_s,
        ws_per_message_deflate=False,
        http=Request,
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=2 * _GRACE_S,
    )
    server = _Uvicorn(config)
    stopping = asyncio.create_task(server.stop_after(stopped))
    try:
        await server.serve(sockets=[listener])
    finally:
        stopping.cancel()


class _Uvicorn(uvicorn.Server):
    """Leaves the signals to us: uvicorn would end with the signal's exit status, and before the rooms are saved."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._up = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._up.set()

    async def stop_after(self, stopped: Stopped) -> None:
        await self._up.wait()
        await stopped()
        self.should_exit = True
        await anyio.sleep(_GRACE_S)
        for connection in list(self.server_state.connections):  # whoever does not take his answer is not waited for
            connection.transport.abort()


async def _hypercorn(app: Quart, listener: socket.socket, settings: Settings, stopped: Stopped) -> None:
    import hypercorn.asyncio  # it takes an eighth of the time to start, and is seldom chosen  # noqa: PLC0415
    import hypercorn.config  # noqa: PLC0415
    from hypercorn.utils import LifespanFailureError  # noqa: PLC0415

    config = hypercorn.config.Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.websocket_max_message_size = settings.hard_frame_bytes
    config.graceful_timeout = _GRACE_S
    config.include_server_header = False
    config.accesslog = None
    config.errorlog = logging.getLogger("hypercorn.error")
    asyncio.get_running_loop().set_exception_handler(_hypercorn_failed)
    with suppress(LifespanFailureError):  # it has logged why
        await hypercorn.asyncio.serve(app, config, shutdown_trigger=stopped)


def _hypercorn_failed(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Hypercorn lets out what the kernel says of a peer that is gone; anything else is an error."""
    if not isinstance(context.get("exception"), TimeoutError):
        loop.default_exception_handler(context)

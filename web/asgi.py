"""Which part of the application a connection goes to."""

from collections.abc import Awaitable, Callable

from web.socket import PREFIX, Message, Receive, Send, Sockets

Application = Callable[[Message, Receive, Send], Awaitable[None]]


class Dispatch:
    """WebSockets under /ws/ to our own loop, everything else to Quart."""

    def __init__(self, sockets: Sockets, quart: Application) -> None:
        self._sockets = sockets
        self._quart = quart

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await self._quart(scope, receive, send)
        elif scope["path"].startswith(PREFIX):
            await self._sockets(scope, receive, send)
        else:
            await receive()  # websocket.connect
            await send({"type": "websocket.close"})  # before an accept: 403

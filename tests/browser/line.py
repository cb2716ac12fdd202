"""The network between a page and the server."""

from playwright.async_api import Page, WebSocketRoute


class Line:
    """What lies between a page and the server: it can swallow what the page sends, and speak in the server's place."""

    def __init__(self) -> None:
        self.sockets: list[WebSocketRoute] = []
        self.swallows = False

    async def lay(self, page: Page) -> None:
        await page.route_web_socket("**/ws/**", self._connect)

    async def refuse(self, code: int, reason: str = "") -> None:
        self.swallows = False
        await self.sockets[-1].close(code=code, reason=reason)

    def deny(self, reason: str) -> None:
        self.swallows = False
        self.sockets[-1].send(b"\x02\x00" + bytes([len(reason)]) + reason.encode())

    def _connect(self, socket: WebSocketRoute) -> None:
        self.sockets.append(socket)
        server = socket.connect_to_server()

        def pass_on(message: str | bytes) -> None:
            if not self.swallows:
                server.send(message)

        socket.on_message(pass_on)

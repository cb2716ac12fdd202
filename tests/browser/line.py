"""The network between a page and the server."""

from playwright.async_api import Page, WebSocketRoute

from tests.browser.person import wait


class Line:
    """What lies between a page and the server: it can swallow what the page sends, and speak in the server's place."""

    def __init__(self) -> None:
        self.page: Page
        self.sockets: list[WebSocketRoute] = []
        self.servers: list[WebSocketRoute] = []
        self.swallows = False

    async def lay(self, page: Page) -> None:
        self.page = page
        await page.route_web_socket("**/ws/**", self._connect)

    async def cut(self) -> None:
        """The network is gone, and the page learns it at once: by itself it waits some seconds for an answer."""
        await self.page.context.set_offline(True)
        await self.sockets[-1].close(code=1012)
        await self.servers[-1].close()
        await wait(self.page, "panelroomRoom.state().connection === 'offline'")

    async def refuse(self, code: int, reason: str = "") -> None:
        self.swallows = False
        await self.sockets[-1].close(code=code, reason=reason)

    def deny(self, reason: str) -> None:
        self.swallows = False
        self.sockets[-1].send(b"\x02\x00" + bytes([len(reason)]) + reason.encode())

    def _connect(self, socket: WebSocketRoute) -> None:
        self.sockets.append(socket)
        server = socket.connect_to_server()
        self.servers.append(server)

        def pass_on(message: str | bytes) -> None:
            if not self.swallows:
                server.send(message)

        socket.on_message(pass_on)

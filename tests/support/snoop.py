"""Somebody curious, who calls every route, opens every socket and stream, and keeps every byte."""

import base64
import json
import re
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import product
from typing import Any

import httpx2
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.support import wire
from tests.support.listener import Listener
from tests.support.server import Server
from tests.support.tap import Tap

Call = tuple[dict[str, str], Any]
"""Query and body of a request; the names in braces that stand in them are filled in."""


USER_AGENT = "Mozilla/5.0 (X11; CrOS) Vivaldi/7.6"
BROWSER = "Vivaldi on ChromeOS"  # as interviewers are shown it


class Snoop:
    """One person with one browser."""

    def __init__(self, server: Server, interview: str, name: str) -> None:
        self.server = server
        self.interview = interview
        self.name = name
        self.cookies: dict[str, str] = {}
        self.participant_id = ""
        self.ticket = ""  # the newest; it is kept when it is revoked
        self.haul: list[tuple[str, bytes]] = []

    async def sign_in(self, link: str) -> None:
        async with self._browser() as browser:
            answer = await browser.post("/sign-in", data={"token": link.partition("token=")[2]})
            assert answer.status_code == 303, answer.text
            self.cookies |= dict(answer.cookies)

    async def join(self, role: str) -> str:
        """The state of the admission."""
        async with self._browser() as browser:
            asked = {"as": role, "name": self.name}
            answer = await browser.post(f"/api/v1/interviews/{self.interview}/join", json=asked)
            assert answer.status_code == 200, answer.text
            self.cookies |= dict(answer.cookies)
        joined = answer.json()
        self.participant_id, self.ticket = joined["participant_id"], joined["ticket"]
        return str(joined["admission"]["state"])

    @asynccontextmanager
    async def listening(self, when: str) -> AsyncGenerator["Taps"]:
        """All sockets and streams that there are, for the length of the block."""
        cookie = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        ears: list[Listener] = []
        sockets: list[Socket] = []
        async with AsyncExitStack() as stack:
            for ticket in (
                (f"ticket={self.ticket}", "") if self.ticket and when == "live" else (f"ticket={self.ticket}",)
            ):
                for after in ("", "&after=0"):
                    url = f"{self.server.url}/api/v1/interviews/{self.interview}/events?{ticket}{after}"
                    ears.append(await stack.enter_async_context(Listener(url, cookie)))
                for part in ("", ".notes"):
                    url = f"{self.server.url.replace('http', 'ws')}/ws/{self.interview}{part}?{ticket}"
                    sockets.append(await stack.enter_async_context(Socket(url)))
            dashboard = await stack.enter_async_context(Listener(f"{self.server.url}/api/v1/events", cookie))
            yield Taps(ears, sockets)
        ears.append(dashboard)
        self.haul += ((f"{when}: {ear.url}", bytes(ear.raw)) for ear in ears)
        self.haul += ((f"{when}: {socket.url}", b"\n".join(socket.heard)) for socket in sockets)

    async def call(
        self,
        table: Mapping[str, Sequence[Call]],
        places: Mapping[str, Sequence[str]],
        names: Mapping[str, str],
        when: str,
    ) -> None:
        """Every route of the table ("METHOD /rule"), with everything that may stand in its places."""
        names = {**names, "{ticket}": self.ticket}
        async with self._browser() as browser:
            for route, calls in table.items():
                method, _, rule = route.partition(" ")
                holes = re.findall("<.*?>", rule)
                # What changes something is asked of the first place only.
                chosen = [places[hole] if method == "GET" else places[hole][:1] for hole in holes]
                for values, call in product(product(*chosen), calls):
                    path, sent = rule, json.dumps(call)
                    for hole, value in zip(holes, values, strict=True):
                        path = path.replace(hole, value)
                    for name, value in names.items():
                        sent = sent.replace(name, value)
                    query, body = json.loads(sent)
                    answer = await browser.request(method, path, params=query, json=body)
                    told = f"{answer.status_code} {answer.headers}\n".encode() + answer.content
                    self.haul.append((f"{when}: {method} {path} {sent} -> {answer.status_code}", told))

    def found(self, secret: str, *, plainly: bool = False) -> list[str]:
        """Where it is in what was kept, in any encoding in which something might carry it."""
        forms = [secret.encode()] if plainly else list(encodings(secret))
        return [source for source, data in self.haul if any(form in data for form in forms)]

    def _browser(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(
            base_url=self.server.url,
            headers={"Origin": self.server.url, "User-Agent": USER_AGENT},
            cookies=self.cookies,
            timeout=60,
            trust_env=False,
            verify=False,  # reading the certificates takes longer than the calls
        )


def encodings(secret: str) -> Iterable[bytes]:
    data = secret.encode()
    yield data
    yield data.hex().encode()
    yield secret.encode("utf-16-le")
    for shift in range(3):  # of base64 only the characters that depend on nothing but the secret
        padded = base64.b64encode(bytes(shift) + data)
        yield padded[(0, 2, 3)[shift] : len(padded) - 4]


class Socket(Tap):
    """Asks for the whole document and everybody's presence, and writes down what it is told."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.heard: list[bytes] = []

    async def hear_or_end(self, text: str) -> None:
        await self.until(lambda: self.ended or any(text.encode() in frame for frame in self.heard), text)

    async def _listen(self) -> None:
        try:
            async with connect(self.url, compression=None, ping_interval=None, proxy=None, max_size=None) as socket:
                await socket.send(wire.sync(wire.STEP_1, b"\0"))
                await socket.send(bytes((wire.QUERY_AWARENESS,)))
                try:
                    while True:
                        frame = await socket.recv()
                        self.heard.append(frame if isinstance(frame, bytes) else frame.encode())
                        self._bell.ring()
                finally:
                    self.heard.append((socket.close_reason or "").encode())
        except InvalidStatus as refused:
            self.heard.append(bytes(refused.response.body or b""))
        except ConnectionClosed:
            pass


class Taps:
    def __init__(self, ears: list[Listener], sockets: list[Socket]) -> None:
        self.ears = ears
        self.sockets = sockets

    async def until(self, title: str, text: str) -> None:
        """Everything before these has come: a title of the interview, a text in the code."""
        for ear in self.ears:
            await ear.hear_or_end("interview.changed", title=title)
        for socket in self.sockets:
            if ".notes?" not in socket.url:
                await socket.hear_or_end(text)

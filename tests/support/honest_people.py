"""Honest people: stock providers in one Node process, whose time and network are the test's, and pycrdt's own."""

import base64
import json
import random
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pycrdt import Doc, Map, Text, TransactionEvent, UndoManager

from tests.support import wire
from tests.support.node import interop, node

PACKAGES = ("y-websocket-2.1", "y-websocket-3.0", "y-websocket-3.1")
Event = tuple[float, int, str, str | None]
"""Moment, socket, what happened, and with what: ``dial`` with a URL, ``send`` with a frame, ``hang up``."""


@dataclass(frozen=True, slots=True)
class State:
    """What somebody has and sees."""

    texts: dict[str, str]
    files: dict[str, Any]
    whole: bytes
    pending: bool
    synced: bool
    seen: set[int]

    @classmethod
    def of(cls, told: dict[str, Any]) -> "State":
        """As the Node program says it."""
        whole = base64.b64decode(told["whole"])
        return cls(told["texts"], told["files"], whole, told["pending"], told["synced"], set(told["seen"]))


class People:
    """Stock people. Whatever is done to them may make them dial, send and hang up: ``take`` says so."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.next_moment: float | None = None
        self._process = process
        self._events: list[Event] = []

    def ask(self, moment: float, verb: str, *given: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([moment, verb, *given]) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the people have died"
        told = json.loads(line)
        self.next_moment = told["next"]
        self._events += map(tuple, told["events"])
        return told["answer"]

    def take(self) -> list[Event]:
        events, self._events = self._events, []
        return events

    def read(self, moment: float, name: str) -> State:
        return State.of(self.ask(moment, "read", name))


@contextmanager
def people(time: str = "virtual") -> Iterator[People]:
    """All the stock people of the tests, one room of them at a time; in ``real`` time, their sockets are real too."""
    command = [node(), "honest.mjs", time]
    with subprocess.Popen(
        command, cwd=interop(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        yield People(process)
        assert process.stdin is not None
        process.stdin.close()
    assert process.returncode == 0


class Notebook:
    """Somebody at pycrdt's Provider: it sends every change of its document back, also what it has just received, and
    knows no presence. Places are parts of the text, as for the others.
    """

    def __init__(self, client_id: int) -> None:
        self.document: Doc[Any] = Doc(client_id=client_id)
        self.text = self.document.get("source", type=Text)
        self.files = self.document.get("files", type=Map)
        self.history = UndoManager(scopes=[self.text], capture_timeout_millis=0)
        self.history.include_origin("editor")
        self.synced = False
        self.is_open = False
        self._frames: list[bytes] = []
        self._observed = self.document.observe(self._changed)

    def take(self) -> list[bytes]:
        """The frames that it has sent since the last look."""
        frames, self._frames = self._frames, []
        return frames

    def opened(self) -> None:
        self.is_open = True
        self._frames.append(wire.sync(wire.STEP_1, self.document.get_state()))

    def closed(self) -> None:
        self.is_open = self.synced = False

    def received(self, frame: bytes) -> None:
        if frame[0] != wire.SYNC or not self.is_open:
            return
        body = wire.read_bytes(frame, 2)[0]
        if frame[1] == wire.STEP_1:
            self._frames.append(wire.sync(wire.STEP_2, self.document.get_update(body)))
            return
        self.synced = self.synced or frame[1] == wire.STEP_2
        if body != b"\0\0":
            self.document.apply_update(body)

    def act(self, kind: str, seed: int, where: float | None) -> None:
        chance = random.Random(seed)
        text = str(self.text)
        at = len(text) if where is None else int(where * len(text))
        match kind:
            case "undo":
                if self.history.can_undo():
                    self.history.undo()
            case "redo":
                if self.history.can_redo():
                    self.history.redo()
            case "name":
                with self.document.transaction(origin="editor"):
                    self.files[chance.choice(["one", "two", "three"])] = {"name": "ü", "tabs": [2, None, True]}
            case "clear":
                self._change(text, 0, len(text), "")
            case "delete" | "backspace":
                self._change(text, at, chance.randint(1, 8), "")
            case _:
                written = "".join(chance.choices("pycrdt é😀\n", k=1 if kind == "key" else chance.randint(1, 60)))
                self._change(text, at, 5 if kind == "replace" else 0, written)

    def _change(self, text: str, at: int, length: int, written: str) -> None:
        """pycrdt counts bytes of UTF-8."""
        start, end = len(text[:at].encode()), len(text[: at + length].encode())
        with self.document.transaction(origin="editor"):
            if end > start:
                del self.text[start:end]
            if written:
                self.text.insert(start, written)

    def _changed(self, event: TransactionEvent) -> None:
        if self.is_open:
            self._frames.append(wire.sync(wire.UPDATE, event.update))

    def read(self) -> State:
        roots = [name for name in self.document.keys() if name.split("/")[0] == "source"]  # noqa: SIM118
        return State(
            {name: str(self.document.get(name, type=Text)) for name in roots},
            self.files.to_py() or {},
            self.document.get_update(),
            False,
            self.synced,
            set(),
        )

"""What updates cost Yjs and pycrdt to integrate, live and as a newcomer, each in a process that can be ended."""

import base64
import json
import os
import select
import subprocess
import time
from dataclasses import astuple, dataclass, fields
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, Self

from pycrdt import Doc, Map, Text

from tests.support.node import interop, node

LIMIT_S = 30.0


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of processor time."""

    yjs_live: float = 0.0
    yjs_join: float = 0.0
    pycrdt_live: float = 0.0
    pycrdt_join: float = 0.0

    def __str__(self) -> str:
        return "  ".join(f"{name.name.replace('_', ' ')} {getattr(self, name.name):5.2f}" for name in fields(self))

    def or_less(self, other: "Cost") -> "Cost":
        return Cost(*map(min, astuple(self), astuple(other)))


def _new() -> Doc[Any]:
    doc: Doc[Any] = Doc()
    doc.get("source", type=Text)
    doc.get("files", type=Map)
    return doc


def _apply(updates: list[bytes]) -> tuple[float, bytes]:
    """Seconds, and the state."""
    doc = _new()
    before = time.thread_time()
    for update in updates:
        doc.apply_update(update)
    return time.thread_time() - before, doc.get_update()


def _pycrdt(connection: Connection) -> None:
    while True:
        live, state = _apply(connection.recv())
        connection.send((live, state))
        join, _ = _apply([state])
        connection.send(join)


class Meter:
    """What updates cost; over ``limit_s`` a process is ended, and that is the cost."""

    def __init__(self, limit_s: float = LIMIT_S) -> None:
        self._limit_s = limit_s
        self._node: subprocess.Popen[bytes] | None = None
        self._child: Any = None
        self._connection: Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end_node()
        self._end_child()

    def cost(self, updates: list[bytes]) -> Cost:
        pycrdt_live, pycrdt_join, state = self._ask_pycrdt(updates)
        yjs_live, yjs_join = self._ask_yjs(updates, state)
        return Cost(yjs_live, yjs_join, pycrdt_live, pycrdt_join)

    def _ask_pycrdt(self, updates: list[bytes]) -> tuple[float, float, bytes | None]:
        if self._connection is None:
            context = get_context("spawn")
            self._connection, theirs = context.Pipe()
            self._child = context.Process(target=_pycrdt, args=(theirs,), daemon=True)
            self._child.start()
        self._connection.send(updates)
        live, join, state = self._limit_s, self._limit_s, None
        if self._connection.poll(self._limit_s):
            live, state = self._connection.recv()
            if self._connection.poll(self._limit_s):
                join = self._connection.recv()
                return live, join, state
        self._end_child()
        return live, join, state

    def _ask_yjs(self, updates: list[bytes], state: bytes | None) -> tuple[float, float]:
        if self._node is None:
            self._node = subprocess.Popen(
                [node(), "cost.mjs"], cwd=interop(), stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        process = self._node
        assert process.stdin is not None
        assert process.stdout is not None
        asked = {
            "updates": [base64.b64encode(update).decode() for update in updates],
            "state": None if state is None else base64.b64encode(state).decode(),
        }
        process.stdin.write(json.dumps(asked).encode() + b"\n")
        process.stdin.flush()
        answer = b""
        while answer.count(b"\n") < 2:
            is_answered = select.select([process.stdout], [], [], self._limit_s)[0]
            part = os.read(process.stdout.fileno(), 100) if is_answered else b""
            if not part:
                self._end_node()
                break
            answer += part
        live, join = [*map(float, answer.split()), self._limit_s, self._limit_s][:2]
        return live, join

    def _end_node(self) -> None:
        if self._node is not None:
            self._node.kill()
            self._node.communicate()
            self._node = None

    def _end_child(self) -> None:
        if self._connection is not None:
            self._child.kill()
            self._child.join()
            self._connection.close()
            self._connection = None

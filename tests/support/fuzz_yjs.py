"""Real Yjs in a Node process that is fed everything the server relays: see tests/interop/apply.mjs."""

import json
from subprocess import PIPE, Popen
from types import TracebackType
from typing import Self

from tests.support.node import interop, node

_BATCH = 2**18


class Witness:
    """`with Witness() as yjs`; what goes wrong in it is told by `verdict`, for the document begun last."""

    def __init__(self) -> None:
        self._process = Popen([node(), "apply.mjs"], cwd=interop(), stdin=PIPE, stdout=PIPE)
        self._batch = bytearray()
        self.begin()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def begin(self) -> None:
        """An empty document."""
        self.told = 0
        self._tell(b"d", b"")

    def update(self, update: bytes) -> None:
        self._count(b"u", update)

    def awareness(self, body: bytes) -> None:
        self._count(b"a", body)

    def expect(self, texts: dict[str, str], clocks: dict[int, int]) -> None:
        """What has been applied makes this."""
        wanted = {"texts": {name: text for name, text in texts.items() if text}, "clocks": clocks}
        self._count(b"t", json.dumps(wanted).encode())

    def newcomer(self, update: bytes) -> None:
        """This alone makes what was expected last."""
        self._count(b"n", update)

    def verdict(self) -> tuple[int, str] | None:
        """What went wrong first since `begin`, and at which of the things that were told, or None; waits for Node."""
        self._tell(b"b", b"")
        self._flush()
        assert self._process.stdout is not None
        first: tuple[int, str] | None = None
        for line in self._process.stdout:
            answer = json.loads(line)
            if "done" in answer:
                return first
            first = first or (answer["failed"], answer["problem"])
        raise AssertionError("Node has died")

    def _count(self, kind: bytes, body: bytes) -> None:
        self.told += 1
        self._tell(kind, body)

    def _tell(self, kind: bytes, body: bytes) -> None:
        self._batch += (len(body) + 1).to_bytes(4, "little") + kind + body
        if len(self._batch) > _BATCH:
            self._flush()

    def _flush(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(self._batch)
        self._process.stdin.flush()
        self._batch.clear()

"""Real editing histories as Yjs updates, and the room's log that would have recorded them."""

import gzip
import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pycrdt import Doc, Text

from collab.log import UPDATE, Entry

# The longest ones are not in the repository: they may lie beside the checkout.
FOLDERS = (Path(__file__).parents[1] / "data" / "traces", Path(__file__).parents[3] / "shared" / "data" / "traces")


@cache
def load(name: str) -> dict[str, Any]:
    """See tests/data/README.md. Skips the test where the history is not there."""
    for folder in FOLDERS:
        path = folder / f"{name}.json.gz"
        if path.exists():
            trace: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
            return trace
    pytest.skip(f"no {name} here")


def updates(trace: dict[str, Any]) -> Iterator[bytes]:
    """One update a transaction, in the order of the file."""
    return _concurrent(trace) if trace.get("kind") == "concurrent" else _sequential(trace)


def entries(payloads: Iterable[bytes]) -> list[Entry]:
    """The code document of the interview "i"; three entries at a time, every 10 ms."""
    return [Entry("i", index + 1, index // 3 * 10, "i", "p", UPDATE, payload) for index, payload in enumerate(payloads)]


class Writer:
    """Types patches, whose positions count code points, into a document of its own."""

    def __init__(self, client_id: int) -> None:
        self._doc: Doc[Any] = Doc(client_id=client_id)
        self._text = self._doc.get("source", type=Text)
        self._now: str | None = ""  # what the text is, unless something was heard
        self._made: list[bytes] = []
        self._doc.observe(lambda event: self._made.append(event.update))

    def hear(self, update: bytes) -> None:
        self._now = None
        self._doc.apply_update(update)

    def type(self, patches: list[tuple[int, int, str]]) -> bytes:
        now = str(self._text) if self._now is None else self._now
        self._made.clear()
        with self._doc.transaction():
            for position, deleted, inserted in patches:
                at = _bytes(now[:position])
                if deleted:
                    del self._text[at : at + _bytes(now[position : position + deleted])]
                if inserted:
                    self._text.insert(at, inserted)
                now = now[:position] + inserted + now[position + deleted :]
        self._now = now
        return self._made[0] if self._made else b"\x00\x00"


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def _sequential(trace: dict[str, Any]) -> Iterator[bytes]:
    writer = Writer(1)
    assert trace["startContent"] == ""
    for transaction in trace["txns"]:
        yield writer.type(transaction["patches"])


def _concurrent(trace: dict[str, Any]) -> Iterator[bytes]:
    writers = [Writer(agent + 1) for agent in range(trace["numAgents"])]
    known: list[set[int]] = [set() for _ in writers]
    made: list[bytes] = []
    for index, transaction in enumerate(trace["txns"]):
        agent = transaction["agent"]
        missing: list[int] = []
        open_ = [parent for parent in transaction["parents"] if parent not in known[agent]]
        while open_:
            parent = open_.pop()
            if parent not in known[agent]:
                known[agent].add(parent)
                missing.append(parent)
                open_.extend(trace["txns"][parent]["parents"])
        for parent in sorted(missing):
            writers[agent].hear(made[parent])
        made.append(writers[agent].type(transaction["patches"]))
        known[agent].add(index)
        yield made[-1]

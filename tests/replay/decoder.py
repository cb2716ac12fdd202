"""An independent reader of recording files, written from docs/recording.md alone."""

import hashlib
import json
import struct
from dataclasses import dataclass, field
from typing import Any


@dataclass
class File:
    """``operations`` are (entry, at_ms, participant, root, position, deleted, inserted text), ``selections`` (entry,
    at_ms, participant, root, anchor, head).
    """

    head: dict[str, Any] = field(default_factory=dict)
    end: dict[str, Any] = field(default_factory=dict)
    operations: list[tuple[int, int, str | None, str, int, int, str]] = field(default_factory=list)
    selections: list[tuple[int, int, str | None, str, int, int]] = field(default_factory=list)
    events: list[list[Any]] = field(default_factory=list)
    broken: dict[str, Any] | None = None
    blocks: list[bytes] = field(default_factory=list)  # kinds

    def walk(self, texts: dict[str, bytes], until: int, *, after: int = 0) -> None:
        """Take ``texts``, in UTF-16, from after one entry to after another."""
        for entry, _, _, root, position, deleted, inserted in self.operations:
            if after < entry <= until:
                text = texts.get(root, b"")
                assert (position + deleted) * 2 <= len(text)
                texts[root] = text[: position * 2] + inserted.encode("utf-16-le") + text[(position + deleted) * 2 :]

    def texts(self, until: int = 2**32) -> dict[str, str]:
        found: dict[str, bytes] = {}
        self.walk(found, until)
        return {root: text.decode("utf-16-le") for root, text in found.items()}

    def files(self, until: int = 2**32) -> dict[str, dict[str, str]]:
        """The map of files after an entry."""
        found: dict[str, dict[str, str]] = {}
        for entry, _, changes in self.end["files"]:
            for file_id, file in changes.items() if entry <= until else ():
                if file is None:
                    del found[file_id]
                else:
                    assert found.get(file_id) != file
                    found[file_id] = file
        return found

    def append(self, tail: "File") -> None:
        assert tail.head["after"] == self.end["entry"]
        self.head = tail.head | {"after": 0}
        self.operations += tail.operations
        self.selections += tail.selections
        self.events += tail.events
        assert tail.end["roots"][: len(self.end["roots"])] == self.end["roots"]
        assert tail.end["writers"][: len(self.end["writers"])] == self.end["writers"]
        self.end = tail.end | {key: self.end[key] + tail.end[key] for key in ("files", "proofs")}

    def check_proofs(self) -> None:
        """Every one, in one pass."""
        texts: dict[str, bytes] = {}
        after = 0
        for entry, _, expected in self.end["proofs"]:
            self.walk(texts, entry, after=after)
            after = entry
            digest = hashlib.sha256()
            for root in self.end["roots"]:
                if root in texts:
                    for text in (root, texts[root].decode("utf-16-le")):
                        utf8 = text.encode()
                        digest.update(struct.pack("<I", len(utf8)) + utf8)
            assert digest.hexdigest() == expected, entry


def decode(data: bytes) -> File:
    """A whole file, or one that says why it is not."""
    assert data[:4] == b"PNLR"
    assert struct.unpack_from("<I", data, 4) == (2,)
    file = File()
    raw_operations: list[tuple[Any, ...]] = []
    raw_selections: list[tuple[Any, ...]] = []
    at = 8
    while at < len(data):
        kind = data[at : at + 4]
        (length,) = struct.unpack_from("<I", data, at + 4)
        payload = data[at + 8 : at + 8 + length]
        assert len(payload) == length
        assert not any(data[at + 8 + length : at + 8 + length + -length % 4])
        at += 8 + length + -length % 4
        assert (kind == b"head") is (not file.blocks)
        file.blocks.append(kind)
        match kind:
            case b"head":
                file.head = json.loads(payload)
            case b"oper":
                rows, rest = _columns(payload, 7)
                text = rest.decode().encode("utf-16-le")
                taken = 0
                for row in rows:
                    inserted = text[taken * 2 : (taken + row[6]) * 2].decode("utf-16-le")
                    raw_operations.append((*row[:6], inserted))
                    taken += row[6]
                assert taken * 2 == len(text)
            case b"sele":
                rows, rest = _columns(payload, 6)
                raw_selections += rows
                assert not rest
            case b"evnt":
                file.events += json.loads(payload)
            case b"end ":
                file.end = json.loads(payload)
                assert at == len(data)
            case b"brok":
                file.broken = json.loads(payload)
                assert at == len(data)
    assert file.end or file.broken
    writers, roots = file.end.get("writers", []), file.end.get("roots", [])
    if file.end:
        for entry, at_ms, writer, root, position, deleted, inserted in raw_operations:
            file.operations.append((entry, at_ms, _writer(writers, writer), roots[root], position, deleted, inserted))
        for entry, at_ms, writer, root, anchor, head in raw_selections:
            file.selections.append((entry, at_ms, _writer(writers, writer), roots[root], anchor, head))
    ordered: list[list[Any]] = [file.operations, file.selections, file.events]
    for each in ordered:
        entries = [tuple(row[:2]) for row in each]
        assert entries == sorted(entries)
        assert all(row[0] > file.head["after"] for row in each)
    return file


def _columns(payload: bytes, width: int) -> tuple[list[tuple[int, ...]], bytes]:
    (count,) = struct.unpack_from("<I", payload)
    assert count
    columns = [struct.unpack_from(f"<{count}I", payload, 4 + count * 4 * index) for index in range(width)]
    return list(zip(*columns, strict=True)), payload[4 + count * 4 * width :]


def _writer(writers: list[str], index: int) -> str | None:
    return None if index == 0xFFFFFFFF else writers[index]

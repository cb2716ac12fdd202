"""The linear operations of one text, and that text after any of them."""

import codecs
from array import array
from bisect import bisect_right
from collections.abc import Iterable
from typing import Any

# Operations from one checkpoint to the next: more of them in longer texts, whose checkpoints take more memory.
_LEAST_OPERATIONS = 128
_BYTES_PER_OPERATION = 128


def units(utf8: bytes | bytearray) -> int:
    """UTF-16 code units of some UTF-8. Raises UnicodeDecodeError where it begins or ends inside a character."""
    return len(utf8) if utf8.isascii() else len(utf8.decode().encode("utf-16-le")) // 2


class History:
    """Operation ``i``: at ``positions[i]``, in UTF-16 units, ``inserted[i]`` replaced ``deleted[i]``.

    ``rows[i]``, never decreasing, says which update of the document did it, counted from 0.

    pycrdt counts UTF-8 bytes, Yjs and browsers UTF-16 units, Python code points: this class alone converts.
    """

    __slots__ = ("_anchor", "_checkpoints", "_is_wide", "_text", "deleted", "inserted", "positions", "rows")

    def __init__(self) -> None:
        self.rows = array("Q")
        self.positions = array("Q")
        self.deleted: list[str] = []
        self.inserted: list[str] = []
        self._text = bytearray()  # the newest text, in UTF-8
        self._anchor = (
            0,
            0,
        )  # one place of it in bytes and in units: edits are near each other, so only what lies between is counted
        self._checkpoints = [(0, "")]
        self._is_wide = False  # while all characters are Latin-1, one byte is one unit

    def __len__(self) -> int:
        return len(self.rows)

    def append(self, row: int, delta: Iterable[dict[str, Any]]) -> None:
        """Take the delta of a pycrdt text event. Raises UnicodeDecodeError or IndexError where it does not fit."""
        at, removed, added = 0, 0, ""
        for change in (*delta, {"retain": 0}):
            if "insert" in change:
                added += change["insert"]
            elif "delete" in change:
                removed += int(change["delete"])
            else:
                if removed or added:
                    at = self._replace(row, at, removed, added)
                    removed, added = 0, ""
                at += int(change["retain"])

    def _replace(self, row: int, at: int, removed: int, added: str) -> int:
        text = self._text
        if at + removed > len(text):
            raise IndexError(at + removed)
        anchor, position = self._anchor
        position += units(text[anchor:at]) if at >= anchor else -units(text[at:anchor])
        deleted = text[at : at + removed].decode()
        encoded = added.encode()
        text[at : at + removed] = encoded
        self._anchor = (at, position)
        self.rows.append(row)
        self.positions.append(position)
        self.deleted.append(deleted)
        self.inserted.append(added)
        self._is_wide = self._is_wide or (not added.isascii() and max(added) > "\xff")
        return at + len(encoded)

    @property
    def needs_checkpoint(self) -> bool:
        interval = max(_LEAST_OPERATIONS, len(self._text) // _BYTES_PER_OPERATION)
        return len(self.rows) - self._checkpoints[-1][0] >= interval

    def ends_in(self, text: str) -> bool:
        return self._text == text.encode()

    def checkpoint(self, text: str) -> None:
        """Keep the text as it is now."""
        self._checkpoints.append((len(self.rows), text))

    def text(self, count: int) -> str:
        """The text after the first ``count`` operations, from the nearer checkpoint."""
        after = bisect_right(self._checkpoints, count, key=lambda checkpoint: checkpoint[0])
        start, text = self._checkpoints[after - 1]
        steps = zip(self.positions[start:count], self.deleted[start:count], self.inserted[start:count], strict=True)
        if after < len(self._checkpoints) and self._checkpoints[after][0] - count < count - start:
            end, text = self._checkpoints[after]
            undone = slice(end - 1, count - 1, -1)  # count is not 0: that is a checkpoint itself
            steps = zip(self.positions[undone], self.inserted[undone], self.deleted[undone], strict=True)
        encode, encoding, width = (
            (codecs.utf_16_le_encode, "utf-16-le", 2) if self._is_wide else (codecs.latin_1_encode, "latin-1", 1)
        )
        data = bytearray(encode(text)[0])
        for position, removed, added in steps:
            at = position * width
            end_at = at + len(encode(removed)[0]) if removed else at
            data[at:end_at] = encode(added)[0] if added else b""
        return data.decode(encoding)

"""One text as the CRDT's events tell it, and texts as linear operations lead to them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from replay.codec import Operations


def units(utf8: bytes | bytearray) -> int:
    """UTF-16 code units of some UTF-8. Raises UnicodeDecodeError where it begins or ends inside a character."""
    return len(utf8) if utf8.isascii() else len(utf8.decode().encode("utf-16-le")) // 2


class Text:
    """The newest text of one root, in UTF-8, and how many UTF-16 units it has.

    pycrdt counts UTF-8 bytes, Yjs and browsers UTF-16 units, Python code points: this module alone converts.
    """

    __slots__ = ("_anchor", "units", "utf8")

    def __init__(self, utf8: bytes | bytearray = b"") -> None:
        self.utf8 = bytearray(utf8)
        self.units = units(utf8)
        # One place in bytes and in units: edits are near each other, so only what lies between is counted.
        self._anchor = (0, 0)

    def take(self, delta: Iterable[dict[str, Any]]) -> Iterator[tuple[int, int, int, bytes]]:
        """Go on by the delta of a pycrdt text event: (position, deleted, inserted, what is inserted) of each operation,
        in units and as UTF-8.

        Raises UnicodeDecodeError or IndexError where it does not fit.
        """
        at, removed, added = 0, 0, ""
        for change in (*delta, {"retain": 0}):
            if "insert" in change:
                added += change["insert"]
            elif "delete" in change:
                removed += int(change["delete"])
            else:
                if removed or added:
                    encoded = added.encode()
                    yield *self._replace(at, removed, encoded), encoded
                    at += len(encoded)
                    removed, added = 0, ""
                at += int(change["retain"])

    def _replace(self, at: int, removed: int, added: bytes) -> tuple[int, int, int]:
        text = self.utf8
        if at + removed > len(text):
            raise IndexError(at + removed)
        anchor, position = self._anchor
        position += units(text[anchor:at]) if at >= anchor else -units(text[at:anchor])
        deleted = units(text[at : at + removed])
        inserted = units(added)
        text[at : at + removed] = added
        self._anchor = (at, position)
        self.units += inserted - deleted
        return position, deleted, inserted


def walked(texts: Mapping[str, bytes], roots: Sequence[str], operations: Operations, count: int) -> dict[str, str]:
    """These texts, given in UTF-8, after the first ``count`` operations."""
    is_narrow = operations.text.isascii() and all(text.isascii() for text in texts.values())
    width, coding = (1, "ascii") if is_narrow else (2, "utf-16-le")  # bytes of a unit
    inserted = operations.text if is_narrow else operations.text.decode().encode(coding)
    gaps: dict[int, _Gap] = {}
    for root, position, removed, first, end in _runs(operations, count):
        gap = gaps.get(root)
        if gap is None:
            text = texts.get(roots[root], b"")
            gap = gaps[root] = _Gap(text if is_narrow else text.decode().encode(coding), len(inserted))
        gap.replace(position * width, removed * width, inserted[first * width : end * width])
    edited = {roots[root]: gap.read().decode(coding) for root, gap in gaps.items()}
    return {root: edited[root] if root in edited else text.decode() for root, text in texts.items()} | edited


def _runs(operations: Operations, count: int) -> Iterator[tuple[int, int, int, int, int]]:
    """(root, position, removed, first, end) of the first ``count`` operations, with runs of typing as one: what comes
    in is the inserted text between these places.
    """
    root, at, gone, first, end, taken = -1, 0, 0, 0, 0, 0
    for where, position, removed, added in zip(*(column[:count] for column in operations.columns[3:]), strict=True):
        if where == root and not removed and position == at + end - first and taken == end:
            end += added
        elif where == root and not added and first <= end - removed and position == at + end - first - removed:
            end -= removed
        else:
            if root >= 0:
                yield root, at, gone, first, end
            root, at, gone, first, end = where, position, removed, taken, taken + added
        taken += added
    if root >= 0:
        yield root, at, gone, first, end


class _Gap:
    """A text with a gap where the last edit was: what the next one costs is how far it is from there."""

    __slots__ = ("_end", "_first", "_text")

    def __init__(self, text: bytes, room: int) -> None:
        """``room`` is how much may come in, in bytes."""
        self._text = bytearray(room) + text
        self._first, self._end = 0, room  # of the gap

    def replace(self, at: int, removed: int, added: bytes | bytearray) -> None:
        text, first, end = self._text, self._first, self._end
        away = at - first
        if away > 0:
            text[first:at] = text[end : end + away]
        elif away:
            text[end + away : end] = text[at:first]
        self._first = at + len(added)
        self._end = end + away + removed
        text[at : self._first] = added

    def read(self) -> bytearray:
        return self._text[: self._first] + self._text[self._end :]

"""One text as the CRDT's events tell it, and texts as linear operations lead to them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from replay.codec import Operations

_PIECE_BYTES = 2**15


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
    edited: dict[int, _Pieces] = {}
    for root, position, removed, first, end in _runs(operations, count):
        pieces = edited.get(root)
        if pieces is None:
            text = texts.get(roots[root], b"")
            pieces = edited[root] = _Pieces(text if is_narrow else text.decode().encode(coding))
        pieces.replace(position * width, removed * width, inserted[first * width : end * width])
    after = {roots[root]: pieces.read().decode(coding) for root, pieces in edited.items()}
    return {root: after[root] if root in after else text.decode() for root, text in texts.items()} | after


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


class _Pieces:
    """A text in pieces: what an edit costs is how far it is from the last one, in pieces, and the length of one."""

    __slots__ = ("_number", "_pieces", "_start")

    def __init__(self, text: bytes) -> None:
        self._pieces = _split(text) or [bytearray()]
        self._number, self._start = 0, 0  # of the piece of the last edit

    def replace(self, at: int, removed: int, added: bytes | bytearray) -> None:
        pieces, number, start = self._pieces, self._number, self._start
        while at < start:
            number -= 1
            start -= len(pieces[number])
        while at > start + len(pieces[number]):
            start += len(pieces[number])
            number += 1
        self._number, self._start = number, start
        piece, at = pieces[number], at - start
        beyond = at + removed - len(piece)
        piece[at : at + removed] = added
        if beyond > 0:
            end = number + 1
            while end < len(pieces) and len(pieces[end]) <= beyond:
                beyond -= len(pieces[end])
                end += 1
            if beyond and end < len(pieces):
                del pieces[end][:beyond]
            del pieces[number + 1 : end]
        if len(piece) > 2 * _PIECE_BYTES:
            pieces[number : number + 1] = _split(piece)

    def read(self) -> bytes:
        return b"".join(self._pieces)


def _split(text: bytes | bytearray) -> list[bytearray]:
    return [bytearray(text[at : at + _PIECE_BYTES]) for at in range(0, len(text), _PIECE_BYTES)]

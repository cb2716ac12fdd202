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


def walked(
    texts: Mapping[str, bytes], roots: Sequence[str], operations: Operations, count: int
) -> dict[str, bytes | bytearray]:
    """These texts, in UTF-8, after the first ``count`` operations."""
    is_narrow = operations.text.isascii() and all(text.isascii() for text in texts.values())
    width = 1 if is_narrow else 2  # bytes of a unit
    inserted: bytes | bytearray = operations.text if is_narrow else operations.text.decode().encode("utf-16-le")
    gaps: dict[int, _Gap] = {}
    taken = 0
    for root, position, removed, added in zip(*(column[:count] for column in operations.columns[3:]), strict=True):
        gap = gaps.get(root)
        if gap is None:
            text = texts.get(roots[root], b"")
            gap = gaps[root] = _Gap(text if is_narrow else text.decode().encode("utf-16-le"))
        end = taken + added * width
        gap.replace(position * width, removed * width, inserted[taken:end])
        taken = end
    after: dict[str, bytes | bytearray] = dict(texts)
    for root, gap in gaps.items():
        after[roots[root]] = gap.read() if is_narrow else gap.read().decode("utf-16-le").encode()
    return after


class _Gap:
    """A text with a gap where the last edit was: what the next one costs is how far it is from there."""

    __slots__ = ("_after", "_before")

    def __init__(self, text: bytes | bytearray) -> None:
        self._before = bytearray()
        self._after = bytearray(text[::-1])  # backwards: it changes at its end

    def replace(self, at: int, removed: int, added: bytes | bytearray) -> None:
        before, after = self._before, self._after
        away = at - len(before)
        if away > 0:
            before += after[: -away - 1 : -1]
            del after[-away:]
        elif away:
            after += before[: away - 1 : -1]
            del before[away:]
        if removed:
            del after[-removed:]
        before += added

    def read(self) -> bytearray:
        return self._before + self._after[::-1]

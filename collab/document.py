"""One Yjs document on pycrdt. Only updates that passed the gate come here."""

from collections.abc import Callable
from typing import Any, TypeVar

import pycrdt
from pycrdt import Doc, Map, Text

from collab.errors import DocumentBroken, Invalid
from collab.gate import FILES, SOURCE
from collab.note import NO_NOTE, Note, Noted
from collab.update import Update, encode_state_vector, parse

_NOTHING = b"\x00"
_Result = TypeVar("_Result")


class Document:
    """Hazard: pycrdt reports a Rust panic as a BaseException, after which the object is unsafe to use or to drop; or it
    ends the process, and ``note`` has what it was given.
    """

    _broken: list[object] = []  # noqa: RUF012 - kept for ever on purpose: dropping one can abort the process

    def __init__(self, document_id: str = "", note: Note = NO_NOTE) -> None:
        doc: Doc[Any] = Doc()
        doc.get(SOURCE, type=Text)
        doc.get(FILES, type=Map)
        self._usable: Doc[Any] | None = doc
        self._whole: bytes | None = None
        self._id = document_id
        self._note = note

    def merge(self, update: bytes, participant: str = "", entry: int = 0) -> None:
        """``participant`` brought it, or it is this ``entry`` of the journal. Raises DocumentBroken."""
        self._whole = None
        self._note.write(self._id, participant, entry, update)
        try:
            self._doc.apply_update(update)
        except MemoryError as error:
            raise self._break() from error
        except BaseException as error:
            raise self._break(Noted(self._id, participant, entry, update, len(update))) from error
        finally:
            self._note.clear()

    def merge_value(self, update: bytes, participant: str = "", entry: int = 0) -> bytes:
        """``merge`` an update that sets values; what it changed, as an update.

        A value deletes its rival under the same key on every replica, without a word on the wire.
        """
        changes: list[bytes] = []
        try:
            watch = self._doc.observe(lambda event: changes.append(event.update))
            try:
                self.merge(update, participant, entry)
            finally:
                if self._usable is not None:
                    self._usable.unobserve(watch)
        except DocumentBroken:
            raise
        except BaseException as error:
            raise self._break() from error
        return changes[0] if changes else b"\x00\x00"

    def diff(self, state_vector: bytes) -> bytes:
        """What a replica with this state vector lacks, as an update, with all deletions. Raises DocumentBroken."""
        if state_vector != _NOTHING:
            return self._read(lambda doc: doc.get_update(state_vector))
        if self._whole is None:
            self._whole = self._read(lambda doc: doc.get_update())
        return self._whole

    def state_vector(self) -> bytes:
        """Raises DocumentBroken."""
        return self._read(lambda doc: doc.get_state())

    def texts(self) -> dict[str, str]:
        """Root name -> text; ``source`` is always there. Raises DocumentBroken."""
        return self._read(_texts)

    def unseen(
        self, data: bytes, clocks: dict[int, int], participant: str = "", entry: int = 0
    ) -> tuple[Update, bytes]:
        """``unseen``, noted."""
        self._note.write(self._id, participant, entry, data)
        try:
            return unseen(data, clocks)
        finally:
            self._note.clear()

    def _read(self, read: Callable[[Doc[Any]], _Result]) -> _Result:
        self._note.write(self._id, "", 0, b"")
        try:
            return read(self._doc)
        except BaseException as error:
            raise self._break() from error
        finally:
            self._note.clear()

    @property
    def _doc(self) -> Doc[Any]:
        if self._usable is None:
            raise DocumentBroken
        return self._usable

    def _break(self, poison: Noted | None = None) -> DocumentBroken:
        if self._usable is not None:
            self._broken.append(self._usable)
            self._usable = None
        return DocumentBroken(poison)


def unseen(data: bytes, clocks: dict[int, int]) -> tuple[Update, bytes]:
    """The update ``data`` without its structs below these clocks. Raises Invalid."""
    try:
        rest = pycrdt.get_update(data, encode_state_vector(clocks))
        update = parse(rest)
    except BaseException as error:
        raise Invalid("an update that cannot be cut") from error
    if any(struct.clock < clocks.get(struct.client, 0) for struct in update.structs):
        raise Invalid("an update that cannot be cut")
    return update, rest


def _texts(doc: Doc[Any]) -> dict[str, str]:
    names = [name for name in doc.keys() if name == SOURCE or name.startswith(f"{SOURCE}/")]  # noqa: SIM118
    return {name: str(doc.get(name, type=Text)) for name in names}

"""One Yjs document on pycrdt. Only updates that passed the gate come here."""

from typing import Any

from pycrdt import Doc, Map, Text

from collab.errors import DocumentBroken
from collab.gate import FILES, SOURCE

_NOTHING = b"\x00"


class Document:
    """Hazard: pycrdt reports a Rust panic as a BaseException, after which the object is unsafe to use or to drop."""

    _broken: list[object] = []  # noqa: RUF012 - kept for ever on purpose: dropping one can abort the process

    def __init__(self) -> None:
        doc: Doc[Any] = Doc()
        doc.get(SOURCE, type=Text)
        doc.get(FILES, type=Map)
        self._usable: Doc[Any] | None = doc
        self._whole: bytes | None = None

    def merge(self, update: bytes) -> None:
        """Raises DocumentBroken."""
        self._whole = None
        try:
            self._doc.apply_update(update)
        except BaseException as error:
            raise self._break() from error

    def merge_value(self, update: bytes) -> bytes:
        """``merge`` an update that sets values; what it changed, as an update.

        A value deletes its rival under the same key on every replica, without a word on the wire.
        """
        changes: list[bytes] = []
        try:
            watch = self._doc.observe(lambda event: changes.append(event.update))
            try:
                self.merge(update)
            finally:
                self._doc.unobserve(watch)
        except BaseException as error:
            raise self._break() from error
        return changes[0] if changes else b"\x00\x00"

    def diff(self, state_vector: bytes) -> bytes:
        """What a replica with this state vector lacks, as an update, with all deletions. Raises DocumentBroken."""
        try:
            if state_vector != _NOTHING:
                return self._doc.get_update(state_vector)
            if self._whole is None:
                self._whole = self._doc.get_update()
            return self._whole
        except BaseException as error:
            raise self._break() from error

    def state_vector(self) -> bytes:
        """Raises DocumentBroken."""
        try:
            return self._doc.get_state()
        except BaseException as error:
            raise self._break() from error

    def texts(self) -> dict[str, str]:
        """Root name -> text; ``source`` is always there. Raises DocumentBroken."""
        try:
            names = [name for name in self._doc.keys() if name == SOURCE or name.startswith(f"{SOURCE}/")]  # noqa: SIM118
            return {name: str(self._doc.get(name, type=Text)) for name in names}
        except BaseException as error:
            raise self._break() from error

    @property
    def _doc(self) -> Doc[Any]:
        if self._usable is None:
            raise DocumentBroken
        return self._usable

    def _break(self) -> DocumentBroken:
        if self._usable is not None:
            self._broken.append(self._usable)
            self._usable = None
        return DocumentBroken()

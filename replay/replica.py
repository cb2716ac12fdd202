"""The CRDT of a document, told of its updates one by one, and what each of them did."""

from functools import partial
from typing import Any

from pycrdt import Doc, Map, Text

from collab.gate import FILES, SOURCE
from collab.log import Entry
from collab.note import Note
from replay.errors import RecordingBroken

_FILE = f"{SOURCE}/"

Delta = tuple[str, list[dict[str, Any]]]
"""The root of a text, and what pycrdt says of its change."""


class Replica:
    """``deltas`` and ``files_changed`` are what the last update did, from ``watch`` on."""

    _kept: list[object] = []  # noqa: RUF012 - documents that pycrdt panicked over: dropping one can abort the process

    def __init__(self, document_id: str, note: Note) -> None:
        """``note`` has what the CRDT is given, should that end the process."""
        self.deltas: list[Delta] = []
        self._document_id = document_id
        self._note = note
        self._doc: Doc[Any] = Doc()
        self._texts: dict[str, Text] | None = None
        self._files = self._doc.get(FILES, type=Map)
        self._changes: list[None] = []

    def apply(self, entry: Entry) -> None:
        """Raises RecordingBroken; the replica must not be used after that."""
        self.deltas.clear()
        self._changes.clear()
        self._note.write(self._document_id, "", entry.entry, entry.payload)
        try:
            self._doc.apply_update(entry.payload)
        except BaseException as error:
            self._kept.append(self._doc)
            raise RecordingBroken(self._document_id, entry.entry) from error
        finally:
            self._note.clear()
        # An update names the root of the first item of a text; a root that nobody asked for yet is not observed.
        if self._texts is not None and _FILE.encode() in entry.payload:
            for root in self._doc.keys() - self._texts.keys():
                if root.startswith(_FILE):
                    text = self._observe(root, self._texts)
                    self.deltas.append((root, [{"insert": text}] if text else []))

    def watch(self) -> None:
        """From now on ``apply`` says what it did."""
        self._texts = {}
        # What pycrdt calls must not hold the document: the garbage collector does not see through a subscription.
        self._files.observe(partial(_note, self._changes))
        for root in [SOURCE, *self._doc.keys()]:
            if root not in self._texts and (root == SOURCE or root.startswith(_FILE)):
                self._observe(root, self._texts)

    def _observe(self, root: str, texts: dict[str, Text]) -> str:
        text = texts[root] = self._doc.get(root, type=Text)
        text.observe(partial(_collect, self.deltas, root))
        return str(text)

    @property
    def files_changed(self) -> bool:
        return bool(self._changes)

    def texts(self) -> dict[str, str]:
        """Those that are watched, by root."""
        return {root: str(text) for root, text in (self._texts or {}).items()}

    def text(self, root: str) -> str:
        return str(self._doc.get(root, type=Text))

    def files(self) -> dict[str, Any]:
        """The map of files: file id -> {name, language}. What else clients put there is left out."""
        files: dict[str, Any] = self._files.to_py() or {}
        return {
            file_id: {"name": entry["name"], "language": entry["language"]}
            for file_id, entry in files.items()
            if isinstance(entry, dict) and isinstance(entry.get("name"), str) and isinstance(entry.get("language"), str)
        }


def _collect(deltas: list[Delta], root: str, event: Any) -> None:
    deltas.append((root, event.delta))


def _note(changes: list[None], _event: Any) -> None:
    changes.append(None)

"""The CRDT of a document, told of its updates one by one, and what each of them did."""

from functools import partial
from typing import Any

from pycrdt import Doc, Map, Text

from collab.gate import FILES, SOURCE
from collab.log import Entry
from collab.note import Note
from collab.update import Update, parse
from collab.wire import Malformed, TooLarge
from replay.errors import RecordingBroken

_FILE = f"{SOURCE}/"
_MOST_ID, _MOST_NAME, _MOST_LANGUAGE = 200, 200, 50

Delta = tuple[str, list[dict[str, Any]]]
"""The root of a text, and what pycrdt says of its change."""


class Replica:
    """``clients`` are whose text the last update has; ``deltas`` and ``files``, from ``watch`` on, what it did.

    Invariant: nothing waits in it for what never came, so that its texts are all that was written.
    """

    _kept: list[object] = []  # noqa: RUF012 - documents that pycrdt panicked over: dropping one can abort the process

    def __init__(self, document_id: str, note: Note) -> None:
        """``note`` has what the CRDT is given, should that end the process."""
        self.deltas: list[Delta] = []
        self.clients: set[int] = set()
        self._clocks: dict[int, int] | None = {}  # unknown once there was an update that only the CRDT can read
        self._document_id = document_id
        self._note = note
        self._doc: Doc[Any] = Doc()
        self._texts: dict[str, Text] | None = None
        self._files = self._doc.get(FILES, type=Map)
        self._changed: set[str] = set()  # in the map of files

    def apply(self, entry: Entry) -> None:
        """Raises RecordingBroken; the replica must not be used after that."""
        self.deltas.clear()
        self._changed.clear()
        # What nobody can read but the CRDT must at least change it.
        before = None if self._parse(entry) else self._doc.get_state()
        self._note.write(self._document_id, "", entry.entry, entry.payload)
        try:
            self._doc.apply_update(entry.payload)
        except BaseException as error:
            self._kept.append(self._doc)
            raise RecordingBroken(self._document_id, entry.entry) from error
        finally:
            self._note.clear()
        if before is not None and self._doc.get_state() == before:
            raise RecordingBroken(self._document_id, entry.entry)
        # An update names the root of the first item of a text; a root that nobody asked for yet is not observed.
        if self._texts is not None and _FILE.encode() in entry.payload:
            for root in self._doc.keys() - self._texts.keys():
                if root.startswith(_FILE):
                    text = self._observe(root, self._texts)
                    self.deltas.append((root, [{"insert": text}] if text else []))

    def _parse(self, entry: Entry) -> bool:
        self.clients.clear()
        try:
            update = parse(entry.payload)
        except (Malformed, TooLarge):
            self._clocks = None
            return False
        self.clients.update(struct.client for struct in update.structs)
        if self._clocks is not None and _waits(update, self._clocks):
            raise RecordingBroken(self._document_id, entry.entry)
        return True

    def watch(self) -> None:
        """From now on ``apply`` says what it did."""
        self._texts = {}
        # What pycrdt calls must not hold the document: the garbage collector does not see through a subscription.
        self._files.observe(partial(_note, self._changed))
        for root in [SOURCE, *self._doc.keys()]:
            if root not in self._texts and (root == SOURCE or root.startswith(_FILE)):
                self._observe(root, self._texts)

    def _observe(self, root: str, texts: dict[str, Text]) -> str:
        text = texts[root] = self._doc.get(root, type=Text)
        text.observe(partial(_collect, self.deltas, root))
        return str(text)

    def texts(self) -> dict[str, str]:
        """Those that are watched, by root."""
        return {root: str(text) for root, text in (self._texts or {}).items()}

    def text(self, root: str) -> str:
        return str(self._doc.get(root, type=Text))

    def files(self) -> dict[str, dict[str, str] | None]:
        """What the last update wrote in the map of files, by id: as much of it as goes on record, None for nothing."""
        changed = sorted(file_id for file_id in self._changed if len(file_id) <= _MOST_ID)
        return {file_id: _file(self._files.get(file_id)) for file_id in changed}


def _file(entry: object) -> dict[str, str] | None:
    """Clients may put anything there, of any length."""
    match entry:
        case {"name": str(name), "language": str(language)}:
            return {"name": name[:_MOST_NAME], "language": language[:_MOST_LANGUAGE]}
    return None


def _waits(update: Update, clocks: dict[int, int]) -> bool:
    """Whether an update needs what is not there; else the ``clocks`` are those after it."""
    for struct in update.structs:
        known = clocks.get(struct.client, 0)
        if struct.clock > known:
            return True
        clocks[struct.client] = max(known, struct.clock + struct.length)
    return any(
        clock >= clocks.get(client, 0)
        for struct in update.structs
        for client, clock in filter(None, (struct.left, struct.right))
    ) or any(clock + length > clocks.get(client, 0) for client, clock, length in update.deletes)


def _collect(deltas: list[Delta], root: str, event: Any) -> None:
    deltas.append((root, event.delta))


def _note(changed: set[str], event: Any) -> None:
    changed.update(event.keys)

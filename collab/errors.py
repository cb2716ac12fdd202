"""What can go wrong in a document or its journal, named for the fact."""

from collab.note import Noted
from collab.wire import CloseCode


class Refused(Exception):
    """Raised when a peer must be closed: its frame was not applied, relayed or recorded."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(f"{code.value} {reason}")
        self.code = code
        self.reason = reason


class Invalid(ValueError):
    """Raised for an update that no honest client sends."""


class DocumentBroken(Exception):
    """Raised when the CRDT failed behind the gate: its object must not be used again, only rebuilt.

    ``poison`` is what it failed over, where that is known.
    """

    def __init__(self, poison: Noted | None = None) -> None:
        super().__init__()
        self.poison = poison


class SubscriberTooSlow(Exception):
    """Raised to a subscriber that did not take its events in time; it must read the journal and subscribe again."""


class SchemaTooNew(Exception):
    """Raised when a newer version has written the database: nothing in it was touched."""

    def __init__(self, revision: str, known: str) -> None:
        super().__init__(
            f"a newer version of Panelroom has written it (schema {revision}, known up to {known}):"
            " run that version, or restore a backup"
        )

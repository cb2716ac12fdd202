"""What can go wrong in a replay, named for the fact."""


class RecordingBroken(Exception):
    """Raised when linear operations and CRDT disagree: the document's replay would not be what was there."""

    def __init__(self, document_id: str, entry: int, *, is_record: bool = True) -> None:
        """``is_record``: the entry itself is broken, and what was before it is sound."""
        super().__init__(f"the replay of {document_id} differs from its document at entry {entry}")
        self.document_id = document_id
        self.entry = entry
        self.is_record = is_record

"""What a recording can still tell when it is broken: the texts before that."""

from anyio.lowlevel import checkpoint

from collab.document import Document
from collab.errors import DocumentBroken, Unreadable
from collab.journal import Journal
from collab.log import UPDATE
from collab.note import Note
from replay.errors import RecordingBroken

_PAGE = 250
_SLICE = 20


async def before(
    journal: Journal, note: Note, broken: RecordingBroken, log_id: str, at_ms: int
) -> tuple[int | None, dict[str, str]] | None:
    """The last update with a time of at most ``at_ms`` and the texts then; None where not all up to then is whole.

    Whatever has that time must be before what is ``broken``. It is made anew for everybody who asks.
    """
    document, after = Document(broken.document_id, note), 0
    last: int | None = None
    while True:
        try:
            page = await journal.entries(log_id, after=after, limit=_PAGE)
        except Unreadable as error:
            page = error.found
        for number, entry in enumerate(page):
            if entry.entry != after + 1:
                return None
            if entry.at_ms > at_ms:
                return last, document.texts()
            if entry.entry >= broken.entry:
                return None
            after = entry.entry
            if entry.document == broken.document_id and entry.kind == UPDATE:
                last = entry.entry
                try:
                    document.merge(entry.payload, "", entry.entry)
                except DocumentBroken:
                    return None
            if number % _SLICE == 0:
                await checkpoint()
        if len(page) < _PAGE:
            return None

"""How many connections there may be at once, so that nobody's keep another one out."""

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager

from collab.errors import Refused
from collab.wire import CloseCode
from rooms.grant import Grant
from rooms.participant import Role

_WORDS = (
    "you have too many connections to this document",
    "this document has too many connections",
    "this server has too many connections",
)


class Capacity:
    """Limits of 0 are none.

    The first connection of a ticket to a document may come up to twice the limits, so that those who hold several keep
    nobody out who holds none. The candidate's first one is not counted against the document; against the candidate only
    up to the document's limit: whoever says so comes in as the candidate, with a ticket of his own.
    """

    def __init__(self, of_participant: int, of_document: int, of_server: int) -> None:
        """``of_participant``: to one document."""
        self._limits = of_participant, of_document, of_server
        self._first_limits = of_participant, 2 * of_document, 2 * of_server
        self._candidate_limits = of_document, 0, 2 * of_server
        self._connections: Counter[tuple[str, ...]] = Counter()

    @contextmanager
    def taken(self, grant: Grant) -> Generator[None]:
        """One connection for the length of the block. Raises Refused."""
        ticket = (grant.document_id, grant.participant_id, grant.ticket_id)
        counted = (ticket[:2], ticket[:1], ticket[:0])
        limits = self._limits
        if not self._connections[ticket]:
            limits = self._candidate_limits if grant.role is Role.CANDIDATE else self._first_limits
        for key, limit, words in zip(counted, limits, _WORDS, strict=True):
            if limit and self._connections[key] >= limit:
                raise Refused(CloseCode.RATE, words)
        self._connections.update((ticket, *counted))
        try:
            yield
        finally:
            self._connections.subtract((ticket, *counted))
            for key in (ticket, *counted):
                if not self._connections[key]:
                    del self._connections[key]

"""Who writes in the open documents: those who may, unless it is just being decided that they may not."""

from collections.abc import Collection, Generator
from contextlib import contextmanager

from collab.registry import Registry
from collab.wire import CloseCode


class Pens:
    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._hushed: dict[str, dict[str, bool]] = {}  # what is due to whom, by document

    def give(self, interview_id: str, participant_id: str, may_write: dict[str, bool]) -> None:
        """Let the open connections do this, by document, and close those to any other."""
        hushed = self._hushed.get(participant_id)
        for live in self._registry.opened(interview_id):
            due = may_write.get(live.id)
            if due is None:
                live.close_peers(CloseCode.TICKET, "there is no seat for this", participant_id)
            else:
                live.set_may_write(participant_id, may_write=due and hushed is None)
            if hushed is not None:
                hushed[live.id] = bool(due)

    @contextmanager
    def hushed(self, interview_id: str, participant_ids: Collection[str]) -> Generator[None]:
        """They write nothing while it is being decided, so that nothing of theirs comes behind the decision; where it
        fails, what is due by then. One decision at a time.
        """
        for participant_id in participant_ids:
            due = self._hushed[participant_id] = {}
            for live in self._registry.opened(interview_id):
                peers = [peer for peer in live.peers if peer.participant_id == participant_id]
                if peers:
                    due[live.id] = any(peer.may_write for peer in peers)
                    live.set_may_write(participant_id, may_write=False)
        try:
            yield
        except Exception:
            for live in self._registry.opened(interview_id):
                for participant_id in participant_ids:
                    if live.id in self._hushed[participant_id]:
                        live.set_may_write(participant_id, may_write=self._hushed[participant_id][live.id])
            raise
        finally:
            for participant_id in participant_ids:
                del self._hushed[participant_id]

"""Those who only watch a document: they are told behind those who write, and together where they are many."""

import asyncio

from collab.peer import Peer
from collab.presence import Presence, is_own
from collab.update import merged
from collab.wire import AwarenessEntry, encode_awareness, encode_update

FEW = 10
PAUSE_S = 0.25
_BEHIND_BYTES = 16 * 2**10
_MAX_HELD_BYTES = 256 * 2**10
_SLICE = 4  # peers that are served in one go: whoever writes waits no longer than for these
_BREATH_S = 0.003  # until the next of them, who also read: 300 are told within a pause


class Gallery:
    """The peers that may not write.

    While they are few and keep up, everything reaches them at once. Otherwise updates are held, and of everybody's
    presence the latest, and reach all of them as one frame each, made once, a few times a second.

    Invariants: whatever is held was accepted before whatever is held or told later, and is told in that order; nothing
    is held for longer than ``PAUSE_S``, nor more than ``_MAX_HELD_BYTES`` and the last update.
    """

    def __init__(self, presence: Presence) -> None:
        self._presence = presence
        self.peers: set[Peer] = set()
        self._updates: list[bytes] = []
        self._held_bytes = 0
        self._moved: dict[int, str] = {}  # the Yjs client ids of which there is news, and whose they are
        self._timer: asyncio.TimerHandle | None = None
        self._round: list[tuple[Peer, list[bytes]]] = []  # who has still to be told of what was held

    def relay(self, frame: bytes, update: bytes) -> None:
        """An accepted update, in its frame."""
        if self._is_prompt:
            for peer in self.peers:
                peer.offer(frame)
        elif self.peers:
            self._updates.append(update)
            self._held_bytes += len(update)
            self._hold()

    def show(self, frame: bytes, sender: Peer) -> None:
        """The sender's presence, by its frame."""
        if self._is_prompt:
            self._presence.tell(self.peers, frame, sender)
        elif self.peers and sender.client_id is not None:
            self._moved[sender.client_id] = sender.participant_id
            self._hold()

    def flush(self) -> None:
        """Tell everybody what is held, now."""
        self._finish_round()
        self._begin_round()
        self._finish_round()

    @property
    def _is_prompt(self) -> bool:
        return (
            self._timer is None
            and not self._round
            and len(self.peers) <= FEW
            and not any(peer.waiting_bytes > _BEHIND_BYTES for peer in self.peers)
        )

    def _hold(self) -> None:
        if self._held_bytes > _MAX_HELD_BYTES:
            self._is_due()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(PAUSE_S, self._is_due)

    def _is_due(self) -> None:
        self._finish_round()
        self._begin_round()
        self._go_on()

    def _begin_round(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        updates, self._updates, self._held_bytes = self._updates, [], 0
        moved, self._moved = self._moved, {}
        changes = [encode_update(merged(updates))] if updates else []
        news = [(self._presence.latest(client_id), owner) for client_id, owner in moved.items()]
        everything = changes + _frames([entry for entry, _ in news])
        owners = set(moved.values())
        for peer in self.peers if everything else ():
            frames = everything
            if peer.participant_id in owners:
                frames = changes + _frames([entry for entry, owner in news if not is_own(peer, entry.client_id, owner)])
            self._round.append((peer, frames))

    def _go_on(self) -> None:
        for _ in range(min(_SLICE, len(self._round))):
            self._tell_next()
        if self._round:
            asyncio.get_running_loop().call_later(_BREATH_S, self._go_on)

    def _finish_round(self) -> None:
        while self._round:
            self._tell_next()

    def _tell_next(self) -> None:
        peer, frames = self._round.pop()
        if peer in self.peers:
            for frame in frames:
                peer.offer(frame)


def _frames(entries: list[AwarenessEntry]) -> list[bytes]:
    return [encode_awareness(entries)] if entries else []

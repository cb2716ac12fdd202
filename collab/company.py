"""Who is connected to a document, and in which order they hear of what happens to it."""

from collab.gallery import Gallery
from collab.peer import Peer
from collab.presence import NOBODY, Presence
from collab.wire import CloseCode


class Company:
    """Those who write hear of everything first and at once; those who may not are the gallery."""

    def __init__(self, presence: Presence) -> None:
        self.peers: set[Peer] = set()
        self._presence = presence
        self._writers: set[Peer] = set()
        self._gallery = Gallery(presence)

    def add(self, peer: Peer) -> None:
        self.peers.add(peer)
        self._place(peer)

    def discard(self, peer: Peer) -> None:
        """The peer has gone, and what it said of itself with it."""
        for those in (self.peers, self._writers, self._gallery.peers):
            those.discard(peer)
        self.show(peer, self._presence.leave(peer))

    def allow(self, peer: Peer, *, may_write: bool) -> None:
        self._gallery.flush()
        peer.may_write = may_write
        self._place(peer)

    def _place(self, peer: Peer) -> None:
        these, others = self._writers, self._gallery.peers
        if not peer.may_write:
            these, others = others, these
        these.add(peer)
        others.discard(peer)

    def relay(self, frame: bytes, update: bytes, sender: Peer) -> None:
        """An accepted update, in its frame."""
        for peer in self._writers:
            if peer is not sender:
                peer.offer(frame)
        self._gallery.relay(frame, update)

    def show(self, peer: Peer, frame: bytes | None) -> None:
        """What of somebody's presence is to be told."""
        self._presence.tell(self._writers, frame, peer)
        if frame is not None:
            self._gallery.show(frame, peer)

    def identify(self, participant_id: str, user: dict[str, str]) -> None:
        """One participant is shown like this from now on."""
        self._gallery.flush()
        self._presence.identify(self.peers, participant_id, user)

    def keep_alive(self) -> None:
        """Renew everybody's presence; send something to every peer that was sent nothing since the last call."""
        self._gallery.flush()
        self._presence.renew()
        for peer in self.peers:
            others = self._presence.everybody_else(peer)
            if peer.is_quiet or len(others) > len(NOBODY):
                peer.offer(others)
            peer.is_quiet = True

    def close(self, code: CloseCode, reason: str, participant_id: str | None) -> None:
        """Close everybody, or one participant's connections."""
        self._gallery.flush()
        for peer in self.peers:
            if participant_id in {None, peer.participant_id}:
                peer.close(code, reason)

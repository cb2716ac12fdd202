"""Awareness states of one document, stamped with who they belong to, gone with their peer.

Format of a state: https://github.com/yjs/y-protocols (awareness.js), with ``user`` and ``cursor`` as y-codemirror.next
reads them.
"""

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeGuard

from collab.errors import Refused
from collab.gate import SOURCE
from collab.peer import Peer
from collab.update import MAX_CLOCK
from collab.wire import MAX_VARUINT, Awareness, AwarenessEntry, CloseCode, encode_awareness

MAX_STATE_BYTES = 4096
GONE = "null"
_STEP = 1024
_OWN_CLOCKS = 2**40  # clients count from 0, or on from one of ours
NOBODY = encode_awareness([])


@dataclass(slots=True)
class _State:
    peer: Peer
    clock: int
    cursor: dict[str, Any] | None
    json: str

    def entry(self, client_id: int) -> AwarenessEntry:
        return AwarenessEntry(client_id, self.clock, self.json)


def _now_ms() -> int:
    return int(time.time() * 1000)


class Presence:
    """Invariant: a state is that of a connected peer, under the identity that the server gave it."""

    def __init__(self, is_root: Callable[[str], bool] = SOURCE.__eq__, now_ms: Callable[[], int] = _now_ms) -> None:
        """``is_root``: whether the document has a text of this name, on which a cursor may stand. ``now_ms`` does not
        go back, also over a restart.
        """
        self._is_root = is_root
        self._now_ms = now_ms
        self._states: dict[int, _State] = {}
        self._clock = 0

    def own_entry(
        self, peer: Peer, awareness: Awareness, may_claim: Callable[[int], bool] = lambda _: True
    ) -> AwarenessEntry | None:
        """What the peer says of itself. Entries under other ids are what stock clients echo: ignored.

        A peer's id is the first that it announces, that nobody else holds, and of which ``may_claim`` holds.

        Hazard: stock tabs of one browser tell each other what we say of them, and then us, under our clock: taken for
        news, it would go round for ever.
        """
        for entry in awareness.entries:
            if peer.client_id is None:
                is_own = entry.state != GONE and may_claim(entry.client_id)
            else:
                is_own = entry.client_id == peer.client_id and not _is_ours(entry.clock)
            if is_own and self._may_hold(peer, entry.client_id):
                return entry
        return None

    def announce(
        self, peer: Peer, awareness: Awareness, may_claim: Callable[[int], bool] = lambda _: True
    ) -> bytes | None:
        """Take the peer's own entry; the frame to ``tell``, if there is one. Raises Refused."""
        entry = self.own_entry(peer, awareness, may_claim)
        if entry is None:
            return None
        state = _parse(entry.state)
        if state is None:
            return self.leave(peer)
        peer.client_id = entry.client_id
        cursor = self._cursor(state.get("cursor"))
        text = _stamped(peer.user, cursor)
        clock = self._tick()
        self._states[entry.client_id] = _State(peer, clock, cursor, text)
        return encode_awareness([AwarenessEntry(entry.client_id, clock, text)])

    def cursor(self, peer: Peer) -> dict[str, Any] | None:
        """Where the peer has said that it is, as the others are told."""
        held = self._held(peer)
        return None if held is None else held.cursor

    def shown(self, peer: Peer) -> str | None:
        """All that the others are told of the peer, as JSON."""
        held = self._held(peer)
        return None if held is None else held.json

    def identify(self, peers: Iterable[Peer], participant_id: str, user: dict[str, str]) -> None:
        """Of these peers, one participant's are somebody else from now on, in the eyes of the others too."""
        everybody = list(peers)
        for peer in everybody:
            if peer.participant_id != participant_id or peer.user == user:
                continue
            peer.user = user
            held = self._held(peer)
            if held is not None and peer.client_id is not None:
                held.json = _stamped(user, held.cursor)
                held.clock = self._tick()
                frame = encode_awareness([AwarenessEntry(peer.client_id, held.clock, held.json)])
                self.tell(everybody, frame, peer)

    def leave(self, peer: Peer) -> bytes | None:
        """Remove the peer's state; the frame to ``tell``."""
        if self._held(peer) is None or peer.client_id is None:
            return None
        del self._states[peer.client_id]
        return encode_awareness([AwarenessEntry(peer.client_id, self._tick(), GONE)])

    def latest(self, client_id: int) -> AwarenessEntry:
        """How this one is shown now, also when it has gone."""
        held = self._states.get(client_id)
        return AwarenessEntry(client_id, self._tick(), GONE) if held is None else held.entry(client_id)

    def tell(self, peers: Iterable[Peer], frame: bytes | None, sender: Peer) -> None:
        """Offer what ``announce`` or ``leave`` of ``sender`` gave to everybody to whom it is news."""
        if frame is None:
            return
        for peer in peers:
            if peer is not sender and not is_own(peer, sender.client_id, sender.participant_id):
                peer.offer(frame)

    def everybody_else(self, peer: Peer) -> bytes:
        """All other states in one frame; also what keeps a quiet connection and its states alive.

        A peer that has announced nothing yet may be its participant's tab come back: none of his states are sent.
        """
        return encode_awareness(
            [
                state.entry(client_id)
                for client_id, state in self._states.items()
                if client_id != peer.client_id
                and (peer.client_id is not None or state.peer.participant_id != peer.participant_id)
            ]
        )

    def renew(self) -> None:
        """Raise every clock: browsers drop a state that is not renewed for 30 s, background tabs renew too seldom."""
        for state in self._states.values():
            state.clock = self._tick()

    def _held(self, peer: Peer) -> _State | None:
        held = self._states.get(peer.client_id) if peer.client_id is not None else None
        return held if held is not None and held.peer is peer else None

    def _may_hold(self, peer: Peer, client_id: int) -> bool:
        held = self._states.get(client_id)
        return held is None or held.peer.participant_id == peer.participant_id

    def _tick(self) -> int:
        """Higher than ever, also across a restart: by the time in ms, at least one step on from the last."""
        self._clock = max(self._clock + _STEP, self._now_ms() * _STEP)
        return self._clock

    def _cursor(self, value: Any) -> dict[str, Any] | None:
        """Two relative positions, or None: anything else throws in every other browser's editor."""
        if not isinstance(value, dict):
            return None
        anchor, head = self._position(value.get("anchor")), self._position(value.get("head"))
        return {"anchor": anchor, "head": head} if anchor and head else None

    def _position(self, value: Any) -> dict[str, Any] | None:
        """On a root that exists: browsers make whatever root is named, and keep it. There are no nested types."""
        if not isinstance(value, dict) or value.get("type") is not None:
            return None
        name, item, side = value.get("tname"), value.get("item"), value.get("assoc", 0)
        if not (_is_integer(side) and -1 <= side <= 1):
            return None
        if name is not None and not (isinstance(name, str) and self._is_root(name)):
            return None
        if item is not None and not _is_id(item):
            return None
        if item is None and name is None:
            return None
        found = None if item is None else {"client": item["client"], "clock": item["clock"]}
        # All four, also where they are null: the editor's plug-in takes a missing one for an id.
        return {"type": None, "tname": name, "item": found, "assoc": side}


def is_own(peer: Peer, client_id: int | None, participant_id: str) -> bool:
    """Whether an entry of this participant may be the peer's own, which nobody is sent: a peer of the same participant
    that has the same id, or none yet, may be the tab come back while the old connection is still half open, and what
    the old one says would take its entry away.
    """
    return peer.participant_id == participant_id and peer.client_id in {None, client_id}


def _stamped(user: dict[str, Any], cursor: dict[str, Any] | None) -> str:
    return json.dumps({"user": user, "cursor": cursor}, separators=(",", ":"))


def _is_ours(clock: int) -> bool:
    """What a client counts on from one of ours is its own again."""
    return clock >= _OWN_CLOCKS and clock % _STEP == 0


def _parse(text: str) -> dict[str, Any] | None:
    """A state, or None for one that has gone. Raises Refused."""
    try:
        if len(text.encode()) > MAX_STATE_BYTES:
            raise Refused(CloseCode.LIMIT, "the presence is too large")
        state = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise Refused(CloseCode.INVALID, "the presence is not JSON") from None
    if state is not None and not isinstance(state, dict):
        raise Refused(CloseCode.INVALID, "the presence is not an object")
    return state


def _refuse_constant(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity, which are no JSON


def _is_id(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and _is_integer(client := value.get("client"))
        and _is_integer(clock := value.get("clock"))
        and 0 <= client <= MAX_VARUINT
        and 0 <= clock < MAX_CLOCK
    )


def _is_integer(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)

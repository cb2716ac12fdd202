"""Awareness states of one document, stamped with who they belong to, gone with their peer.

Format of a state: https://github.com/yjs/y-protocols (awareness.js), with ``user`` and ``cursor`` as y-codemirror.next
reads them.
"""

import json
import time
from dataclasses import dataclass
from typing import Any

from collab.errors import Refused
from collab.gate import SOURCE
from collab.peer import Peer
from collab.wire import Awareness, AwarenessEntry, CloseCode, encode_awareness

MAX_STATE_BYTES = 4096
_GONE = "null"
NOBODY = encode_awareness([])


@dataclass(slots=True)
class _State:
    peer: Peer
    clock: int
    json: str


class Presence:
    """Invariant: a state is that of a connected peer, under the identity that the server gave it."""

    def __init__(self) -> None:
        self._states: dict[int, _State] = {}
        self._clocks: dict[int, int] = {}

    def announce(self, peer: Peer, awareness: Awareness) -> bytes | None:
        """Take the peer's own entry; the frame for everybody else, if there is one. Raises Refused.

        Entries under other ids are what stock clients echo: ignored. A peer's id is the first that nobody else holds.
        """
        for entry in awareness.entries:
            if peer.client_id is None and entry.state != _GONE and self._may_hold(peer, entry.client_id):
                peer.client_id = entry.client_id
            if entry.client_id == peer.client_id:
                return self._set(peer, entry)
        return None

    def leave(self, peer: Peer) -> bytes | None:
        """Remove the peer's state; the frame for everybody else."""
        held = self._states.get(peer.client_id) if peer.client_id is not None else None
        if held is None or held.peer is not peer or peer.client_id is None:
            return None
        del self._states[peer.client_id]
        return encode_awareness([AwarenessEntry(peer.client_id, self._tick(peer.client_id), _GONE)])

    def everybody_else(self, peer: Peer) -> bytes:
        """All other states in one frame; also what keeps a quiet connection and its states alive.

        A peer that has announced nothing yet may be its participant's tab come back: none of his states are sent.
        """
        return encode_awareness(
            [
                AwarenessEntry(client_id, state.clock, state.json)
                for client_id, state in self._states.items()
                if client_id != peer.client_id
                and (peer.client_id is not None or state.peer.participant_id != peer.participant_id)
            ]
        )

    def renew(self) -> None:
        """Raise every clock: browsers drop a state that is not renewed for 30 s, background tabs renew too seldom."""
        for client_id, state in self._states.items():
            state.clock = self._tick(client_id)

    def _may_hold(self, peer: Peer, client_id: int) -> bool:
        held = self._states.get(client_id)
        return held is None or held.peer.participant_id == peer.participant_id

    def _set(self, peer: Peer, entry: AwarenessEntry) -> bytes | None:
        if len(entry.state.encode()) > MAX_STATE_BYTES:
            raise Refused(CloseCode.LIMIT, "the presence is too large")
        try:
            state = json.loads(entry.state)
        except (ValueError, RecursionError):
            raise Refused(CloseCode.INVALID, "the presence is not JSON") from None
        if state is None:
            return self.leave(peer)
        if not isinstance(state, dict):
            raise Refused(CloseCode.INVALID, "the presence is not an object")
        stamped = {"user": peer.user, "cursor": _cursor(state.get("cursor"))}
        text = json.dumps(stamped, separators=(",", ":"))
        clock = self._tick(entry.client_id)
        self._states[entry.client_id] = _State(peer, clock, text)
        return encode_awareness([AwarenessEntry(entry.client_id, clock, text)])

    def _tick(self, client_id: int) -> int:
        """Higher than ever for this id, also across a restart: the time in ms, at least one on from the last."""
        clock = max(self._clocks.get(client_id, 0) + 1, int(time.time() * 1000))
        self._clocks[client_id] = clock
        return clock


def _cursor(value: Any) -> dict[str, Any] | None:
    """Two relative positions, or None: anything else throws in every other browser's editor."""
    if not isinstance(value, dict):
        return None
    anchor, head = _position(value.get("anchor")), _position(value.get("head"))
    return {"anchor": anchor, "head": head} if anchor and head else None


def _position(value: Any) -> dict[str, Any] | None:
    if not isinstance(value, dict):
        return None
    kind, name, item, side = value.get("type"), value.get("tname"), value.get("item"), value.get("assoc", 0)
    if not (_is_id(kind) and _is_id(item) and (name is None or _is_root(name)) and _is_integer(side)):
        return None
    if item is None and kind is None and name is None:
        return None
    # All four, also where they are null: the editor's plug-in takes a missing one for an id.
    return {"type": _id(kind), "tname": name, "item": _id(item), "assoc": side}


def _id(value: Any) -> dict[str, int] | None:
    return None if value is None else {"client": value["client"], "clock": value["clock"]}


def _is_root(name: Any) -> bool:
    return isinstance(name, str) and (name == SOURCE or name.startswith(f"{SOURCE}/"))


def _is_id(value: Any) -> bool:
    return value is None or (
        isinstance(value, dict)
        and all(_is_integer(value.get(part)) and 0 <= value[part] < 2**53 for part in ("client", "clock"))
    )


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)

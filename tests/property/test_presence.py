"""Presence under whatever arrives: what is sent on is in order, and nobody stays who has gone."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from collab.errors import Refused
from collab.peer import Peer
from collab.presence import Presence
from collab.wire import Awareness, AwarenessEntry, Malformed, TooLarge, decode, encode_awareness

_IDS = st.integers(1, 4)
_NUMBERS = st.one_of(st.integers(-2, 2), st.integers(), st.floats(), st.booleans())
_PLACES = st.fixed_dictionaries(
    {},
    optional={
        "type": st.one_of(st.none(), _NUMBERS),
        "tname": st.one_of(st.none(), st.sampled_from(["source", "files", "source/\ud800"]), st.text(max_size=9)),
        "item": st.one_of(st.none(), st.fixed_dictionaries({"client": _NUMBERS, "clock": _NUMBERS})),
        "assoc": _NUMBERS,
    },
)
_VALUES = st.recursive(
    st.one_of(st.none(), _NUMBERS, st.text(max_size=9), _PLACES),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)),
    max_leaves=5,
)
_CURSORS = st.fixed_dictionaries({"anchor": _PLACES, "head": _PLACES})
_STATES = st.fixed_dictionaries({}, optional={"user": _VALUES, "cursor": st.one_of(_CURSORS, _VALUES), "x": _VALUES})


@st.composite
def json_texts(draw: st.DrawFn) -> bytes:
    """A state as a client may write it, sometimes with two of everything, sometimes cut or spoilt."""
    text = json.dumps(draw(st.one_of(_STATES, _VALUES)))
    match draw(st.integers(0, 5)):
        case 0:
            text = text[:-1] + "," + text[1:] if text.startswith('{"') else text
        case 1:
            text = text[: draw(st.integers(0, len(text)))]
        case 2:
            at = draw(st.integers(0, len(text)))
            text = text[:at] + draw(st.sampled_from(["NaN", "1e999", "\\ud800", "[" * 2000, "9" * 2000])) + text[at:]
        case 3:
            text = draw(st.text(max_size=20))
    return text.encode(errors="replace")


@st.composite
def awareness_frames(draw: st.DrawFn) -> bytes:
    entries = draw(st.lists(st.tuples(_IDS, st.integers(0, 2**53 - 1), json_texts()), max_size=3))
    frame = bytearray(encode_awareness([AwarenessEntry(*entry[:2], entry[2].decode()) for entry in entries]))
    if draw(st.integers(0, 9)) == 0 and len(frame) > 1:
        frame[draw(st.integers(1, len(frame) - 1))] = draw(st.integers(0, 255))
    return bytes(frame)


def entries(frame: bytes) -> list[AwarenessEntry]:
    message = decode(frame)
    assert isinstance(message, Awareness)
    return message.entries


def heard(frame: bytes) -> dict[int, Any]:
    """Client id -> state."""
    return {entry.client_id: json.loads(entry.state) for entry in entries(frame)}


def strictly(text: str) -> Any:
    """As JSON.parse reads it; no key twice."""

    def refuse(name: str) -> None:
        raise AssertionError(name)

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs)
        return dict(pairs)

    return json.loads(text, parse_constant=refuse, object_pairs_hook=once)


class Browser:
    """One tab's picture of the others, by the rules of y-protocols."""

    def __init__(self, participant: str) -> None:
        self.peer = Peer(participant, {"name": participant.title(), "id": participant}, may_write=True)
        self.states: dict[int, Any] = {}
        self._clocks: dict[int, int] = {}

    def hear(self, frame: bytes) -> None:
        for entry in entries(frame):
            assert entry.client_id != self.peer.client_id, "told of itself"
            state = strictly(entry.state)
            if state is not None:
                assert state.keys() == {"user", "cursor"}
                assert state["cursor"] is None or state["cursor"].keys() == {"anchor", "head"}
            if entry.clock <= self._clocks.get(entry.client_id, 0):
                continue
            self._clocks[entry.client_id] = entry.clock
            if state is None:
                self.states.pop(entry.client_id, None)
            else:
                self.states[entry.client_id] = state


@settings(max_examples=250, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.one_of(st.none(), awareness_frames())), max_size=12))
def test_whatever_arrives_what_is_sent_is_in_order(doings: list[tuple[int, bytes | None]]) -> None:
    """Two participants with two tabs each and one with one; None is a connection that is replaced by a new one."""
    presence = Presence()
    names = ["ada", "ada", "bob", "bob", "cy"]
    browsers = [Browser(name) for name in names]
    for number, frame in doings:
        peer = browsers[number].peer
        told = presence.leave(peer) if frame is None else _announced(presence, peer, frame)
        if told is not None:
            for browser in browsers:
                presence.tell([browser.peer], told, peer)
        if frame is None:
            browsers[number] = Browser(names[number])
        for browser in browsers:
            for message in browser.peer._outbox:
                assert isinstance(message, bytes)
                browser.hear(message)
            browser.peer._outbox.clear()
    presence.renew()
    for browser in browsers:
        browser.hear(presence.everybody_else(browser.peer))
        assert browser.states == heard(presence.everybody_else(browser.peer)), "a ghost, or an old state"
    holders = {held.peer for held in presence._states.values()}
    assert holders <= {browser.peer for browser in browsers}
    assert all(json.loads(held.json)["user"] == held.peer.user for held in presence._states.values())


def _announced(presence: Presence, peer: Peer, frame: bytes) -> bytes | None:
    try:
        message = decode(frame)
        assert isinstance(message, Awareness)
        told = presence.announce(peer, message)
    except (Malformed, TooLarge, Refused):
        return None
    assert all(state is None or state["user"] == peer.user for state in heard(told).values()) if told else True
    return told

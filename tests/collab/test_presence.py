import contextlib
import json
import time
from typing import Any

import pytest

from collab.errors import Refused
from collab.peer import Peer
from collab.presence import MAX_STATE_BYTES, Presence
from collab.wire import Awareness, AwarenessEntry, CloseCode, decode
from tests.collab.room import sent

POSITION = {"type": None, "tname": "source", "item": {"client": 7, "clock": 3}, "assoc": 0}
CURSOR = {"anchor": POSITION, "head": POSITION}


def seat(participant: str = "ada", *, may_write: bool = True) -> Peer:
    return Peer(participant, {"name": participant.title(), "id": participant}, may_write=may_write)


def says(client_id: int, state: Any, clock: int = 1) -> Awareness:
    return Awareness([AwarenessEntry(client_id, clock, json.dumps(state))])


def heard(frame: bytes | None) -> dict[int, Any]:
    """Client id -> state, as the others are told."""
    return {entry.client_id: json.loads(entry.state) for entry in entries(frame)}


def entries(frame: bytes | None) -> list[AwarenessEntry]:
    assert frame is not None
    message = decode(frame)
    assert isinstance(message, Awareness)
    return message.entries


def cursor_of(state: dict[str, Any]) -> Any:
    return heard(Presence().announce(seat(), says(7, state)))[7]["cursor"]


def test_the_identity_is_the_servers() -> None:
    presence, ada = Presence(), seat()
    told = presence.announce(ada, says(7, {"user": {"name": "Eve", "color": "red"}, "cursor": CURSOR, "more": 1}))
    assert heard(told) == {7: {"user": {"name": "Ada", "id": "ada"}, "cursor": CURSOR}}
    assert heard(presence.announce(ada, says(7, {}))) == {7: {"user": {"name": "Ada", "id": "ada"}, "cursor": None}}


def test_an_observer_is_present_too() -> None:
    assert heard(Presence().announce(seat("oz", may_write=False), says(7, {}))).keys() == {7}


def test_foreign_entries_are_ignored() -> None:
    presence, ada, bob = Presence(), seat("ada"), seat("bob")
    presence.announce(ada, says(7, {}))
    presence.announce(bob, says(8, {}))
    echo = Awareness([AwarenessEntry(7, 9, "{}"), AwarenessEntry(8, 9, "{}"), AwarenessEntry(9, 9, "{}")])
    assert heard(presence.announce(bob, echo)).keys() == {8}
    assert presence.announce(bob, says(7, None)) is None
    assert presence.announce(bob, says(9, {})) is None
    assert heard(presence.everybody_else(seat("cy"))).keys() == {7, 8}


def test_a_broken_foreign_entry_is_ignored_too() -> None:
    presence, ada = Presence(), seat()
    presence.announce(ada, says(7, {}))
    assert presence.announce(ada, Awareness([AwarenessEntry(8, 1, "not JSON")])) is None


def test_nothing_is_said_of_nothing() -> None:
    assert Presence().announce(seat(), Awareness([])) is None
    assert entries(Presence().everybody_else(seat())) == []


def test_an_id_of_somebody_else_is_refused_silently() -> None:
    presence, ada, bob = Presence(), seat("ada"), seat("bob")
    presence.announce(ada, says(7, {"cursor": CURSOR}))
    assert presence.announce(bob, says(7, {})) is None
    assert presence.leave(bob) is None
    assert heard(presence.everybody_else(bob))[7]["user"]["id"] == "ada"
    assert heard(presence.announce(bob, says(8, {}))).keys() == {8}


def test_an_id_that_is_bound_to_somebody_else_is_nobody_elses_presence() -> None:
    presence, bob = Presence(), seat("bob")

    def may_claim(client_id: int) -> bool:
        return client_id != 7

    echo = Awareness([AwarenessEntry(7, 1, "{}"), AwarenessEntry(8, 1, "{}")])
    assert presence.own_entry(bob, echo, may_claim) == AwarenessEntry(8, 1, "{}")
    assert presence.announce(bob, says(7, {}), may_claim) is None
    assert heard(presence.announce(bob, echo, may_claim)).keys() == {8}
    assert presence.announce(bob, says(7, {})) is None


def test_who_went_out_of_sight_cannot_take_the_id_back_from_another() -> None:
    presence, ada, bob = Presence(), seat("ada"), seat("bob")
    presence.announce(ada, says(7, {}))
    presence.announce(ada, says(7, None))
    presence.announce(bob, says(7, {}))
    assert presence.announce(ada, says(7, {})) is None
    assert heard(presence.everybody_else(seat("cy")))[7]["user"]["id"] == "bob"


def test_an_echo_of_a_removal_takes_no_id() -> None:
    presence, ada, bob = Presence(), seat("ada"), seat("bob")
    presence.announce(ada, says(7, {}))
    presence.leave(ada)
    assert presence.announce(bob, says(7, None)) is None
    assert heard(presence.announce(bob, says(8, {}))).keys() == {8}


def test_nobody_is_told_of_himself() -> None:
    presence, ada, bob = Presence(), seat("ada"), seat("bob")
    presence.announce(ada, says(7, {}))
    presence.announce(bob, says(8, {}))
    assert heard(presence.everybody_else(ada)).keys() == {8}
    assert heard(presence.everybody_else(bob)).keys() == {7}


def test_leaving() -> None:
    presence, ada = Presence(), seat()
    here = entries(presence.announce(ada, says(7, {})))[0]
    (gone,) = entries(presence.leave(ada))
    assert (gone.client_id, gone.state) == (7, "null")
    assert gone.clock > here.clock
    assert presence.leave(ada) is None
    assert entries(presence.everybody_else(seat("bob"))) == []
    assert presence.leave(seat("cy")) is None


def test_going_out_of_sight_and_back() -> None:
    presence, ada = Presence(), seat()
    presence.announce(ada, says(7, {}))
    assert heard(presence.announce(ada, says(7, None))) == {7: None}
    assert presence.announce(ada, says(7, None)) is None
    assert heard(presence.announce(ada, says(7, {})))[7] is not None


def test_a_new_connection_takes_over_and_survives_the_old_one() -> None:
    presence, old, new = Presence(), seat(), seat()
    first = entries(presence.announce(old, says(7, {"cursor": CURSOR})))[0]
    second = entries(presence.announce(new, says(7, {})))[0]
    assert second.clock > first.clock
    assert presence.leave(old) is None
    assert heard(presence.everybody_else(seat("bob"))).keys() == {7}
    assert heard(presence.leave(new)) == {7: None}


async def told(presence: Presence, sender: Peer, frame: bytes | None, *peers: Peer) -> list[bool]:
    """Whether each peer is sent what the sender's doing gave."""
    presence.tell([sender, *peers], frame, sender)
    return [bool(await sent(peer)) for peer in peers]


@pytest.mark.anyio
async def test_a_tab_come_back_is_not_told_that_it_has_gone() -> None:
    """The old connection is half open; the new one has the same id, or has not said yet which it has."""
    presence, old, new, silent, other, bob = Presence(), seat(), seat(), seat(), seat(), seat("bob")
    presence.announce(old, says(7, {}))
    presence.announce(other, says(8, {}))
    assert await told(presence, old, presence.leave(old), new, silent, other, bob) == [False, False, True, True]
    presence.announce(old, says(7, {}))
    taken_over = presence.announce(new, says(7, {}))
    assert await told(presence, new, taken_over, old, silent, other, bob) == [False, False, True, True]
    assert await told(presence, old, presence.leave(old), new, silent, other, bob) == [False] * 4
    assert await told(presence, new, presence.leave(new), old, silent, other, bob) == [False, False, True, True]


def test_what_comes_back_of_our_own_words_is_no_news() -> None:
    """A tab hears of itself from another tab of its browser, takes our clock for its own, and says it to us again."""
    presence, ada = Presence(), seat()
    told = entries(presence.announce(ada, says(7, {})))[0]
    presence.renew()
    again = entries(presence.everybody_else(seat("bob")))[0]
    for ours in (told, again):
        assert presence.announce(ada, Awareness([ours])) is None
        assert presence.announce(ada, says(7, None, ours.clock)) is None
    news = entries(presence.announce(ada, says(7, {}, told.clock + 1)))[0]
    assert news.clock > again.clock
    presence.leave(ada)
    assert heard(presence.announce(seat(), Awareness([news]))).keys() == {7}, "a new connection begins where it was"


def test_two_tabs_of_one_participant() -> None:
    presence, one, two = Presence(), seat(), seat()
    presence.announce(one, says(7, {}))
    presence.announce(two, says(8, {}))
    assert heard(presence.leave(one)) == {7: None}
    assert heard(presence.everybody_else(seat("bob"))).keys() == {8}


@pytest.mark.parametrize(
    "cursor",
    [
        CURSOR,
        {"anchor": {**POSITION, "assoc": -1}, "head": POSITION},
        {"anchor": {"item": {"client": 0, "clock": 0}, "assoc": 0}, "head": {"tname": "source", "assoc": 0}},
        {"anchor": {**POSITION, "item": {"client": 2**53 - 1, "clock": 2**31 - 1}}, "head": {**POSITION, "assoc": 1}},
    ],
)
def test_cursors(cursor: dict[str, Any]) -> None:
    """All four fields, null where there is nothing: the editor gives this very object to Yjs, which asks for null."""
    absent = {"type": None, "tname": None, "item": None}
    assert cursor_of({"cursor": cursor}) == {end: {**absent, **position} for end, position in cursor.items()}


def test_a_cursor_stands_on_a_root_that_exists() -> None:
    presence, ada = Presence({"source", "source/a"}.__contains__), seat()
    for name, exists in {"source": True, "source/a": True, "source/b": False, "files": False, "": False}.items():
        position = {**POSITION, "tname": name}
        told = heard(presence.announce(ada, says(7, {"cursor": {"anchor": position, "head": POSITION}})))
        assert (told[7]["cursor"] is not None) == exists, name


def test_what_else_is_in_a_cursor_is_dropped() -> None:
    position = {**POSITION, "item": {"client": 7, "clock": 3, "x": 1}, "x": 1}
    assert cursor_of({"cursor": {"anchor": position, "head": position, "x": 1}}) == CURSOR


@pytest.mark.parametrize(
    "cursor",
    [
        None,
        0,
        "x",
        [],
        {},
        {"anchor": POSITION},
        {"head": POSITION},
        {"anchor": POSITION, "head": None},
        {"anchor": POSITION, "head": {}},
        {"anchor": POSITION, "head": {"assoc": 0}},
        {"anchor": POSITION, "head": [POSITION]},
        {"anchor": POSITION, "head": {**POSITION, "tname": 1}},
        {"anchor": POSITION, "head": {**POSITION, "tname": {"toString": 1}}},
        {"anchor": POSITION, "head": {**POSITION, "item": "x"}},
        {"anchor": POSITION, "head": {**POSITION, "item": {"client": 7}}},
        {"anchor": POSITION, "head": {**POSITION, "item": {"client": 7, "clock": -1}}},
        {"anchor": POSITION, "head": {**POSITION, "item": {"client": 7, "clock": 1.5}}},
        {"anchor": POSITION, "head": {**POSITION, "item": {"client": True, "clock": 1}}},
        {"anchor": POSITION, "head": {**POSITION, "item": {"client": 2**53, "clock": 1}}},
        {"anchor": POSITION, "head": {**POSITION, "item": {"client": -1, "clock": 1}}},
        {"anchor": POSITION, "head": {**POSITION, "item": {"client": 1, "clock": 2**31}}},
        {"anchor": POSITION, "head": {**POSITION, "type": {"client": 7, "clock": 3}}},
        {"anchor": POSITION, "head": {**POSITION, "assoc": 2}},
        {"anchor": POSITION, "head": {**POSITION, "assoc": -2}},
        {"anchor": POSITION, "head": {**POSITION, "assoc": 10**1000}},
        {"anchor": POSITION, "head": {**POSITION, "type": 5}},
        {"anchor": POSITION, "head": {**POSITION, "assoc": None}},
        {"anchor": POSITION, "head": {**POSITION, "assoc": "0"}},
        {"anchor": POSITION, "head": {**POSITION, "assoc": True}},
    ],
)
def test_what_is_no_cursor(cursor: Any) -> None:
    assert cursor_of({"cursor": cursor}) is None


def test_half_of_a_surrogate_pair_in_a_cursor() -> None:
    """JSON can spell what UTF-8 cannot: one such state must not fail everybody who is told of it."""
    presence, eve, ada = Presence(), seat("eve"), seat("ada")
    state = '{"cursor":{"anchor":{"tname":"\\ud800","assoc":0},"head":{"tname":"\\ud800","assoc":0}}}'
    with contextlib.suppress(Refused):
        presence.announce(eve, Awareness([AwarenessEntry(7, 1, state)]))
    entries(presence.everybody_else(ada))


@pytest.mark.parametrize(
    "state",
    [
        "",
        "x",
        "{",
        "1",
        "[]",
        '"x"',
        "true",
        "NaN",
        "{}{}",
        '{"cursor":' * 300 + "1" + "}" * 300 + "x",
        "[" * MAX_STATE_BYTES,
        "[" * 2_048 + "]" * 2_048,
        "1" * MAX_STATE_BYTES,
        "-" * MAX_STATE_BYTES,
    ],
    ids=lambda state: state[:12],
)
def test_what_is_no_state(state: str) -> None:
    presence, ada = Presence(), seat()
    with pytest.raises(Refused) as refused:
        presence.announce(ada, Awareness([AwarenessEntry(7, 1, state)]))
    assert refused.value.code is CloseCode.INVALID
    assert entries(presence.everybody_else(seat("bob"))) == []


@pytest.mark.parametrize(
    "bomb",
    [
        '{"a":' * 650 + "1" + "}" * 650,
        '{"cursor":{"anchor":' + "[" * 2_000 + "]" * 2_000 + "}}",
        '{"cursor":{"anchor":{"assoc":' + "9" * 4_000 + "}}}",
        '{"x":1e999,"y":-1e999,"z":NaN}',
    ],
    ids=["objects", "arrays", "digits", "numbers"],
)
def test_bombs(bomb: str) -> None:
    presence, ada = Presence(), seat()
    with contextlib.suppress(Refused):
        assert heard(presence.announce(ada, Awareness([AwarenessEntry(7, 1, bomb)])))[7]["cursor"] is None
    entries(presence.everybody_else(seat("bob")))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_in_json(number: str) -> None:
    """JSON.parse throws on them in every other browser."""
    position = f'{{"tname":"source","assoc":{number}}}'
    with pytest.raises(Refused) as refused:
        Presence().announce(
            seat(), Awareness([AwarenessEntry(7, 1, f'{{"cursor":{{"anchor":{position},"head":{position}}}}}')])
        )
    assert refused.value.code is CloseCode.INVALID


@pytest.mark.parametrize("letter", ["x", "é", "😀"])
def test_four_kibibytes(letter: str) -> None:
    presence, ada = Presence(), seat()
    room = MAX_STATE_BYTES - len('{"x":""}')
    fits = '{"x":"' + letter * (room // len(letter.encode())) + '"}'
    assert len(fits.encode()) <= MAX_STATE_BYTES == 4096
    presence.announce(ada, Awareness([AwarenessEntry(7, 1, fits)]))
    over = '{"x":"' + letter * (room // len(letter.encode()) + 1) + '"}'
    with pytest.raises(Refused) as refused:
        presence.announce(ada, Awareness([AwarenessEntry(7, 1, over)]))
    assert refused.value.code is CloseCode.LIMIT


def test_the_clock_rises() -> None:
    presence, ada = Presence(), seat()
    clocks = []
    for clock in (5, 1, 2**40 + 1, 2**20, 0):
        clocks += [entry.clock for entry in entries(presence.announce(ada, says(7, {}, clock)))]
        presence.renew()
        clocks += [entry.clock for entry in entries(presence.everybody_else(seat("bob")))]
        clocks += [entry.clock for entry in entries(presence.leave(ada))]
    assert clocks == sorted(set(clocks))
    assert clocks[-1] < 2**53


def test_the_clock_rises_over_a_restart(monkeypatch: pytest.MonkeyPatch) -> None:
    """A selection dragged for ten seconds, sixty entries a second; the next process starts a second later."""
    now_s = time.time()
    monkeypatch.setattr(time, "time", lambda: now_s)
    presence, ada, last = Presence(), seat(), 0
    for _ in range(600):
        last = entries(presence.announce(ada, says(7, {})))[0].clock
        now_s += 1 / 60
    now_s += 1
    assert entries(Presence().announce(seat(), says(7, {})))[0].clock > last


@pytest.mark.anyio
async def test_who_somebody_is_changes_while_he_is_there() -> None:
    """A31: the others are told, under a later clock, with the cursor where it was; nobody else's entry is."""
    presence, ada, ben = Presence(), seat(), seat("ben")
    quiet = seat()
    for peer, client_id in ((ada, 7), (ben, 8)):
        presence.announce(peer, says(client_id, {"cursor": CURSOR}))
    before = {entry.client_id: entry.clock for entry in entries(presence.everybody_else(seat("cy")))}
    user = {"name": "Ada", "id": "ada", "role": "observer"}
    presence.identify({ada, ben, quiet}, "ada", user)
    (told,) = entries((await sent(ben))[-1])
    assert (told.client_id, json.loads(told.state)) == (7, {"user": user, "cursor": CURSOR})
    assert told.clock > before[7]
    assert await sent(ada) == await sent(quiet) == []
    assert quiet.user == user, "before he says anything of himself"
    presence.identify({ada, ben, quiet}, "ada", user)
    assert await sent(ben) == [], "nothing changes"
    assert heard(presence.everybody_else(seat("cy"))).keys() == {7, 8}

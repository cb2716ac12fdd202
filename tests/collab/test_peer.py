"""What one connection may cost, and what it may leave waiting."""

import pytest

from collab.errors import Refused
from collab.peer import CPU_BURST_S, MAX_SET_ASIDE, Peer
from collab.wire import CloseCode


class HandClock:
    """Stands in for the module ``time``; goes only when it is told to."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> HandClock:
    clock = HandClock()
    monkeypatch.setattr("collab.peer.time", clock)
    return clock


def affords(peer: Peer, seconds: float) -> bool:
    try:
        peer.spend_cpu(seconds)
    except Refused as refused:
        return refused.code is not CloseCode.RATE
    return True


def test_a_budget_of_computing(clock: HandClock) -> None:
    peer = Peer("ada", {}, may_write=True, cpu_per_s=0.25)
    assert CPU_BURST_S * 0.25 == 2
    assert affords(peer, 1.5)
    assert affords(peer, 0.5)
    assert not affords(peer, 0.25)
    clock.now_s += 2
    assert affords(peer, 0.25)
    assert not affords(peer, 0.125)
    clock.now_s += 3600
    assert affords(peer, 2)
    assert not affords(peer, 1)


def test_rest_is_not_saved_up(clock: HandClock) -> None:
    peer = Peer("ada", {}, may_write=True, cpu_per_s=0.25)
    clock.now_s += 3600
    assert not affords(peer, 2.5)


def test_no_budget_is_no_limit() -> None:
    assert affords(Peer("ada", {}, may_write=True, cpu_per_s=0), 1e9)


def test_what_is_set_aside_is_bounded_in_number() -> None:
    peer = Peer("ada", {}, may_write=True)
    for _ in range(MAX_SET_ASIDE):
        peer.put_aside(b"x")
    with pytest.raises(Refused) as refused:
        peer.put_aside(b"x")
    assert refused.value.code is CloseCode.OUT_OF_STEP


def test_closing_is_told_once() -> None:
    told: list[str] = []
    peer = Peer("ada", {}, may_write=True)
    peer.on_closing = lambda: told.append("closing")
    peer.close(CloseCode.INVALID, "first")
    peer.close(CloseCode.RESTART, "second")
    assert told == ["closing"]
    assert peer.closing == (CloseCode.INVALID, "first")

"""Under Hypercorn, which sees no pongs: who has announced himself and is not heard of any more has gone (row 6)."""

import math
from pathlib import Path

import anyio
import pytest
from structlog.testing import capture_logs

from tests.faults.test_stalled_transport import a_stage
from tests.support import wire
from tests.support.transport import SOON_S, Call, until
from web.settings import Settings
from web.socket import _SILENT

pytestmark = pytest.mark.anyio

DEAD_S = 0.01
SILENT_S = _SILENT * DEAD_S


class HandClock:
    """Stands in for the module ``time``; goes only when it is told to."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.reads = 0

    def monotonic(self) -> float:
        self.reads += 1
        return self.now_s

    def thread_time(self) -> float:
        return 0.0

    async def looked_at(self) -> None:
        """Return when everybody must have been looked after again."""
        reads = self.reads
        await until(lambda: self.reads > reads + 4)


def test_ninety_seconds() -> None:
    assert _SILENT * Settings().dead_s == 90


async def test_who_has_announced_himself_is_ended_when_he_falls_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tab behind others renews its presence once a minute, and stays; so does who has announced nothing."""
    clock = HandClock()
    monkeypatch.setattr("web.socket.time", clock)
    monkeypatch.setattr("web.socket._LAST_WORD_S", math.inf)
    async with a_stage(tmp_path, server="hypercorn", dead_s=DEAD_S) as stage:
        ada, eve = await stage.call(), await stage.call()

        def announced(number: int) -> None:
            ada.transport.say(wire.awareness([(7, number, {"user": {}, "cursor": None})]))

        def heard_at_s() -> list[float]:
            return [peer.heard_at_s for peer in stage.live.peers if peer.client_id is not None]

        async def stays(call: Call) -> None:
            await clock.looked_at()
            assert not call.ended.is_set()

        announced(1)
        await until(lambda: heard_at_s() == [clock.now_s])
        for number in range(2, 5):
            clock.now_s += SILENT_S * 60 / 90
            await stays(ada)
            announced(number)
            await until(lambda: heard_at_s() == [clock.now_s])
        clock.now_s += 0.99 * SILENT_S
        await stays(ada)
        with capture_logs() as logs:
            clock.now_s += 0.02 * SILENT_S
            with anyio.fail_after(SOON_S):
                await ada.ended.wait()
        assert [entry["code"] for entry in logs if entry["event"] == "peer refused"] == [4508]
        clock.now_s += 3600
        stage.type("x")
        assert not eve.ended.is_set()
        assert eve.transport.updates == stage.told

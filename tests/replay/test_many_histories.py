"""What is kept of a log, against the log: the derived segments, and what a newcomer is sent."""

import random
from collections.abc import Sequence
from contextlib import aclosing
from itertools import pairwise
from typing import Any, cast

import pytest
from pycrdt import Doc, Text

from collab.clock import Clock
from collab.database import Database
from collab.gate import Limits
from collab.journal import Journal
from collab.live import LiveDocument
from collab.log import Entry, Log
from replay.cache import Cache
from tests.replay.record import Listed
from tests.replay.test_corpus_random import history
from tests.replay.test_histories import ROOTS
from tests.support import wire

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("small_segments")]

PAUSES_MS = (0, 0, 10, 120, 900)
ASKED = 4


class Raw:
    """The log alone: the texts after each of its entries, and the state vector."""

    def __init__(self, log: Sequence[Entry]) -> None:
        self._doc: Doc[Any] = Doc()
        self._roots = {root: self._doc.get(root, type=Text) for root in ROOTS}
        self.texts = [dict.fromkeys(ROOTS, "")]
        for entry in log:
            if entry.kind == "update":
                self._doc.apply_update(entry.payload)
            self.texts.append({root: str(text) for root, text in self._roots.items()})

    @property
    def clocks(self) -> dict[int, int]:
        return wire.read_state(self._doc.get_state())


def written(chance: random.Random) -> list[Entry]:
    log: list[Entry] = []
    at_ms = 0
    for number, step in enumerate(history(chance), 1):
        at_ms += chance.choice(PAUSES_MS)
        if isinstance(step, bytes):
            log.append(Entry("i", number, at_ms, "i", f"p{chance.randrange(3)}", "update", step))
        else:
            log.append(Entry("i", number, at_ms, "", "p0", "chat", b"{}"))
    return log


def full(texts: dict[str, str]) -> dict[str, str]:
    return {root: texts.get(root, "") for root in ROOTS}


async def check_segments(log: list[Entry], raw: Raw, chance: random.Random) -> None:
    """Read in parts by processes that have only the cache of the one before."""
    cuts = [0, *sorted(chance.sample(range(len(log)), min(2, len(log)))), len(log)]
    async with aclosing(Cache()) as cache:
        for _, end in pairwise(cuts):
            replay = Listed(log[:end]).replay(cache)
            for at_ms in [*(chance.choice(log[:end]).at_ms for _ in range(ASKED if end else 0)), 2**52]:
                _, _, texts = await replay.text("i", "i", at_ms)
                last = max((each.entry for each in log[:end] if each.at_ms <= at_ms), default=0)
                assert full(texts) == raw.texts[last]
            follower = replay._derivations._slots["i"].follower
            assert follower is not None
            if end == len(log) and follower._replica is not None:
                assert wire.read_state(follower._replica._doc.get_state()) == raw.clocks


def check_snapshot(log: Sequence[Entry], raw: Raw) -> None:
    """What the server would send to somebody who comes with nothing."""
    live = LiveDocument(Log("i", 0, 0, 1), "i", Journal(cast("Database", None), Clock()), Limits())
    for entry in log:
        live.restore(entry)
    newcomer: Doc[Any] = Doc()
    newcomer.apply_update(live._document.diff(b"\0"))
    assert {root: str(newcomer.get(root, type=Text)) for root in ROOTS} == full(live.texts()) == raw.texts[-1]
    assert wire.read_state(newcomer.get_state()) == raw.clocks


@pytest.mark.parametrize(
    ("first", "count"),
    [
        pytest.param(0, 60, id="some"),
        *(pytest.param(first, 2_500, id=f"from-{first}", marks=pytest.mark.long) for first in range(0, 10_000, 2_500)),
    ],
)
async def test_texts_and_state_vector_are_those_of_the_log(first: int, count: int) -> None:
    """Catalogue row 26."""
    for seed in range(first, first + count):
        chance = random.Random(seed)
        if not (log := written(chance)):
            continue
        raw = Raw(log)
        await check_segments(log, raw, chance)
        check_snapshot(log, raw)

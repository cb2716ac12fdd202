"""Text at a random instant on the server. Prints: python -m pytest -s -m bench tests/bench/bench_text.py"""

import random
from pathlib import Path
from time import perf_counter, thread_time

import pytest

from collab.database import Database
from replay.recording import Replay
from tests.replay.record import INTERVIEW, Recorded, everything
from tests.replay.trace import load, updates

pytestmark = [pytest.mark.anyio, pytest.mark.bench]

ASKED = 2_000


@pytest.mark.parametrize(
    ("name", "most_ms"), [("friendsforever", 1), ("json-crdt-patch", 1), ("rustcode", 1), ("automerge-paper-timed", 10)]
)
async def test_text_at_a_random_instant(tmp_path: Path, name: str, most_ms: float) -> None:
    database = await Database.open(tmp_path / "panelroom.db")
    recorded = Recorded(database)
    await recorded.start()
    trace = load(name)
    for update in updates(trace):
        recorded.clock.at_ms += 100
        recorded.queue(update)
    await recorded.journal.flush()
    replay = Replay(recorded.journal)
    begun = perf_counter()
    _, entry, texts = await replay.text(INTERVIEW, INTERVIEW, 2**53)
    derived_s = perf_counter() - begun
    assert texts["source"] == trace["endContent"]
    assert entry is not None
    chance = random.Random(name)
    took_ms = []
    for _ in range(ASKED):
        at_ms = chance.randrange(entry * 100)
        begun = thread_time()  # other programs on the machine do not count
        await replay.text(INTERVIEW, INTERVIEW, at_ms)
        took_ms.append((thread_time() - begun) * 1000)
    took_ms.sort()
    p50, p99 = took_ms[ASKED // 2], took_ms[ASKED * 99 // 100]
    begun = perf_counter()
    made = await replay.file(INTERVIEW, INTERVIEW, participants=[], sealed=False, told=everything)
    size = sum(len(chunk) for chunk in made.chunks)
    print(
        f"\n{name}: {entry - 1:,} entries, text p50 {p50:.2f} ms, p99 {p99:.2f} ms, most {took_ms[-1]:.2f} ms;"
        f" derived in {derived_s:.2f} s; file {size / 1e6:.2f} MB in {perf_counter() - begun:.2f} s"
    )
    assert p99 <= most_ms
    await database.close()

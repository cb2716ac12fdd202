"""Text at an instant, and the file, on the server. Prints: python -m pytest -s -m bench tests/bench/bench_text.py"""

import os
import random
import tracemalloc
from contextlib import aclosing
from pathlib import Path
from time import perf_counter, thread_time

import pytest

from replay.cache import Cache
from replay.file import Whole
from replay.recording import Replay
from tests.replay.conftest import recorded
from tests.replay.record import INTERVIEW, Recorded, everything
from tests.replay.trace import load, updates

__all__ = ["recorded"]  # a fixture

pytestmark = [pytest.mark.anyio, pytest.mark.bench]

ASKED = 2_000


@pytest.mark.parametrize(
    ("name", "most_ms"), [("friendsforever", 1), ("json-crdt-patch", 1), ("rustcode", 1), ("automerge-paper-timed", 10)]
)
async def test_text_at_a_random_instant(recorded: Recorded, tmp_path: Path, name: str, most_ms: float) -> None:
    """Warm, and after a restart from the cache."""
    trace = load(name)
    for update in updates(trace):
        recorded.clock.at_ms += 100
        recorded.queue(update)
    await recorded.journal.flush()
    print(f"\n{name}, {len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f}:")
    for state in ("derived", "restarted"):
        async with aclosing(Cache(tmp_path / "cache.db")) as cache:
            replay = recorded.replay(cache)
            begun, begun_cpu = perf_counter(), thread_time()
            _, entry, texts = await replay.text(INTERVIEW, INTERVIEW, 2**53)
            took_s, cpu_s = perf_counter() - begun, thread_time() - begun_cpu
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
            print(
                f"  {state} in {took_s:.2f} s, {cpu_s:.2f} s of CPU; {entry - 1:,} entries,"
                f" text p50 {p50:.2f} ms, p99 {p99:.2f} ms, most {took_ms[-1]:.2f} ms; {await _stream(replay)};"
                f" load {os.getloadavg()[0]:.1f}"
            )
            assert p99 <= most_ms
            await replay._derive(INTERVIEW, INTERVIEW)
    print(f"  cache.db {(tmp_path / 'cache.db').stat().st_size / 1e6:.1f} MB")


async def _stream(replay: Replay) -> str:
    begun = perf_counter()
    made = await replay.file(INTERVIEW, INTERVIEW, participants=[], sealed=False, told=everything)
    assert isinstance(made, Whole)
    size = 0
    async for chunk in made.chunks():
        size += len(chunk)
    took_s = perf_counter() - begun
    tracemalloc.start()
    async for _ in made.chunks():
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return f"file {size / 1e6:.2f} MB at {size / 1e6 / took_s:.0f} MB/s, {peak / 1e6:.1f} MB of memory"

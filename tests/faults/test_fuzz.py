"""Generated inputs against a document at which others type; everything that is relayed is given to real Yjs.

The long form, one kind and seed at a time: ./test -m long -s tests/faults/test_fuzz.py -k "update and seed1"
"""

import faulthandler
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.support.fuzz import KINDS, Failure, fuzz
from tests.support.fuzz_shrink import shrunk, told
from tests.support.fuzz_yjs import Witness

pytestmark = pytest.mark.anyio

SHORT = {"frame": 24_000, "sync": 20_000, "update": 16_000, "awareness": 40_000}
LONG = 1_000_000
MAX_CPU_S = 0.05
MAX_GROWTH_BYTES = 50 * 2**20


@pytest.fixture
def yjs() -> Generator[Witness]:
    with Witness() as witness:
        yield witness


@pytest.mark.parametrize("kind", KINDS)
async def test_nothing_breaks_a_room(kind: str, yjs: Witness, tmp_path: Path) -> None:
    try:
        report = await fuzz(kind, 0, SHORT[kind], yjs, tmp_path / "trail")
    except Failure as failure:
        pytest.fail(f"{failure}\n{told(await shrunk(failure.moves, yjs))}")
    print(report)
    assert report.inputs == SHORT[kind]
    if kind == "update":
        assert report.outcomes["accepted"] >= report.inputs / 5


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2, 3], ids=lambda seed: f"seed{seed}")
@pytest.mark.parametrize("kind", KINDS)
async def test_nothing_breaks_a_room_for_long(kind: str, seed: int, yjs: Witness, tmp_path: Path) -> None:
    faulthandler.cancel_dump_traceback_later()  # of pytest, after 15 minutes; whether it goes on is told all the time
    try:
        report = await fuzz(kind, seed, LONG, yjs, tmp_path / "trail", tell=lambda line: print(line, flush=True))
    except Failure as failure:
        pytest.fail(f"{failure}\n{told(await shrunk(failure.moves, yjs))}")
    print(report)
    assert report.slowest_s <= MAX_CPU_S, report.slowest.hex()
    assert report.rss_bytes[-1] - report.rss_bytes[0] <= MAX_GROWTH_BYTES

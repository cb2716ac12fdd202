"""The time of a data directory: one for every process, until the machine starts again."""

import json
import time
from pathlib import Path

import pytest

from collab.clock import Clock

HOUR_MS = 3_600_000


def test_every_process_goes_by_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = Clock.of(tmp_path)
    wall = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: wall() + HOUR_MS * 10**6)
    after = Clock.of(tmp_path)
    assert 0 <= after.now_ms() - before.now_ms() < HOUR_MS / 2
    assert after.offset_s() == pytest.approx(-3_600, abs=60)
    assert Clock().now_ms() - after.now_ms() > HOUR_MS / 2


BOOT = Path("/proc/sys/kernel/random/boot_id").read_text().strip()


@pytest.mark.parametrize("kept", ["{}", "[]", "", "\0", '{"boot": "another", "anchor_ns": 0}'])
def test_what_is_of_another_boot_or_nothing_at_all_is_made_anew(tmp_path: Path, kept: str) -> None:
    path = tmp_path / "clock.json"
    path.write_text(kept)
    assert abs(Clock.of(tmp_path).offset_s()) < 60
    assert json.loads(path.read_text())["boot"] != "another"


@pytest.mark.parametrize("anchor_ns", ["1e999", "-1e999", "NaN", "9e30", "-9e30", '"x"', "null"])
def test_a_time_that_cannot_be_is_made_anew(tmp_path: Path, anchor_ns: str) -> None:
    path = tmp_path / "clock.json"
    path.write_text(f'{{"boot": "{BOOT}", "anchor_ns": {anchor_ns}}}')
    assert abs(Clock.of(tmp_path).offset_s()) < 60
    assert abs(json.loads(path.read_text())["anchor_ns"]) < time.time_ns()


def test_a_directory_that_takes_nothing(tmp_path: Path) -> None:
    assert abs(Clock.of(tmp_path / "missing").offset_s()) < 60

"""The parent of the server process: what it does when one dies, and when it is told to stop."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.server import ROOT
from web.supervisor import PAUSES_S

LONG_S = 60


@contextmanager
def program(*outcomes: str, pauses: str = "0", healthy_s: float = LONG_S) -> Iterator[subprocess.Popen[str]]:
    """tests/support/dying.py; whatever of it still runs at the end is killed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.dying", pauses, str(healthy_s), *outcomes],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def run(*outcomes: str, pauses: str = "0", healthy_s: float = LONG_S) -> tuple[int, list[dict[str, Any]], str]:
    """The exit status, what the server processes were told, and the log."""
    with program(*outcomes, pauses=pauses, healthy_s=healthy_s) as process:
        out, err = process.communicate(timeout=LONG_S)
        return process.returncode, [json.loads(line) for line in out.splitlines()], err


def started(process: subprocess.Popen[str]) -> dict[str, Any]:
    """What the next server process was told."""
    assert process.stdout is not None
    told: dict[str, Any] = json.loads(process.stdout.readline())
    return told


def test_the_pauses_grow_and_the_server_always_comes_back() -> None:
    status, told, log = run(*["SIGSEGV"] * 3, "SIGKILL", "3", "SIGABRT", "0", pauses="0 0.01 0.02 0.03")
    assert status == 0
    assert len({each["pid"] for each in told}) == 7
    assert re.findall(r"of=(\"status 3\"|\S+) .*next_in_s=(\S+)", log) == [
        ("SIGSEGV", "0.0"),
        ("SIGSEGV", "0.01"),
        ("SIGSEGV", "0.02"),
        ("SIGKILL", "0.03"),
        ('"status 3"', "0.03"),
        ("SIGABRT", "0.03"),
    ]


def test_the_first_pauses_leave_time_to_be_back_within_two_seconds() -> None:
    assert PAUSES_S[0] == 0
    assert list(PAUSES_S) == sorted(PAUSES_S)
    assert sum(PAUSES_S[:4]) < 2


def test_health_is_rewarded() -> None:
    status, _, log = run(*["SIGSEGV"] * 4, "0", pauses="0 30", healthy_s=0)
    assert status == 0
    assert re.findall(r"next_in_s=(\S+)", log) == ["0.0"] * 4


def test_a_first_start_that_fails_is_the_end() -> None:
    status, told, log = run("unready 3", "0")
    assert (status, len(told), log) == (3, 1, "")


@pytest.mark.parametrize("server", ["uvicorn", "hypercorn"])
def test_a_server_that_cannot_start_says_so(tmp_path: Path, server: str) -> None:
    """What fails only in the server process."""
    fails = "import web.cli, web.panelroom; web.panelroom.Database.open = None; web.cli.main()"
    done = subprocess.run(
        [sys.executable, "-c", fails, "serve", "--port", "0", "--data", str(tmp_path)],
        capture_output=True,
        text=True,
        env=os.environ | {"PANELROOM_SERVER": server},
        cwd=ROOT,
        timeout=LONG_S,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith("\nThe server could not start; the log says why.\n")
    assert "'NoneType' object is not callable" in done.stderr


@pytest.mark.parametrize(
    ("outcomes", "first"),
    [(["SIGSEGV", "unready 3", "0"], [True, False, False]), (["unready SIGSEGV", "SIGSEGV", "0"], [True, True, False])],
)
def test_a_later_start_that_fails_is_repeated(outcomes: list[str], first: list[bool]) -> None:
    status, told, _ = run(*outcomes)
    assert status == 0
    assert [each["is_first"] for each in told] == first


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(("outcome", "status"), [("wait 0", 0), ("wait 5", 5), ("wait SIGSEGV", 128 + 11)])
def test_a_stop_goes_to_the_server_and_its_status_comes_back(number: signal.Signals, outcome: str, status: int) -> None:
    with program("SIGSEGV", outcome) as process:
        started(process)
        started(process)
        process.send_signal(number)
        out, _ = process.communicate(timeout=LONG_S)
        assert (process.returncode, out) == (status, "stopping\n")


def test_a_stop_in_a_pause() -> None:
    with program("SIGSEGV", pauses=str(10 * LONG_S)) as process:
        assert process.stderr is not None
        assert "server process died" in process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(LONG_S) == 0


def test_a_fault_in_the_crdt_accuses_what_it_was_given() -> None:
    _, told, _ = run("SIGSEGV", "noted SIGSEGV", "0")
    assert [each["poisons"] for each in told] == [[], [], [["document", "ada", "SIGSEGV"]]]


def test_what_comes_from_outside_accuses_only_the_second_time() -> None:
    _, told, log = run("noted SIGKILL", "noted SIGKILL", "0")
    assert [len(each["poisons"]) for each in told] == [0, 0, 1]
    assert log.count("it died in the CRDT") == 1


def test_an_old_note_accuses_nobody() -> None:
    _, told, _ = run("noted SIGKILL", "SIGSEGV", "0")
    assert [len(each["poisons"]) for each in told] == [0, 0, 0]


def test_whoever_kills_the_supervisor_kills_the_server() -> None:
    with program("SIGSEGV", "wait 0") as process:
        started(process)
        started(process)
        process.kill()
        assert process.stdout is not None
        assert process.stdout.read() == ""  # closed by both: nobody is left

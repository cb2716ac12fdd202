"""What others send cannot forge the log or drive the terminal that shows it."""

import ast
import re
import shlex
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.support.server import Server
from tests.web.conftest import Site

ROOT = Path(__file__).parents[2]
OPERATIONS = ROOT / "docs" / "operations.md"
LEVELS = {"info": "info", "warning": "warning", "error": "error", "exception": "error"}

_SCRIPT = """
import logging, structlog
from web import log

log.configure()
for unshowable in ("\\0", "\\x1b[2J", "\\n", "\\r", "\\x7f", "\\x9b", "\\u2028", "\\u202e", "\\udc80"):
    structlog.get_logger("ours").info("refused", path=f"/i/{unshowable}x", title="Zoë 🎉")
    logging.getLogger("theirs").warning("a %s b", unshowable)
    try:
        raise ValueError(unshowable)
    except ValueError:
        structlog.get_logger("ours").exception("failed")
        logging.getLogger("theirs").exception("failed")
"""


def test_whatever_is_logged_is_one_showable_line() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", _SCRIPT], capture_output=True, encoding="utf-8", timeout=60, check=True
    )
    lines = done.stderr.split("\n")
    assert lines.pop() == ""
    assert len(lines) == 9 * 4
    assert [line for line in lines if not line.isprintable()] == []
    assert sum("Zoë 🎉" in line for line in lines) == 9
    assert sum("Traceback" in line for line in lines) == 9 * 2


def test_a_server_says_how_it_was_started(server: Server) -> None:
    (line, *_) = server.lines_with("event=started", 0)
    assert "version=" in line
    assert "joins_per_min=0" in line
    assert "outbox_bytes" not in line


_FLOOD = """
import logging, structlog
from web import log

log.configure()
for number in range(500):
    structlog.get_logger("ours").warning("peer refused", code=4400, address="198.51.100.7", reason="two words")
    try:
        raise OSError("no space")
    except OSError:
        structlog.get_logger("ours").exception("commit failed")
    logging.getLogger("theirs").warning("somebody's %s", number)
structlog.get_logger("ours").warning("another", left_out=log.valve.left_out, untold=sorted(log.valve.take_untold()))
structlog.get_logger("ours").warning("another", untold=sorted(log.valve.take_untold()))
"""


def test_a_flood_is_cut_short() -> None:
    """Of each kind of line a burst, and the others, which are counted; no other kind is left out for it."""
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", _FLOOD], capture_output=True, encoding="utf-8", timeout=60, check=True
    )
    lines = [dict(field.split("=", 1) for field in shlex.split(line)) for line in done.stderr.splitlines()]
    assert all(list(line)[:3] == ["timestamp", "level", "event"] for line in lines)
    assert lines[0] | {"timestamp": ""} == {
        "timestamp": "",
        "level": "warning",
        "event": "peer refused",
        "code": "4400",
        "address": "198.51.100.7",
        "reason": "two words",
    }
    events = [line["event"] for line in lines]
    told = {kind: events.count(kind) for kind in ("peer refused", "commit failed")}
    told["theirs"] = sum(event.startswith("somebody's") for event in events)
    # One more for each second, or ten, that it takes.
    for kind, most in {"peer refused": 110, "commit failed": 16, "theirs": 110}.items():
        assert 10 <= told[kind] <= most, kind
    *_, one, other = lines
    assert int(one["left_out"]) == 1_500 - sum(told.values())
    assert one["untold"] == "['commit failed', 'peer refused', 'theirs']"
    assert other["untold"] == "[]"


@pytest.mark.anyio
async def test_what_was_asked_is_cut_short(site: Site) -> None:
    with capture_logs() as lines:
        await site.call("M" * 1_000, f"/{'x' * 10_000}")
    assert [len(line[what]) for line in lines for what in ("method", "path")] == [200, 200]


def test_operations_say_what_every_line_means() -> None:
    """And nothing of lines that are not there."""
    logged = {}
    for path in (path for package in ("collab", "rooms", "replay", "web") for path in (ROOT / package).glob("**/*.py")):
        for call in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)):
            for by, event in pairwise([call.func, *call.args]):  # or in a partial
                if ast.unparse(by).startswith("_log.") and isinstance(event, ast.Constant):
                    logged[event.value] = LEVELS[ast.unparse(by).removeprefix("_log.")]
    table = re.findall(r"^\| (`.+`) \| (info|warning|error) \| \S", OPERATIONS.read_text(), re.MULTILINE)
    assert {event: level for events, level in table for event in re.findall("`(.+?)`", events)} == logged

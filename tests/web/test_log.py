"""What others send cannot forge the log or drive the terminal that shows it."""

import subprocess
import sys

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

"""Time that does not jump, whatever the machine's clock is set to."""

import json
import time
from pathlib import Path
from typing import Self

CLOCK_NAME = "clock.json"
_MAX_NS = 2**63  # in the year 2262
_BOOT = Path("/proc/sys/kernel/random/boot_id")
# Also counts while the machine sleeps, where there is such a one.
_SINCE_BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Clock:
    """The machine's time as it was once, carried on by the clock that nobody can set."""

    def __init__(self, anchor_ns: int | None = None) -> None:
        """``anchor_ns`` is what that clock is behind the time; by default the machine's time now is right."""
        self._anchor_ns = time.time_ns() - _since_boot_ns() if anchor_ns is None else anchor_ns

    @classmethod
    def of(cls, folder: Path) -> Self:
        """The time of a data directory, the same for every process until the machine starts again, so that tickets,
        seats and deadlines outlive a restart of the server as well as a step of the machine's clock.
        """
        path = folder / CLOCK_NAME
        try:
            boot = _BOOT.read_text().strip()
        except OSError:
            return cls()  # not Linux
        try:
            kept = json.loads(path.read_text())
            if kept["boot"] == boot and abs(anchor_ns := int(kept["anchor_ns"])) < _MAX_NS:
                return cls(anchor_ns)
        except (OSError, ValueError, TypeError, LookupError, OverflowError):
            pass  # there is none, or nothing that could be used
        clock = cls()
        try:
            written = path.with_name(f"{CLOCK_NAME}.new")
            written.write_text(json.dumps({"boot": boot, "anchor_ns": clock._anchor_ns}))
            written.replace(path)
        except OSError:
            pass  # then it is this process' alone
        return clock

    def now_ms(self) -> int:
        """Milliseconds since the Unix epoch."""
        return (self._anchor_ns + _since_boot_ns()) // 1_000_000

    def offset_s(self) -> float:
        """By how much this is ahead of the machine's time."""
        return (self._anchor_ns + _since_boot_ns() - time.time_ns()) / 1e9


def _since_boot_ns() -> int:
    return time.clock_gettime_ns(_SINCE_BOOT)

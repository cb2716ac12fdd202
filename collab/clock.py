"""Time that never jumps while the process lives."""

import time

# Also counts while the machine sleeps, where it can be had.
_SINCE_BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Clock:
    """The wall clock as it was when this was made, carried on by the clock that nobody sets.

    A step of the wall clock is followed by the next start, not by this: otherwise it would end tickets, seats and the
    time to undo a finish, or keep them.
    """

    def __init__(self) -> None:
        self._anchor_ns = time.time_ns() - time.clock_gettime_ns(_SINCE_BOOT)

    def now_ms(self) -> int:
        """Milliseconds since the Unix epoch."""
        return (self._anchor_ns + time.clock_gettime_ns(_SINCE_BOOT)) // 1_000_000

    def offset_s(self) -> float:
        """By how much this is ahead of the wall clock."""
        return (self._anchor_ns + time.clock_gettime_ns(_SINCE_BOOT) - time.time_ns()) / 1e9

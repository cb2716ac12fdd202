"""Time that never jumps backwards while the process lives."""

import time


class Clock:
    """The wall clock as it was when the process started, carried on by the monotonic clock."""

    def __init__(self) -> None:
        self._anchor_ns = time.time_ns() - time.monotonic_ns()

    def now_ms(self) -> int:
        """Milliseconds since the Unix epoch."""
        return (self._anchor_ns + time.monotonic_ns()) // 1_000_000

"""The server's eye on itself: how late it is, how long its commits take, whether the machine's clock was set."""

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import structlog

from collab import task
from collab.clock import Clock
from collab.journal import Journal
from web import log
from web.metric import Metrics

_TICK_S = 0.1
_LOOK_S = 10.0
_SLOW_LOOP_S = 0.5
_SLOW_COMMIT_S = 1.0
_STEP_S = 1.0

_log = structlog.get_logger("watch")


class Watch:
    """Fills the metrics that only time can, and says what is out of the ordinary."""

    def __init__(self, metrics: Metrics, clock: Clock, journal: Journal) -> None:
        self._metrics = metrics
        self._clock = clock
        self._offset_s = 0.0
        journal.commit_took = self._commit_took

    def _commit_took(self, seconds: float) -> None:
        self._metrics.commit_s.observe(seconds)
        if seconds >= _SLOW_COMMIT_S:
            _log.warning("slow commit", took_s=round(seconds, 3))

    async def run(self) -> None:
        """For ever."""
        looked_at = time.monotonic()
        while True:
            slept_at = time.monotonic()
            await anyio.sleep(_TICK_S)
            now = time.monotonic()
            late_s = max(0.0, now - slept_at - _TICK_S)
            self._metrics.lag_s.observe(late_s)
            if late_s >= _SLOW_LOOP_S:
                _log.warning("slow event loop", late_s=round(late_s, 3))
            if now - looked_at >= _LOOK_S:
                looked_at = now
                self.look()

    def look(self) -> None:
        """What need not be seen at once."""
        for kind, lines in log.valve.take_untold().items():
            _log.warning("lines left out", of=kind, lines=lines)
        offset_s = self._clock.offset_s()
        if abs(offset_s - self._offset_s) >= _STEP_S:
            _log.warning(
                "the machine's clock was set",
                by_s=round(self._offset_s - offset_s, 3),
                ahead_s=round(offset_s, 3),
            )
            self._offset_s = offset_s

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """``run`` for as long as the block lasts."""
        try:
            async with task.running(self.run()):
                yield
        finally:
            self.look()

"""Whether commits succeed, and in time: told when it changes, and said in the log then and while it lasts."""

import time
from collections.abc import Callable

import anyio
import structlog

_LATE_S = 1.0  # what has waited for longer is not being saved
_WATCH_S = 0.25
_SAY_AGAIN_S = 300.0

_log = structlog.get_logger("journal")


class Saving:
    def __init__(self, waiting_s: Callable[[], float], queued: Callable[[], int], tell: Callable[[bool], None]) -> None:
        """``waiting_s`` is how long the oldest of the ``queued`` has waited; ``tell`` is called when it changes."""
        self.failures = 0
        self.has_failed = False  # the last commit
        self._waiting_s, self._queued, self._tell = waiting_s, queued, tell
        self._reason = ""
        self._told = True
        self._since_s = self._said_s = 0.0

    @property
    def is_well(self) -> bool:
        return not self.has_failed and self._waiting_s() <= _LATE_S

    def succeed(self) -> None:
        self.has_failed = False
        self.look()

    def fail(self, error: Exception) -> None:
        self.failures += 1
        self.has_failed, self._reason = True, str(error)
        self.look()

    def look(self) -> None:
        is_well, now_s = self.is_well, time.monotonic()
        if is_well is not self._told:
            if is_well:
                _log.warning("saving again", after_s=round(now_s - self._since_s, 3), failures=self.failures)
            self._told, self._since_s = is_well, now_s
            if not is_well:
                self._say(now_s)
            self._tell(is_well)
        elif not is_well and now_s - self._said_s > _SAY_AGAIN_S:
            self._say(now_s)

    def _say(self, now_s: float) -> None:
        self._said_s = now_s
        _log.error(
            "not saving",
            reason=self._reason if self.has_failed else "a commit does not come back",
            since_s=round(now_s - self._since_s, 3),
            queued=self._queued(),
            failures=self.failures,
        )

    async def watch(self) -> None:
        """For ever: nobody says that a commit does not come back."""
        while True:
            await anyio.sleep(_WATCH_S)
            self.look()

"""The log: one line an event on standard error, for people and for programs (logfmt)."""

import logging
import sys
import time
from collections import Counter, OrderedDict

import structlog

_BURST = 50.0
_PER_S = 1.0
_ERROR_BURST = 10.0
_ERROR_PER_S = 0.1
_MAX_KINDS = 1_000


class Valve(logging.Filter):
    """Of lines of one kind, which many clients or a lasting failure can cause, passes a burst and then one now and
    then: a second, or ten for errors, which may bring a stack. What is left out is counted.
    """

    def __init__(self) -> None:
        super().__init__()
        self.left_out = 0
        self._untold: Counter[str] = Counter()
        self._buckets: OrderedDict[tuple[str, bool], tuple[float, float]] = OrderedDict()  # -> (left, at)

    def filter(self, record: logging.LogRecord) -> bool:
        # Others' messages are no kinds: there may be somebody's text in them.
        kind = record.msg["event"] if isinstance(record.msg, dict) else record.name
        is_error = record.levelno >= logging.ERROR
        burst, per_s = (_ERROR_BURST, _ERROR_PER_S) if is_error else (_BURST, _PER_S)
        now = time.monotonic()
        left, at = self._buckets.pop((kind, is_error), (burst, now))
        left = min(burst, left + (now - at) * per_s)
        passes = left >= 1
        self._buckets[kind, is_error] = (left - passes, now)
        if len(self._buckets) > _MAX_KINDS:
            self._buckets.popitem(last=False)
        if not passes:
            self.left_out += 1
            self._untold[kind] += 1
        return passes

    def take_untold(self) -> dict[str, int]:
        """How many of each kind were left out since the last call."""
        untold, self._untold = dict(self._untold), Counter()
        return untold


valve = Valve()


class _OneLine(structlog.stdlib.ProcessorFormatter):
    """Escapes what forges lines or drives terminals: paths and names are written by others."""

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        if line.isprintable():
            return line
        return "".join(
            character if character.isprintable() else character.encode("unicode_escape").decode() for character in line
        )


def configure() -> None:
    """Send structlog's and the standard library's events there."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(valve)
    handler.setFormatter(
        _OneLine(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"], bool_as_flag=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    # At INFO it names every migration step of every command.
    logging.getLogger("alembic").setLevel(logging.WARNING)

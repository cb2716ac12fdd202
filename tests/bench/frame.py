"""What a page's main thread has computed for each frame, by a trace of Chromium."""

from bisect import bisect_right
from collections import Counter
from itertools import pairwise
from typing import Any

Event = dict[str, Any]


def busy_ms(events: list[Event]) -> list[float]:
    """For every animation frame: milliseconds, of the thread's own clock, in its task and those up to the next."""
    fired = [event for event in events if event.get("name") == "FireAnimationFrame"]
    (thread, _), *_ = Counter((event["pid"], event["tid"]) for event in fired).most_common(1)
    ours = [event for event in events if (event.get("pid"), event.get("tid")) == thread]
    tasks = [event for event in ours if event.get("name") == "RunTask" and event.get("ph") == "X"]
    tasks.sort(key=lambda task: float(task["ts"] or 0))
    starts = [float(task["ts"] or 0) for task in tasks]
    took_ms = [float(task.get("tdur") or task.get("dur") or 0) / 1000 for task in tasks]
    frames = [float(event["ts"]) for event in ours if event.get("name") == "FireAnimationFrame"]
    first = sorted({bisect_right(starts, at) - 1 for at in frames})
    return [sum(took_ms[start:end]) for start, end in pairwise(first)][1:]

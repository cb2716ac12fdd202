"""Cost that is the same on every machine: how many calls some work makes, of Python functions and of built-in ones."""

import sys
from collections.abc import Callable


def calls_of(work: Callable[[], object]) -> int:
    count = 0

    def watch(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        if event in {"call", "c_call"}:
            count += 1

    sys.setprofile(watch)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count

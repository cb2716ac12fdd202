"""The data directory belongs to one server, or to one restore."""

import fcntl
from pathlib import Path
from typing import TextIO

LOCK_NAME = "server.lock"


class DataTaken(Exception):
    """Raised when another program has the data directory."""


def claim(data: Path) -> TextIO:
    """Whoever holds the file open has the directory, which is made where it is missing: two servers on one journal
    would number the same entries.

    Raises DataTaken, OSError.
    """
    data.mkdir(parents=True, exist_ok=True)
    lock = (data / LOCK_NAME).open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        if isinstance(error, BlockingIOError):
            raise DataTaken from None
        raise
    return lock

"""The parent of the server process: it holds the socket and the lock, and puts a new server in the place of a dead one.

It stays one thread without an event loop, so that it can fork at any time, and nothing that a participant sends gets
near it.
"""

import ctypes
import mmap
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from collab.note import Poison, SharedNote

PAUSES_S: tuple[float, ...] = (0.0, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Before the next server, by how many have died in a row; one that lived for a minute begins it again."""

HEALTHY_S = 60.0
STOPS = (signal.SIGTERM, signal.SIGINT)
_FAULTS = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGTRAP)
_PR_SET_PDEATHSIG = 1
_POISONS = 32  # that are handed to every next server, lest one could not write them down

_log = structlog.get_logger("supervisor")


@dataclass(frozen=True, slots=True)
class Start:
    """What a server process is told. It must unblock STOPS once it handles them, and call ``ready`` when it serves."""

    ready: Callable[[], None]
    is_first: bool  # no server before it was ever ready
    died_at_s: float  # when the one before it died, on the monotonic clock; 0 where there was none
    poisons: tuple[Poison, ...]


class Supervisor:
    """Runs ``serve`` in a child process, again and again, until one ends in order."""

    def __init__(self, serve: Callable[[Start], None], note: SharedNote, stopping: Callable[[], None]) -> None:
        """``stopping`` is called in the parent when it has been told to end."""
        self._serve = serve
        self._note = note
        self._stopping = stopping
        self._is_ready = mmap.mmap(-1, 1)
        self._is_stopping = False
        self._poisons: deque[Poison] = deque(maxlen=_POISONS)
        self._suspects: set[tuple[str, str]] = set()

    def run(self) -> int:
        """The exit status. It returns in the children too, when they have served."""
        signal.signal(signal.SIGCHLD, lambda *_: None)  # ignored, it would take the exit status with it
        signal.pthread_sigmask(signal.SIG_BLOCK, {*STOPS, signal.SIGCHLD, signal.SIGALRM})
        died_in_a_row = 0
        died_at_s = 0.0
        while True:
            start = Start(self._ready, not self._is_ready[0], died_at_s, tuple(self._poisons))
            parent, started_at_s = os.getpid(), time.monotonic()
            child = os.fork()
            if child == 0:
                _die_with(parent)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD, signal.SIGALRM})
                self._serve(start)
                return 0
            status = self._wait(child)
            died_at_s = time.monotonic()
            if status == 0 or self._is_stopping or (status > 0 and not self._is_ready[0]):
                return status if status >= 0 else 128 - status
            if died_at_s - started_at_s >= HEALTHY_S:
                died_in_a_row = 0
            pause_s = PAUSES_S[min(died_in_a_row, len(PAUSES_S) - 1)]
            died_in_a_row += 1
            self._tell(status, died_at_s - started_at_s, pause_s)
            if self._is_told_to_stop_in(pause_s):
                return 0

    def _ready(self) -> None:
        self._is_ready[0] = 1

    def _wait(self, child: int) -> int:
        """The exit status, or the signal, negative, that ended the child. Passes on the signals that stop it."""
        while True:
            if signal.sigwait({*STOPS, signal.SIGCHLD}) in STOPS:
                self._is_stopping = True
                self._stopping()
                os.kill(child, signal.SIGTERM)
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)

    def _tell(self, status: int, lived_s: float, pause_s: float) -> None:
        reason = f"status {status}" if status > 0 else _name(-status)
        _log.error("server process died", of=reason, lived_s=round(lived_s, 3), next_in_s=pause_s)
        noted = self._note.read()
        self._note.clear()
        if noted is None:
            return
        suspect = noted.document, noted.sha256
        # A signal from outside, such as the kernel's for want of memory, accuses nobody the first time.
        if (-status in _FAULTS and noted.update) or suspect in self._suspects:
            self._poisons.append((noted, reason))
            return
        self._suspects.add(suspect)
        _log.warning(
            "it died in the CRDT",
            document=noted.document,
            participant=noted.participant or None,
            sha256=noted.sha256,
            during=noted.during,
            entry=noted.entry or None,
        )

    def _is_told_to_stop_in(self, pause_s: float) -> bool:
        if pause_s:  # not sigtimedwait, which macOS lacks
            signal.setitimer(signal.ITIMER_REAL, pause_s)
            return signal.sigwait({*STOPS, signal.SIGALRM}) in STOPS
        return not signal.sigpending().isdisjoint(STOPS)


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _die_with(parent: int) -> None:
    """Whoever kills the one process that he knows must not leave another one behind, with the socket and the lock."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died in between
            os.kill(os.getpid(), signal.SIGKILL)

"""A program under the supervisor: what becomes of each of its server processes is an argument.

``SIGSEGV``, ``SIGKILL``, …: it dies of that. A number: it ends with that status. Before it, ``wait``: when it is told
to stop; ``unready``: without having served; ``noted``: while the CRDT was being given an update. Every one prints a
line of what it was told.
"""

import json
import mmap
import os
import signal
import sys

from collab.note import SharedNote
from web import log, supervisor

UPDATE = b"an update"


def main() -> int:
    pauses, healthy, *outcomes = sys.argv[1:]
    supervisor.PAUSES_S = tuple(map(float, pauses.split()))
    supervisor.HEALTHY_S = float(healthy)
    log.configure()
    note, started = SharedNote(), mmap.mmap(-1, 1)

    def serve(start: supervisor.Start) -> None:
        outcome = outcomes[started[0]].split()
        started[0] += 1
        poisons = [[noted.document, noted.participant, reason] for noted, reason in start.poisons]
        if "unready" not in outcome:
            start.ready()
        print(json.dumps({"pid": os.getpid(), "is_first": start.is_first, "poisons": poisons}), flush=True)
        if "noted" in outcome:
            note.write("document", "ada", 0, UPDATE)
        if "wait" in outcome:
            signal.sigwait(supervisor.STOPS)
        end(outcome[-1])

    return supervisor.Supervisor(serve, note, stopping=lambda: print("stopping", flush=True)).run()


def end(how: str) -> None:
    if how.startswith("SIG"):
        number = signal.Signals[how]
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
        os.kill(os.getpid(), number)
        signal.pause()
    if how.isdigit() and int(how):
        sys.exit(int(how))


if __name__ == "__main__":
    sys.exit(main())

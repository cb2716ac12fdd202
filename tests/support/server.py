"""A real Panelroom server: a subprocess on a data directory of its own."""

import os
import re
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from rooms.key import Scope
from rooms.member import MemberRole
from rooms.people import People
from web.cli import _with_people as with_people
from web.cli import sign_in_link

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
READY = re.compile(r"Listening on (http://\S+?):(\d+)\s*$")
OWNER = "owner@example.org"
UNLIMITED = (
    "PANELROOM_JOINS_PER_MIN",
    "PANELROOM_SIGN_INS_PER_MIN",
    "PANELROOM_FRAMES_PER_S",
    "PANELROOM_CPU_PER_S",
)
START_S = 30.0
STOP_S = 30.0


class ServerDied(AssertionError):
    """Raised when the process ended, or did not become ready in time; carries the end of its log."""


class Server:
    """Starts, stops, kills and restarts `panelroom serve`; keeps port, data and log over restarts."""

    def __init__(self, data: Path, settings: dict[str, str] | None = None, module: str = "web.cli") -> None:
        """``module`` runs in the place of the command."""
        self.data = data
        self.module = module
        self.settings = dict.fromkeys(UNLIMITED, "0") | (settings or {})
        self.port = 0
        self.log: list[str] = []
        self._logged = threading.Condition()
        self.key = ""
        self.owner_link = ""
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The supervisor's."""
        assert self._process is not None
        return self._process.pid

    @property
    def worker(self) -> int:
        """The pid of the process that serves now; fails while there is none."""
        (child,) = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return int(child)

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PANELROOM_")}
        return kept | {"PYTHONUNBUFFERED": "1"} | self.settings

    def start(self) -> None:
        """Returns when the server answers: the first time on a free port, then on the same one."""
        self._process = subprocess.Popen(
            [*self._panelroom("serve"), "--port", str(self.port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self.environment(),
            cwd=ROOT,
            start_new_session=True,
        )
        ready = threading.Event()
        self._reader = threading.Thread(target=self._read, args=(self._process, ready), daemon=True)
        self._reader.start()
        if not ready.wait(START_S) or self._process.poll() is not None:
            self.kill()
            raise ServerDied("the server did not become ready:\n" + "\n".join(self.log[-40:]))
        if not self.key:
            self.key, self.owner_link = self._introduce()

    def stop(self) -> int:
        """SIGTERM; the exit status. A server that does not end is killed."""
        assert self._process is not None
        self.signal(signal.SIGTERM)
        try:
            status = self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise ServerDied(f"no end {STOP_S} s after SIGTERM:\n" + "\n".join(self.log[-40:])) from None
        self._finish_reading()
        return status

    def signal(self, number: signal.Signals) -> None:
        """To the supervisor."""
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL to the server and whatever it started: nothing gets to tidy up."""
        assert self._process is not None
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait(STOP_S)
        self._finish_reading()

    def kill_worker(self) -> None:
        """SIGKILL to the process that serves, not to its supervisor. Returns when it is dead."""
        worker = self.worker
        pidfd = os.pidfd_open(worker)
        try:
            os.kill(worker, signal.SIGKILL)
            select.select([pidfd], [], [], STOP_S)
        finally:
            os.close(pidfd)

    def kill_supervisor(self) -> None:
        """SIGKILL to the one process that operators know. Returns when nothing of the server is left."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(STOP_S)
        self._finish_reading()

    def restart(self) -> None:
        assert self.stop() == 0, "\n".join(self.log[-20:])
        self.start()

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def lines_with(self, text: str, since: int, number: int = 1) -> list[str]:
        """The log's lines from number ``since`` on that hold ``text``, as soon as there are so many."""

        def found() -> list[str]:
            return [line for line in self.log[since:] if text in line]

        with self._logged:
            self._logged.wait_for(lambda: len(found()) >= number, STOP_S)
            return found()

    def add_member(self, email: str, name: str, role: MemberRole = MemberRole.MEMBER) -> str:
        """The one-time sign-in link, on this server's address."""
        return sign_in_link(self.url, self._ask(lambda people: people.add_member(email, name, role)))

    def command(self, *arguments: str) -> str:
        """The standard output of another panelroom command on the same data."""
        done = subprocess.run(
            self._panelroom(*arguments),
            capture_output=True,
            text=True,
            env=self.environment(),
            cwd=ROOT,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"panelroom {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}"
        return done.stdout

    def check_log(self) -> None:
        """No traceback, no warning, and never a ticket or the key."""
        text = "\n".join(self.log)
        for unwanted in ("Traceback (most recent call last)", "Warning:", "never awaited", "ticket=", self.key or "\0"):
            at = text.find(unwanted)
            assert at < 0, f"{unwanted!r} in the log:\n{text[max(0, at - 500) : at + 3000]}"

    def _introduce(self) -> tuple[str, str]:
        key = self._ask(lambda people: people.add_key("tests", frozenset(Scope)))
        return key, self.add_member(OWNER, "Olga Owner", MemberRole.OWNER)

    def _ask(self, act: Callable[[People], Awaitable[T]]) -> T:
        """What the commands do, which take a second each to start; in a thread, for a loop may be running here."""
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(with_people, self.data, act).result()

    def _panelroom(self, command: str, *arguments: str) -> list[str]:
        words = [command, *arguments]
        depth = 2 if command in ("member", "key") else 1
        return [sys.executable, "-m", self.module, *words[:depth], "--data", str(self.data), *words[depth:]]

    def _read(self, process: subprocess.Popen[str], ready: threading.Event) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            with self._logged:
                self.log.append(line.rstrip("\n"))
                self._logged.notify_all()
            if found := READY.search(line):
                self.port = int(found[2])
                ready.set()
        ready.set()

    def _finish_reading(self) -> None:
        assert self._reader is not None
        assert self._process is not None
        self._reader.join(STOP_S)
        if self._process.stdout is not None:
            self._process.stdout.close()


@contextmanager
def serving(data: Path, settings: dict[str, str] | None = None) -> Iterator[Server]:
    """A running server; at the end it must stop with status 0 and have a clean log."""
    server = Server(data, settings)
    server.start()
    try:
        yield server
    except BaseException:
        server.kill()
        print("\n".join(server.log[-80:]))
        raise
    if server.alive():
        status = server.stop()
        assert status == 0, f"exit status {status}:\n" + "\n".join(server.log[-40:])
    server.check_log()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port

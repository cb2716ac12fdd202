"""As systemd starts it: on a socket that systemd holds, and saying how it is. And the units of docs/deploy."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.proxy import DEPLOY
from tests.support.server import ROOT, START_S

# What systemd does between fork and exec.
ACTIVATED = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": sys.argv[2]}
os.execv(sys.executable, [sys.executable, "-m", "web.cli", "serve", *sys.argv[3:]])
"""


class Systemd:
    """As much of it as a service sees."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.ear.bind(str(folder / "notify"))
        self.ear.settimeout(START_S)

    def start(self, *, sockets: int = 1) -> subprocess.Popen[str]:
        number = self.listener.fileno()
        return subprocess.Popen(
            [sys.executable, "-c", ACTIVATED, str(number), str(sockets), "--data", str(self.data)],
            env=os.environ | {"NOTIFY_SOCKET": self.ear.getsockname()},
            pass_fds=[number],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def hear(self) -> str:
        return self.ear.recv(100).decode()

    def ask(self) -> socket.socket:
        """A request; the answer is for whoever has the connection."""
        asking = socket.create_connection(self.listener.getsockname(), START_S)
        asking.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return asking


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    made = Systemd(tmp_path)
    yield made
    made.listener.close()
    made.ear.close()


def test_nobody_is_refused_while_it_restarts(systemd: Systemd) -> None:
    """Who comes between two of them is answered by the second."""
    with systemd.start() as first:
        assert systemd.hear() == "READY=1"
        with systemd.ask() as asking:
            assert asking.recv(100).startswith(b"HTTP/1.1 200")
        first.send_signal(signal.SIGTERM)
        assert systemd.hear() == "STOPPING=1"
        _, errors = first.communicate(timeout=START_S)
        assert first.returncode == 0, errors
    with systemd.ask() as waiting, systemd.start() as second:
        assert waiting.recv(100).startswith(b"HTTP/1.1 200")
        assert systemd.hear() == "READY=1"
        second.send_signal(signal.SIGTERM)
        second.communicate(timeout=START_S)
        assert second.returncode == 0
    assert systemd.data.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in systemd.data.iterdir()} == {0o600}


def test_more_than_one_socket_is_said(systemd: Systemd) -> None:
    with systemd.start(sockets=2) as refused:
        out, errors = refused.communicate(timeout=START_S)
    assert (refused.returncode, out) == (1, "")
    assert errors == "Cannot serve on the socket of systemd: more than one.\n"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_the_units_are_understood(tmp_path: Path) -> None:
    for unit in DEPLOY.glob("panelroom*"):
        told = unit.read_text().replace("/opt/panelroom/.venv/bin/panelroom", "/bin/true")
        (tmp_path / unit.name).write_text(told)
    units = sorted(map(str, tmp_path.iterdir()))
    assert len(units) == 4
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")

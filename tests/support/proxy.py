"""nginx and Caddy in front of a server, with TLS, as docs/deploy has them."""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.server import ROOT, Server, free_port

DEPLOY = ROOT / "docs" / "deploy"
HOST = "interviews.example.com"
UP_S = 20.0


class Fronted(Server):
    """A server that people reach by the address of its proxy."""

    def __init__(self, data: Path, front: int, settings: dict[str, str] | None = None) -> None:
        self.front = front
        behind = {"PANELROOM_PUBLIC_URL": self.url, "PANELROOM_TRUSTED_PROXIES": "127.0.0.1"}
        super().__init__(data, behind | (settings or {}))

    @property
    def url(self) -> str:
        return f"https://localhost:{self.front}"


class Proxy(ABC):
    """Runs in the foreground, in a folder of its own with everything that it writes; `port` is that of its TLS."""

    name: str

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.port = free_port()
        self.certificate = folder / "certificate.pem"
        self.key = folder / "key.pem"
        self._process: subprocess.Popen[bytes] | None = None
        make_certificate(self.certificate, self.key)

    def start(self, behind: int) -> None:
        """In front of that port. Returns when it answers."""
        self.configure(behind)
        with (self.folder / "said").open("ab") as said:
            self._process = subprocess.Popen(
                self.command(),
                stdout=said,
                stderr=said,
                cwd=self.folder,
                env=os.environ | {"HOME": str(self.folder)},
                start_new_session=True,
            )
        until_s = time.monotonic() + UP_S
        while self._process.poll() is None and time.monotonic() < until_s:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        raise AssertionError(f"{self.name} does not answer:\n{self.written()}")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            assert self._process.wait(UP_S) == 0, self.written()
            self._process = None

    def kill(self) -> None:
        """Whatever is left of it."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(UP_S)

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def written(self) -> str:
        """All of its logs."""
        logs = [path for path in sorted(self.folder.iterdir()) if path.suffix == ".log" or path.name == "said"]
        return "\n".join(path.read_text() for path in logs)

    @abstractmethod
    def configure(self, behind: int) -> None: ...

    @abstractmethod
    def command(self) -> list[str]: ...

    @abstractmethod
    def reload(self) -> None: ...


class Nginx(Proxy):
    name = "nginx"

    def configure(self, behind: int) -> None:
        site = (DEPLOY / "nginx.conf").read_text()
        for told, here in {
            "listen 80;": f"listen 127.0.0.1:{free_port()};",
            "listen 443 ": f"listen 127.0.0.1:{self.port} ",
            "127.0.0.1:8000": f"127.0.0.1:{behind}",
            f"/etc/letsencrypt/live/{HOST}/fullchain.pem": str(self.certificate),
            f"/etc/letsencrypt/live/{HOST}/privkey.pem": str(self.key),
            "/var/log/nginx": str(self.folder),
            HOST: "localhost",
        }.items():
            site = replaced(site, told, here)
        (self.folder / "site.conf").write_text(site)
        temporary = " ".join(
            f"{kind}_temp_path {self.folder / kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        # What Debian's own /etc/nginx/nginx.conf says of logs.
        (self.folder / "nginx.conf").write_text(
            f"pid {self.folder}/nginx.pid; error_log {self.folder}/error.log; events {{}}\n"
            f"http {{ access_log {self.folder}/access.log; {temporary} include {self.folder}/site.conf; }}\n"
        )

    def command(self) -> list[str]:
        return [program("nginx"), "-p", str(self.folder), "-c", str(self.folder / "nginx.conf"), "-g", "daemon off;"]

    def reload(self) -> None:
        self.signal(signal.SIGHUP)


class Caddy(Proxy):
    name = "caddy"

    def configure(self, behind: int) -> None:
        told = (DEPLOY / "Caddyfile").read_text()
        told = replaced(
            told,
            "\n{\n",
            f"\n{{\n\tadmin unix/{self.folder}/admin\n\thttp_port {free_port()}\n\tstorage file_system {self.folder}\n",
        )
        told = replaced(told, f"{HOST} {{\n", f"localhost:{self.port} {{\n\ttls {self.certificate} {self.key}\n")
        (self.folder / "Caddyfile").write_text(replaced(told, "127.0.0.1:8000", f"127.0.0.1:{behind}"))

    def command(self) -> list[str]:
        return [program("caddy"), "run", *self._configuration()]

    def reload(self) -> None:
        address = f"unix/{self.folder}/admin"
        subprocess.run(
            [program("caddy"), "reload", "--force", "--address", address, *self._configuration()],
            check=True,
            capture_output=True,
        )

    def _configuration(self) -> list[str]:
        return ["--config", str(self.folder / "Caddyfile"), "--adapter", "caddyfile"]


PROXIES: tuple[type[Proxy], ...] = (Nginx, Caddy)


def program(name: str) -> str:
    """Debian has nginx in a directory that is not on everybody's path."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    assert found is not None, f"{name} is not installed: on Debian, sudo apt-get install {name}"
    return found


def replaced(text: str, told: str, here: str) -> str:
    assert told in text, told
    return text.replace(told, here)


def make_certificate(certificate: Path, key: Path) -> None:
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )


def check_logs(written: str, secrets: list[str]) -> None:
    """What was asked of it is there, and nothing of any query."""
    assert "/ws/" in written
    assert re.search(r"\?[a-z]+=|ticket|token", written) is None, written
    for secret in secrets:
        assert secret not in written


@contextmanager
def in_front(proxy: Proxy, folder: Path) -> Iterator[tuple[Fronted, list[str]]]:
    """Both run meanwhile, and say nothing that they should not; the list is of secrets that no log has afterwards."""
    server, secrets = Fronted(folder / "data", proxy.port), list[str]()
    server.start()
    try:
        proxy.start(server.port)
        yield server, secrets
        assert server.stop() == 0
        proxy.stop()
        check_logs(proxy.written(), secrets)
        server.check_log()
    except BaseException:
        print(proxy.written(), *server.log[-40:], sep="\n")
        raise
    finally:
        server.kill()
        proxy.kill()

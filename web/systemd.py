"""What systemd gives to a service, by its two small protocols: a socket that listens already, and an ear."""

import os
import socket
from contextlib import suppress

_FIRST_FD = 3


def inherited() -> socket.socket | None:
    """The socket of the socket unit, if there is one (sd_listen_fds). In it, whoever connects while the service
    restarts waits instead of being refused.

    Raises ValueError where it is none that can be served on.
    """
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return None
    if os.environ.get("LISTEN_FDS") != "1":
        raise ValueError("more than one")
    os.set_inheritable(_FIRST_FD, False)
    listener = socket.socket(fileno=_FIRST_FD)
    if listener.family not in (socket.AF_INET, socket.AF_INET6) or listener.type != socket.SOCK_STREAM:
        raise ValueError("not a TCP socket")
    return listener


def notify(state: str) -> None:
    """Say how the service is, to systemd if that has started it (sd_notify)."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address:
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
            ear.sendto(state.encode(), "\0" + address[1:] if address.startswith("@") else address)

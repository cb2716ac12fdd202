"""Where a request came to, and whether the page that sent it may."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from web.settings import Settings

# Not what a URL parser makes of it: browsers and our own links read `evil\\@localhost` in other ways.
_LOOPBACK = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?")
# Browsers take // and /\\ for the beginning of a host, and leave out tabs and line ends before they look.
_OWN_PATH = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f-\x9f]*")
_MAX_PATH = 2_000
_PLAIN = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


@dataclass(frozen=True, slots=True)
class Arrival:
    """As the client sees it: what it asked, of which host, from which address."""

    scheme: str  # http or https
    host: str  # with the port where it is not the scheme's own
    address: str

    @property
    def base(self) -> str:
        return f"{self.scheme}://{self.host}"


def arrival(headers: Mapping[str, str], scheme: str, address: str, settings: Settings) -> Arrival:
    """``headers`` by lower-case name, ``scheme`` (also ws or wss) and ``address`` as the server saw them.

    X-Forwarded-Proto, -Host and -For count only from a configured proxy; of several values the one that the nearest
    proxy wrote, the last.
    """
    plain = _PLAIN.get(scheme, "http")
    host = headers.get("host", "")
    if _is_proxy(address, settings):
        plain = _PLAIN.get(_last(headers, "x-forwarded-proto"), plain)
        host = _last(headers, "x-forwarded-host") or host
        hops = [hop.strip() for hop in headers.get("x-forwarded-for", "").split(",") if hop.strip()]
        while hops and _is_proxy(address, settings):
            address = hops.pop()
    return Arrival(plain, _canonical(plain, host), address)


def is_known_host(scheme: str, host: str, settings: Settings) -> bool:
    """Whether the host that a request came to is that of PANELROOM_PUBLIC_URL or a loopback name."""
    if settings.public_url is not None:
        public = urlsplit(settings.public_url)
        if _canonical(scheme, host) == _canonical(public.scheme, public.netloc):
            return True
    return _LOOPBACK.fullmatch(host.lower()) is not None


def own_path(path: str) -> str:
    """``path`` where browsers cannot read another host in it, else the home page's."""
    return path if len(path) <= _MAX_PATH and _OWN_PATH.fullmatch(path) else "/"


def origin_allowed(
    headers: Mapping[str, str], scheme: str, host: str, settings: Settings, has_credential: bool
) -> bool:
    """Whether a WebSocket or an unsafe request may come from where its Origin says; ``scheme`` and ``host`` are those
    of its arrival.

    A browser always sends one. Without one it is a program, which must carry its authority itself: ``has_credential``
    is False where it would rest on a cookie, or where a ticket is due and missing.
    """
    origin = headers.get("origin")
    if origin is None:
        return has_credential
    plain = _PLAIN.get(scheme, scheme)
    return origin.lower() == f"{plain}://{_canonical(plain, host)}" and is_known_host(plain, host, settings)


def _canonical(scheme: str, host: str) -> str:
    return host.lower().removesuffix(_DEFAULT_PORTS.get(scheme, ""))


def _last(headers: Mapping[str, str], name: str) -> str:
    return headers.get(name, "").rpartition(",")[2].strip().lower()


def _is_proxy(address: str, settings: Settings) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in settings.trusted_proxies)

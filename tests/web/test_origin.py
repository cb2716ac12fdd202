"""Where a request came to, on plain values: the WebSockets ask the same functions."""

import pytest

from web.origin import Arrival, arrival, is_known_host, origin_allowed
from web.rate import Rate
from web.settings import Settings

LOCAL = Settings(public_url=None)
PUBLIC = Settings(public_url="https://interviews.example.com", trusted_proxies="10.0.0.0/8")


@pytest.mark.parametrize(
    ("scheme", "host", "origin", "settings", "allowed"),
    [
        ("ws", "localhost:8000", "http://localhost:8000", LOCAL, True),
        ("wss", "localhost:8000", "https://localhost:8000", LOCAL, True),
        ("ws", "localhost:8000", "https://localhost:8000", LOCAL, False),
        ("ws", "[::1]:8000", "http://[::1]:8000", LOCAL, True),
        ("ws", "localhost:8000", "http://localhost:8000.evil.example", LOCAL, False),
        ("ws", "localhost:8000", "http://localhost:8000@evil.example", LOCAL, False),
        ("ws", "localhost@evil.example", "http://localhost@evil.example", LOCAL, False),
        ("ws", "interviews.example.com", "http://interviews.example.com", LOCAL, False),
        ("wss", "interviews.example.com", "https://interviews.example.com", PUBLIC, True),
        ("wss", "interviews.example.com:443", "https://interviews.example.com", PUBLIC, True),
        ("wss", "interviews.example.com:444", "https://interviews.example.com:444", PUBLIC, False),
        ("wss", "interviews.example.com", "https://evil.example", PUBLIC, False),
        ("wss", "interviews.example.com", "null", PUBLIC, False),
        ("ws", "", "", LOCAL, False),
        ("ws", "[", "http://[", LOCAL, False),
    ],
)
def test_origins(scheme: str, host: str, origin: str, settings: Settings, allowed: bool) -> None:
    headers = {"host": host, "origin": origin}
    for has_credential in (True, False):
        assert origin_allowed(headers, scheme, host, settings, has_credential) == allowed


def test_without_an_origin_it_takes_a_credential() -> None:
    assert origin_allowed({}, "ws", "localhost", LOCAL, has_credential=True)
    assert not origin_allowed({}, "ws", "localhost", LOCAL, has_credential=False)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example\\@localhost",
        "evil.example@localhost",
        "localhost@evil.example",
        "localhost:1;x",
        "localhost:1 x",
        "localhost:",
        "localhost:x",
        "localhost:123456",
        "localhost:1:2",
        "localhost:١",
        "localhost/x",
        "localhost?x",
        "localhost#x",
        "localhost\n",
        " localhost",
        "localhost.",
        "127.0.0.1.evil.example",
        "[::1",
        "[::1]x",
        "::1",
        "[::1%25lo]",
        "interviews.example.com;x",
        "interviews.example.com:443;x",
        "x@interviews.example.com",
        "",
    ],
)
def test_hosts_that_are_none(host: str) -> None:
    for scheme in ("http", "https"):
        assert not is_known_host(scheme, host, PUBLIC)
        assert not origin_allowed({"origin": f"{scheme}://{host}"}, scheme, host, PUBLIC, has_credential=True)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1:80", "[::1]", "[::1]:9"])
def test_loopback_names_are_known(host: str) -> None:
    assert is_known_host("http", host, LOCAL)


FORWARDED = {
    "host": "backend:8000",
    "x-forwarded-proto": "http, https",
    "x-forwarded-host": "evil.example, Interviews.Example.com",
    "x-forwarded-for": "203.0.113.9, 198.51.100.7, 10.1.1.1",
}


def test_forwarded_headers_count_from_a_proxy() -> None:
    assert arrival(FORWARDED, "ws", "10.0.0.1", PUBLIC) == Arrival("https", "interviews.example.com", "198.51.100.7")


@pytest.mark.parametrize("address", ["192.0.2.1", "", "somewhere"])
def test_forwarded_headers_do_not_count_from_anybody_else(address: str) -> None:
    assert arrival(FORWARDED, "ws", address, PUBLIC) == Arrival("http", "backend:8000", address)


def test_a_rate_is_by_address_and_recovers() -> None:
    now_s = 0.0
    rate = Rate(60, lambda: now_s)
    assert [rate.wait_s("a") for _ in range(61)] == [0] * 60 + [1]
    assert rate.wait_s("b") == 0
    now_s = 1.0
    assert [rate.wait_s("a") for _ in range(2)] == [0, 1]
    now_s = 1000.0
    assert [rate.wait_s("a") for _ in range(61)] == [0] * 60 + [1]
    assert {Rate(0).wait_s("a") for _ in range(1000)} == {0}


def test_a_rate_forgets_the_address_seen_longest_ago() -> None:
    rate = Rate(1, lambda: 0.0)
    assert rate.wait_s("first") == 0
    assert rate.wait_s("first") > 0
    for number in range(10_000):
        rate.wait_s(str(number))
    assert rate.wait_s("first") == 0

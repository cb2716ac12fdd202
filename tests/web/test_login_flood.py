"""How much a provider of identities may say."""

import gzip
from collections.abc import AsyncIterator

import httpx2
import pytest

from tests.support.identity import Issuer
from tests.web.conftest import Site
from tests.web.test_login import who
from tests.web.test_login_provider import ADA, assert_refused, come_back, leave, session_of, set_up, through

pytestmark = pytest.mark.anyio


class Flood(httpx2.AsyncByteStream):
    """A body without end; `given` is how much of it was read."""

    given = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            self.given += 65_536
            yield b" " * 65_536


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token", "/jwks", "/userinfo"])
async def test_a_provider_that_says_too_much(site: Site, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    """A4: no answer is read without end, nor unpacked to a size that nobody knows."""
    issuer = Issuer({"sub": "ada-1"}, userinfo=dict(ADA))
    issuer.settle_in(site.app)
    monkeypatch.setattr("joserfc._rfc7519.claims._generate_now", lambda: issuer.now_s)
    await set_up(site)
    await site.link("ada@example.org")
    bomb = gzip.compress(b" " * 4_000_000)
    assert len(bomb) < 10_000
    for number, packed in enumerate((False, True)):
        flood = Flood()
        left = await leave(site, issuer)
        headers = {"Content-Type": "application/json"} | ({"Content-Encoding": "gzip"} if packed else {})
        issuer.instead[path] = lambda packed=packed, headers=headers, flood=flood: httpx2.Response(  # type: ignore[misc]
            200, headers=headers, stream=httpx2.ByteStream(bomb) if packed else flood
        )
        site.panelroom.rooms.logins._identities._known.clear()
        await assert_refused(await come_back(site, *left), 502, "does not answer")
        assert flood.given < 2_000_000, number
        issuer.instead.clear()
    assert {each.headers["Accept-Encoding"] for each in issuer.requests} == {"identity"}
    issuer.claims = ADA | {"sub": "a" * 256}
    await assert_refused(await through(site, issuer), 403, "cannot be verified")
    issuer.claims = dict(ADA)
    assert await who(site, session_of(await through(site, issuer))) == "ada@example.org"

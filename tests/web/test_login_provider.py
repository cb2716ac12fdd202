"""Signing in by a provider: who is believed, and nobody else."""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey
from quart import Response
from sqlalchemy import select, update

from rooms import schema
from rooms.member import MemberRole
from tests.support.identity import ISSUER, Issuer
from tests.web.conftest import ORIGIN, OWNER, Site, open_site
from tests.web.test_login import EVIL_PATHS, RIGHT, cookie, employ, sign_in, who
from tests.web.test_page import page
from web.app import create_app
from web.settings import Settings

pytestmark = pytest.mark.anyio

HTML = {"Accept": "text/html"}
ADA = {"sub": "ada-1", "email": "ada@example.org", "email_verified": True, "name": "Ada L", "hd": "example.org"}
PROVIDER = {"issuer": ISSUER, "client_id": "panelroom", "client_secret": "s3cret", "domains": ["example.org"]}


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    app = create_app(Settings(joins_per_min=0, sign_ins_per_min=0), tmp_path)
    async with app.test_app():
        yield await open_site(app)


@pytest.fixture
def issuer(site: Site, monkeypatch: pytest.MonkeyPatch) -> Issuer:
    issuer = Issuer(dict(ADA))
    issuer.settle_in(site.app)
    monkeypatch.setattr("joserfc._rfc7519.claims._generate_now", lambda: issuer.now_s)
    return issuer


async def set_up(site: Site, kind: str = "sso", **changes: Any) -> Any:
    session = await site.session()
    return await site.json("PUT", f"organisation/log-in/{kind}", PROVIDER | changes, headers=session)


async def leave(site: Site, issuer: Issuer, kind: str = "sso", query: str = "") -> tuple[str, str]:
    """The cookie that the browser was sent to the provider with, and the state."""
    response = await site.call("GET", f"/sign-in/{kind}{query}", headers=HTML)
    assert response.status_code == 302, await response.get_data(as_text=True)
    return cookie(response), issuer.asked(response.headers["Location"])["state"]


async def come_back(site: Site, cookies: str, state: str, query: str = "code=c") -> Response:
    return await site.call("GET", f"/sign-in/callback?state={state}&{query}", headers=HTML | {"Cookie": cookies})


async def through(site: Site, issuer: Issuer, kind: str = "sso") -> Response:
    return await come_back(site, *await leave(site, issuer, kind))


def session_of(response: Response) -> str:
    assert response.status_code == 303
    kept = response.headers.getlist("Set-Cookie")
    return next(value.partition(";")[0] for value in kept if value.startswith("panelroom_session="))


async def assert_refused(response: Response, status: int, words: str) -> None:
    text = await response.get_data(as_text=True)
    assert (response.status_code, words in text) == (status, True), text
    assert "panelroom_session" not in str(response.headers)


async def test_the_way_there_and_back(site: Site, issuer: Issuer) -> None:
    """A3, A4: code flow with PKCE; the member is the one with the e-mail address, and goes where he wanted to."""
    await set_up(site)
    await site.link("ada@example.org", MemberRole.ADMIN)
    response = await site.call("GET", "/sign-in/sso?return_to=/people", headers=HTML)
    asked = issuer.asked(response.headers["Location"])
    assert response.headers["Location"].startswith(f"{ISSUER}/authorize?")
    assert (asked["client_id"], asked["response_type"]) == ("panelroom", "code")
    assert asked["redirect_uri"] == f"{ORIGIN}/sign-in/callback"
    assert asked["code_challenge_method"] == "S256"
    assert set(asked["scope"].split()) == {"openid", "email", "profile"}
    kept = response.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in kept.split(";")}
    assert asked["state"] not in kept
    back = await come_back(site, cookie(response), asked["state"])
    assert back.headers["Location"] == "/people"
    assert await who(site, session_of(back)) == "ada@example.org"
    sent = issuer.sent("/token")
    assert (sent["code"], sent["grant_type"], sent["redirect_uri"]) == (
        "c",
        "authorization_code",
        asked["redirect_uri"],
    )
    assert len(sent["code_verifier"]) >= 43
    assert sent["code_verifier"] not in response.headers["Location"]
    audit = (await site.json("GET", "audit", headers=await site.session()))["items"]
    assert {"member.identified", "session.begun", "provider.set"} <= {each["action"] for each in audit}
    assert "s3cret" not in str(audit)


def but(**changes: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Honest claims but for these; None for one that is missing."""

    def said(claims: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in (claims | changes).items() if value is not None}

    return said


NOT_VERIFIED = "cannot be verified"
CLAIMS: dict[str, tuple[dict[str, Any], str]] = {
    "another's nonce": ({"nonce": "x"}, NOT_VERIFIED),
    "no nonce": ({"nonce": None}, NOT_VERIFIED),
    "for somebody else": ({"aud": "other"}, NOT_VERIFIED),
    "also for somebody else": ({"aud": ["panelroom", "other"]}, NOT_VERIFIED),
    "given to somebody else": ({"azp": "other"}, NOT_VERIFIED),
    "no audience": ({"aud": None}, NOT_VERIFIED),
    "another issuer": ({"iss": "https://evil.example"}, NOT_VERIFIED),
    "no issuer": ({"iss": None}, NOT_VERIFIED),
    "expired": ({"exp": 1_799_999_000}, NOT_VERIFIED),
    "for ever": ({"exp": None}, NOT_VERIFIED),
    "from the future": ({"iat": 1_800_001_000}, NOT_VERIFIED),
    "nobody": ({"sub": None}, NOT_VERIFIED),
    "nobody by name": ({"sub": ""}, NOT_VERIFIED),
    "a number": ({"sub": 7}, NOT_VERIFIED),
    "not verified": ({"email_verified": False}, "has not verified"),
    "not said to be verified": ({"email_verified": None}, "has not verified"),
    "verified in another way": ({"email_verified": 1.5}, "has not verified"),
    "no address": ({"email": ""}, "does not tell your e-mail address"),
    "two addresses": ({"email": ["ada@example.org"]}, "does not tell your e-mail address"),
    "another domain": ({"email": "ada@evil.example"}, "no accounts of this domain"),
    "a domain below": ({"email": "ada@x.example.org"}, "no accounts of this domain"),
    "a domain behind": ({"email": "ada@example.org@evil.example"}, "does not tell your e-mail address"),
    "Kelvin": ({"email": "\u212aate@example.org"}, "no letters of ASCII"),
    "a stranger": ({"email": "eve@example.org"}, "Ask an admin"),
}


@pytest.mark.parametrize("name", CLAIMS)
async def test_what_is_said(site: Site, issuer: Issuer, name: str) -> None:
    """A3, A4: what was not said to us, now, of this browser, of a verified address of ours, signs nobody in."""
    changes, words = CLAIMS[name]
    await set_up(site)
    for email in ("ada@example.org", "kate@example.org", "ada@evil.example"):
        await site.link(email)
    issuer.says = but(**changes)
    await assert_refused(await through(site, issuer), 403, words)


def symmetric(secret: bytes, token: str) -> str:
    """The same claims, signed with what others know too."""
    header = urlsafe_b64encode(b'{"alg":"HS256","kid":"1"}').decode().rstrip("=")
    signed = f"{header}.{token.split('.')[1]}"
    signature = hmac.digest(secret, signed.encode(), "sha256")
    return f"{signed}.{urlsafe_b64encode(signature).decode().rstrip('=')}"


async def test_who_signs(site: Site, issuer: Issuer) -> None:
    """A3, A4: nobody but the provider, with an asymmetric key of his."""
    await set_up(site)
    await site.link("ada@example.org")
    issuer.signing = ECKey.generate_key("P-256", {"kid": "1"})
    await assert_refused(await through(site, issuer), 403, NOT_VERIFIED)
    issuer.signing = None
    for secret in (b"s3cret" * 6, issuer.key.as_pem(private=False)):
        issuer.token = partial(symmetric, secret)
        await assert_refused(await through(site, issuer), 403, NOT_VERIFIED)
    issuer.token = lambda token: "eyJhbGciOiJub25lIn0." + token.split(".")[1] + "."
    await assert_refused(await through(site, issuer), 403, NOT_VERIFIED)
    for nonsense in ("", "x", "a.b.c", "." * 9, "é"):
        issuer.token = lambda _token, nonsense=nonsense: nonsense  # type: ignore[misc]
        assert (await through(site, issuer)).status_code in {403, 502}
    issuer.token = lambda token: token
    assert await who(site, session_of(await through(site, issuer))) == "ada@example.org"


async def test_google_says_of_which_company_an_account_is(site: Site, issuer: Issuer) -> None:
    """A3: `hd`, and the address's own domain."""
    await set_up(site, "google", domains=["example.org"])
    await site.link("ada@example.org")
    response = await site.call("GET", "/sign-in/google", headers=HTML)
    assert issuer.asked(response.headers["Location"])["hd"] == "example.org"
    for domain in (None, "evil.example", "EXAMPLE.ORG.evil"):
        issuer.says = but(hd=domain)
        await assert_refused(await through(site, issuer, "google"), 403, "no accounts of this domain")
    issuer.says = but()
    assert await who(site, session_of(await through(site, issuer, "google"))) == "ada@example.org"


async def test_a_return_is_this_browsers_and_used_up(site: Site, issuer: Issuer) -> None:
    """A3, A4: nobody can be signed in by another's link back, nor a second time."""
    await set_up(site)
    await site.link("ada@example.org")
    _, state = await leave(site, issuer)
    cookies, own = await leave(site, issuer)
    await assert_refused(await come_back(site, cookies, state), 410, "Begin again")  # the attacker's state
    await assert_refused(await come_back(site, "", own), 410, "Begin again")
    cookies, own = await leave(site, issuer)
    assert await who(site, session_of(await come_back(site, cookies, own))) == "ada@example.org"
    await assert_refused(await come_back(site, cookies, own), 410, "Begin again")
    for nonsense in ("", "x", "%00", "%ff", "x" * 3_000):
        await assert_refused(await come_back(site, cookies, nonsense), 410, "Begin again")
    cookies, own = await leave(site, issuer)
    await assert_refused(
        await come_back(site, cookies, own, "code=c&iss=https://evil.example"), 403, "Another provider"
    )
    cookies, own = await leave(site, issuer)
    await assert_refused(await come_back(site, cookies, own, "error=access_denied"), 403, "has not let you in")
    cookies, own = await leave(site, issuer)
    async with site.panelroom.database.writing() as connection:
        await connection.execute(update(schema.login_attempts).values(expires_at_ms=1))
    await assert_refused(await come_back(site, cookies, own), 410, "Begin again")
    cookies, own = await leave(site, issuer)
    await set_up(site, client_id="panelroom2")
    await assert_refused(await come_back(site, cookies, own), 410, "Begin again")
    for path in EVIL_PATHS:
        response = await site.app.test_client(use_cookies=False).get(
            "/sign-in/sso", query_string={"return_to": path}, headers=HTML
        )
        issuer.claims["aud"] = "panelroom2"
        asked = issuer.asked(response.headers["Location"])
        assert (await come_back(site, cookie(response), asked["state"])).headers["Location"] == "/", path


async def test_an_account_is_bound_by_its_subject(site: Site, issuer: Issuer) -> None:
    """A3, A4: an address that is given to somebody else later opens nothing; one that changes loses nothing."""
    await set_up(site)
    await site.link("ada@example.org")
    await through(site, issuer)
    issuer.claims = ADA | {"sub": "eve-1"}
    await assert_refused(await through(site, issuer), 403, "Another account")
    issuer.claims = ADA | {"email": "ada.l@example.org"}
    assert await who(site, session_of(await through(site, issuer))) == "ada@example.org"
    async with site.panelroom.database.writing() as connection:
        members = schema.members
        gone = update(members).where(members.c.email == "ada@example.org").values(deactivated_at_ms=1)
        await connection.execute(gone)
    await assert_refused(await through(site, issuer), 403, "Your access was ended")
    issuer.claims = ADA | {"sub": "bob-1", "email": "bob@example.org"}
    await assert_refused(await through(site, issuer), 403, "Ask an admin")


async def test_who_is_invited_comes_by_a_provider(site: Site, issuer: Issuer) -> None:
    """A38: it accepts the invitation, with its role."""
    await set_up(site)
    owner = await site.session()
    invited = {"email": "ada@example.org", "role": "limited"}
    made = await site.json("POST", "invitations", invited, headers=owner)
    session = session_of(await through(site, issuer))
    profile = await site.json("GET", "profile", headers={"Cookie": session})
    assert (profile["email"], profile["name"], profile["role"]) == ("ada@example.org", "Ada L", "limited")
    (listed,) = (await site.json("GET", "invitations", headers=owner))["items"]
    assert (listed["id"], listed["state"]) == (made["id"], "accepted")


async def test_the_rest_of_what_is_known_is_asked_for(site: Site, issuer: Issuer) -> None:
    """A4: of the same person; many providers say who it is only there."""
    await set_up(site)
    await site.link("ada@example.org")
    issuer.claims = {"sub": "ada-1"}
    issuer.userinfo = ADA | {"sub": "eve-1"}
    await assert_refused(await through(site, issuer), 403, "somebody else")
    issuer.userinfo = dict(ADA)
    assert await who(site, session_of(await through(site, issuer))) == "ada@example.org"


async def test_sso_required(site: Site, issuer: Issuer) -> None:
    """A4: 403 for whatever password of these domains, known or not; others go on, and A1: what is offered follows."""
    await set_up(site, is_required=True)
    await employ(site, "ada@example.org")
    for email in ("ada@example.org", "ADA@EXAMPLE.ORG", "nobody@example.org"):
        for word in (RIGHT, "wrong"):
            await assert_refused(await sign_in(site, email, word), 403, "Passwords are not accepted")
    assert (await sign_in(site, "gus@elsewhere.example", "wrong")).status_code == 401
    headers = await site.session()
    refused = await site.call("PUT", "/api/v1/profile/password", {"password": "a long enough one"}, headers=headers)
    assert (await site.problem(refused, 403))["type"] == "urn:panelroom:sso-required"
    home = await site.call("GET", "/", headers=HTML)
    assert await page(home) == {"methods": ["password", "sso", "link"]}
    await set_up(site, is_required=True, domains=[])
    home = await site.call("GET", "/", headers=HTML)
    assert await page(home) == {"methods": ["sso", "link"]}
    assert 'type="password"' not in await home.get_data(as_text=True)
    assert (await site.call("DELETE", "/api/v1/organisation/log-in/sso", headers=headers)).status_code == 204
    assert (await sign_in(site, "ada@example.org", RIGHT)).status_code == 303
    await assert_refused(await site.call("GET", "/sign-in/sso", headers=HTML), 404, "not set this up")


async def test_a_provider_that_does_not_answer(site: Site, issuer: Issuer) -> None:
    """The browser is told, and nothing is in the log but that."""
    await set_up(site)
    identities = site.panelroom.rooms.logins._identities
    for metadata in (
        {"issuer": "https://evil.example"},
        {"authorization_endpoint": "http://evil.example/authorize"},
        {"token_endpoint": "javascript:alert(1)"},
        {"jwks_uri": None},
        {"userinfo_endpoint": 5},
    ):
        identities._known.clear()
        issuer.metadata = metadata
        await assert_refused(await site.call("GET", "/sign-in/sso", headers=HTML), 502, "does not answer")
        problem = await site.call("GET", "/sign-in/sso", headers={})
        assert (await site.problem(problem, 502))["type"] == "urn:panelroom:provider-silent"


async def test_only_owners_set_providers(site: Site, issuer: Issuer) -> None:
    """A52: whoever sets one up could say that he is the owner. The secret is not told again, nor given to others."""
    await site.link("admin@example.org", MemberRole.ADMIN)
    await site.link("mia@example.org", MemberRole.MEMBER)
    owner, admin = await site.session(), await site.session("admin@example.org")
    path = "/api/v1/organisation/log-in/sso"
    for headers in (admin, await site.session("mia@example.org"), None):
        await site.problem(await site.call("PUT", path, PROVIDER, headers=headers), 403)
        await site.problem(await site.call("DELETE", path, headers=headers), 403)
    made = await set_up(site)
    assert made == {"kind": "sso", "is_required": False, "has_secret": True} | {
        name: PROVIDER[name] for name in ("issuer", "client_id", "domains")
    }
    shown = await site.json("GET", "organisation/log-in", headers=admin)
    assert shown == {"password": True, "providers": [made], "callback_url": f"{ORIGIN}/sign-in/callback"}
    await site.problem(
        await site.call("GET", "/api/v1/organisation/log-in", headers=await site.session("mia@example.org")), 403
    )
    keeping = {"issuer": ISSUER, "client_id": "panelroom", "domains": []}
    assert (await site.json("PUT", "organisation/log-in/sso", keeping, headers=owner))["has_secret"]
    issuer.issuer = "https://evil.example"
    elsewhere = keeping | {"issuer": "https://evil.example"}
    assert not (await site.json("PUT", "organisation/log-in/sso", elsewhere, headers=owner))["has_secret"]
    async with site.panelroom.database.reading() as connection:
        rows = (await connection.execute(select(schema.identity_providers.c.client_secret))).scalars().all()
    assert rows == [""]
    for wrong in (
        {"issuer": ISSUER},
        {"issuer": "http://evil.example"},
        {"issuer": "https://user:pw@evil.example"},
        {"issuer": "file:///etc/passwd"},
        {"issuer": ""},
        {"client_id": " "},
        {"client_id": "x" * 501},
        {"client_id": 5},
        {"domains": ["example"]},
        {"domains": ["*.org"]},
        {"domains": ["a@b.org"]},
        {"domains": ["éxample.org"]},
        {"domains": ["example.org"] * 51},
        {"is_required": "yes"},
        {"more": 1},
    ):
        response = await site.call("PUT", path, elsewhere | wrong, headers=owner)
        await site.problem(response, 422)
    await site.problem(await site.call("PUT", "/api/v1/organisation/log-in/saml", keeping, headers=owner), 404)
    await site.problem(await site.call("DELETE", "/api/v1/organisation/log-in/google", headers=owner), 404)


class TestBehindItsName:
    @pytest.fixture
    async def site(self, tmp_path: Path) -> AsyncIterator[Site]:
        settings = Settings(joins_per_min=0, public_url="https://rooms.example.com")
        app = create_app(settings, tmp_path)
        async with app.test_app():
            yield await open_site(app)

    async def test_host_headers(self, site: Site, issuer: Issuer) -> None:
        """A forged Host gets into no address: not the way back from a provider, not what the provider is told."""
        await set_up(site)
        for host in ("evil.example", "rooms.example.com.evil.example", "rooms.example.com:1", "localhost@evil.example"):
            headers = {"Host": host, "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
            response = await site.call("GET", "/sign-in/sso", headers=HTML | headers)
            assert "evil" not in str(response.headers), host
            back = issuer.asked(response.headers["Location"])["redirect_uri"]
            assert back == "https://rooms.example.com/sign-in/callback"
            posted = await site.call("POST", "/sign-in/password", headers=HTML | headers | {"Origin": f"http://{host}"})
            assert posted.status_code == 403
            posted = await site.call("POST", "/sign-out", headers=headers | {"Origin": f"https://{host}"})
            assert posted.status_code == 403


async def test_a_forged_host_has_no_way_back(site: Site, issuer: Issuer) -> None:
    await set_up(site)
    response = await site.call("GET", "/sign-in/sso", headers=HTML | {"Host": "evil.example"})
    assert (response.status_code, "Location" in response.headers) == (403, False)
    assert ISSUER not in str(response.headers)
    assert OWNER not in await response.get_data(as_text=True)

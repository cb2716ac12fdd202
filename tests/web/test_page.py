"""The pages, as a browser gets them."""

import json
import re
from typing import Any

import pytest
from quart import Response
from sqlalchemy.exc import OperationalError

from tests.web.conftest import ORIGIN, OWNER, Site
from web import problem

pytestmark = pytest.mark.anyio

HTML = {"Accept": "text/html"}


async def page(response: Response) -> dict[str, Any]:
    """The page's configuration."""
    text = await response.get_data(as_text=True)
    found = re.search(r'<script type="application/json" id="page">(.*?)</script>', text, re.DOTALL)
    assert found is not None, text
    config: dict[str, Any] = json.loads(found[1])
    return config


async def test_home(site: Site) -> None:
    signed_out = await site.call("GET", "/", headers=HTML)
    assert await page(signed_out) == {"methods": ["password", "link"]}
    signed_in = await page(await site.call("GET", "/", headers=await site.session()))
    assert (signed_in["member"]["email"], signed_in["member"]["role"]) == (OWNER, "owner")
    assert signed_in["organisation"]["name"]


async def test_room(site: Site) -> None:
    details = {"instructions": "Ask!", "meeting_url": "https://call.example.org/1"}
    interview = await site.create(title="</script><b>T", language="go", **details)
    config = await page(await site.call("GET", f"/i/{interview}", headers=HTML))
    assert (
        config["interview"]
        == {
            "id": interview,
            "title": "</script><b>T",
            "status": "pending",
            "language": "go",
            "url": f"http://localhost/i/{interview}",
        }
        | details
    )
    assert config["organisation"]
    assert (config["member"], config["candidate"]) == (None, None)
    member = (await page(await site.call("GET", f"/i/{interview}", headers=await site.session())))["member"]
    assert member.pop("id")
    assert member == {"name": "Olga", "email": OWNER, "role": "owner"}


async def test_the_service_worker_stands_at_one_address(site: Site) -> None:
    worker = await site.call("GET", "/service-worker.js")
    assert (worker.status_code, worker.mimetype) == (200, "text/javascript")
    assert worker.headers["Cache-Control"] == "no-cache"
    assert "default-src 'self'" in worker.headers["Content-Security-Policy"]
    assert b"import" not in await worker.get_data(as_text=False)  # of one piece: nothing it needs can be missing


async def test_the_lobby_knows_who_the_candidate_is(site: Site) -> None:
    interview = await site.create()
    await site.json("POST", f"interviews/{interview}/join", {"as": "guest", "name": "Gus"})
    assert (await page(await site.call("GET", f"/i/{interview}", headers=HTML)))["candidate"] is None
    await site.json("POST", f"interviews/{interview}/join", {"as": "candidate", "name": "Cleo"})
    assert (await page(await site.call("GET", f"/i/{interview}", headers=HTML)))["candidate"] == "Cleo"


async def test_looking_joins_nobody(site: Site) -> None:
    interview = await site.create()
    for method in ("GET", "HEAD", "GET"):
        assert (await site.call(method, f"/i/{interview}", headers=HTML)).status_code == 200
    assert await site.panelroom.rooms.participants(interview) == []


async def test_finished(site: Site) -> None:
    interview = await site.create(title="T")
    await site.activate(interview)
    await site.json("POST", f"interviews/{interview}/finish", {"on_behalf_of": OWNER})
    visitor = await site.call("GET", f"/i/{interview}", headers=HTML)
    assert (visitor.status_code, await page(visitor)) == (200, {"interview": {"title": "T"}})
    member = await site.call("GET", f"/i/{interview}", headers=await site.session())
    assert (member.status_code, member.headers["Location"]) == (302, f"/i/{interview}/replay")


async def test_cancelled_and_unknown(site: Site) -> None:
    interview = await site.create()
    await site.call("DELETE", f"/api/v1/interviews/{interview}")
    cancelled = await site.call("GET", f"/i/{interview}", headers=HTML)
    assert cancelled.status_code == 410
    assert "cancelled" in await cancelled.get_data(as_text=True)
    for path in (f"/i/{interview}/replay", f"/i/{'x' * 22}", "/i/", "/nowhere"):
        response = await site.call("GET", path, headers=HTML)
        assert (response.status_code, response.content_type) == (404, "text/html; charset=utf-8")


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (OperationalError("SELECT secret", {}, Exception("database is locked")), 503, "does not answer"),
        (RuntimeError("the secret inside"), 500, "went wrong"),
    ],
)
async def test_a_failing_page_is_a_page(
    site: Site, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, words: str
) -> None:
    async def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(type(site.panelroom.rooms), "public_interview", fail)
    path = f"/i/{'x' * 22}"
    shown = await site.call("GET", path, headers=HTML)
    text = await shown.get_data(as_text=True)
    assert (shown.status_code, shown.content_type) == (status, "text/html; charset=utf-8")
    assert await page(shown) == {}
    assert "Panelroom" in text
    assert words in text
    assert "secret" not in text
    assert "Content-Security-Policy" in shown.headers
    await site.problem(await site.call("GET", path, headers={}), status)

    async def fail_again(*_: object, **__: object) -> None:
        raise LookupError("src/plain.ts")

    monkeypatch.setattr(problem, "render_template", fail_again)
    await site.problem(await site.call("GET", path, headers=HTML), status)


async def test_a_refused_page_is_a_page(site: Site) -> None:
    interview = await site.create()
    refused = await site.call("GET", f"/i/{interview}", headers=HTML | {"Host": "evil.example"})
    assert (refused.status_code, refused.content_type) == (403, "text/html; charset=utf-8")
    assert "PANELROOM_PUBLIC_URL" in await refused.get_data(as_text=True)
    posted = await site.call("POST", "/sign-in", headers=HTML | {"Origin": "http://evil.example"})
    assert (posted.status_code, posted.content_type) == (403, "text/html; charset=utf-8")
    await site.problem(await site.call("GET", "/api/v1/whoami", headers=HTML), 401)
    put = await site.call("PUT", "/", headers=HTML)
    assert (put.status_code, put.content_type) == (405, "text/html; charset=utf-8")
    assert put.headers["Allow"]


async def test_replay_is_for_members(site: Site) -> None:
    interview = await site.create(interviewers=["bob@example.org"])
    path = f"/i/{interview}/replay"
    visitor = await site.call("GET", path, headers=HTML)
    assert (visitor.status_code, visitor.headers["Location"]) == (302, f"/i/{interview}")
    assert (await site.call("GET", path)).status_code == 302
    code, notes = {"id": interview, "name": "Code"}, {"id": f"{interview}.notes", "name": "Notes"}
    for email, documents in (
        (OWNER, [code, notes]),
        ("bob@example.org", [code, notes]),
        ("carol@example.org", [code]),
    ):
        assert (await page(await site.call("GET", path, headers=await site.session(email))))["documents"] == documents


async def test_a_sign_in_link_is_used_by_the_form_alone(site: Site) -> None:
    token = await site.link("bob@example.org")
    for _ in range(3):
        shown = await site.call("GET", f"/sign-in?token={token}", headers=HTML)
        assert shown.status_code == 200
        assert token in await shown.get_data(as_text=True)
        assert "Set-Cookie" not in shown.headers
    client = site.app.test_client()
    signed_in = await client.post("/sign-in", form={"token": token}, headers={"Origin": ORIGIN})
    assert (signed_in.status_code, signed_in.headers["Location"]) == (303, "/")
    cookie = signed_in.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie
    assert (await page(await client.get("/")))["member"]["email"] == "bob@example.org"
    again = await site.app.test_client().post("/sign-in", form={"token": token}, headers={"Origin": ORIGIN})
    assert again.status_code == 410
    assert "used already" in await again.get_data(as_text=True)
    assert (await client.post("/sign-out", headers={"Origin": ORIGIN})).status_code == 303
    assert await page(await client.get("/")) == {"methods": ["password", "link"]}


async def test_signing_out_ends_the_session_and_not_only_the_cookie(site: Site) -> None:
    headers = await site.session()
    assert (await site.call("GET", "/api/v1/whoami", headers=headers)).status_code == 200
    await site.call("POST", "/sign-out", headers=headers)
    await site.problem(await site.call("GET", "/api/v1/whoami", headers=headers), 401)


async def test_forms_of_other_sites_are_refused(site: Site) -> None:
    token = await site.link("bob@example.org")
    evil = {"Origin": "http://evil.example"}
    client = site.app.test_client()
    assert (await client.post("/sign-in", form={"token": token}, headers=evil)).status_code == 403
    assert (await client.post("/sign-in", form={"token": token}, headers={"Origin": ORIGIN})).status_code == 303


async def test_headers(site: Site) -> None:
    nonces = set()
    for path in ("/", f"/i/{await site.create()}", "/api/v1/whoami", "/nowhere"):
        response = await site.call("GET", path, headers=HTML)
        policy = response.headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert "connect-src 'self' ws://localhost wss://localhost;" in policy
        nonces.add(re.findall(r"'nonce-(.+?)'", policy)[0])
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Referrer-Policy"] == "same-origin"
        assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "camera=()" in response.headers["Permissions-Policy"]
        assert "Strict-Transport-Security" not in response.headers
        assert response.headers["Cache-Control"] == "no-store"
    assert len(nonces) == 4
    room = await site.call("GET", f"/i/{await site.create()}", headers=HTML)
    assert f"'nonce-{(await page(room))['csp_nonce']}'" in room.headers["Content-Security-Policy"]
    for host in ("evil.example", "evil.example\\@localhost", "localhost:1;evil"):
        forged = await site.call("GET", "/", headers={"Host": host})
        assert "evil" not in forged.headers["Content-Security-Policy"]


async def test_built_files_are_there_and_kept(site: Site) -> None:
    text = await (await site.call("GET", f"/i/{await site.create()}", headers=HTML)).get_data(as_text=True)
    files = re.findall(r'(?:src|href)="(/static/[^"]+)"', text)
    assert any(file.endswith(".js") for file in files)
    assert any(file.endswith(".css") for file in files)
    for file in files:
        response = await site.call("GET", file, headers={})
        assert response.status_code == 200
        assert "max-age=31536000" in response.headers["Cache-Control"]

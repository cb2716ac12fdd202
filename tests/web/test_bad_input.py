"""Whatever is sent, the answer is a problem that says so, and the next one is served."""

from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from tests.web.conftest import ORIGIN, Site

pytestmark = pytest.mark.anyio

JSON = "application/json"


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"{", 400),
        (b"nonsense", 400),
        (b'{"title": "\xff"}', 400),
        (b'{"title": "\\ud800"}', 400),
        (b"[" * 50_000, 400),
        (b'{"title": ' * 5_000, 400),
        (b"null", 422),
        (b"[]", 422),
        (b'"text"', 422),
        (b"5", 422),
        (b'{"title": 5}', 422),
        (b'{"title": "a\\u0000b"}', 422),
        (b'{"title": "' + b"x" * 201 + b'"}', 422),
        (b'{"titel": "T"}', 422),
        (b'{"candidate": "Ada"}', 422),
        (b'{"candidate": {"email": "x"}}', 422),
        (b'{"interviewers": "a@b"}', 422),
        (b'{"interviewers": [1]}', 422),
        (b'{"interviewers": ["x"]}', 422),
        (b'{"policy": {"guests": -1}}', 422),
        (b'{"policy": {"guests": true}}', 422),
        (b'{"policy": {"guests": "3"}}', 422),
        (b'{"policy": {"guests": 1.5}}', 422),
        (b'{"policy": {"guests": 99999999999999999999}}', 422),
        (b'{"policy": {"over_limit": "x"}}', 422),
        (b'{"scheduled_at": "2026-12-01T10:00:00"}', 422),
        (b'{"scheduled_at": "soon"}', 422),
        (b'{"scheduled_at": "0001-01-01T00:00:00+14:00"}', 422),
        (b'{"scheduled_at": "9999-12-31T23:59:59-14:00"}', 422),
        (b'{"scheduled_at": 5}', 422),
        (b'{"time_zone": "Mars/Olympus"}', 422),
        (b'{"time_zone": "../../etc/passwd"}', 422),
        (b'{"language": "a b"}', 422),
        (b'{"language": ""}', 422),
        (b'{"external_ref": ""}', 422),
        (b'{"external_ref": "  "}', 422),
        (b'{"external_ref": "\\u00a0\\u001f"}', 422),
        (b'{"external_ref": "' + b"x" * 201 + b'"}', 422),
        (b'{"title": "' + b"x" * 70_000 + b'"}', 413),
    ],
)
async def test_interviews(site: Site, raw: bytes, status: int) -> None:
    interview = await site.create()
    for method, path in (("POST", "/api/v1/interviews"), ("PATCH", f"/api/v1/interviews/{interview}")):
        if b"external_ref" not in raw or method == "POST":
            await site.problem(await site.call(method, path, raw=raw), status)
    for path in ("blocks", "cancel"):
        await site.problem(await site.call("POST", f"/api/v1/interviews/{path}", raw=raw), status)
    assert [item["id"] for item in (await site.json("GET", "interviews"))["items"]] == [interview]
    await site.create()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"as": "owner"},
        {"as": 1},
        {"as": None},
        {"as": "candidate", "name": 5},
        {"as": "candidate", "name": {}},
        {"as": "candidate", "resume": 5},
        {"as": "candidate", "role": "interviewer"},
        {"role": "candidate"},
    ],
)
async def test_join(site: Site, body: Any) -> None:
    path = f"/api/v1/interviews/{await site.create()}/join"
    await site.problem(await site.call("POST", path, body, headers={}), 422)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/api/v1/nowhere", 404),
        ("GET", "/api/v2/interviews", 404),
        ("PUT", "/api/v1/interviews", 405),
        ("DELETE", "/api/v1/whoami", 405),
        ("POST", "/healthz", 405),
        ("GET", "/static/../web/settings.py", 404),
        ("GET", "/static/%2e%2e/settings.py", 404),
        ("GET", "/api/v1/interviews/%00", 404),
        ("GET", "/api/v1/interviews/%ff%fe", 404),
        ("GET", "/api/v1/interviews/" + "x" * 5_000, 404),
        ("POST", "/api/v1/interviews/" + "x" * 22 + "/join", 404),
        # Later issues' places.
        ("GET", "/api/v1/interviews/{id}/feedback", 404),
        ("PUT", "/api/v1/interviews/{id}/feedback", 404),
        ("GET", "/api/v1/templates", 404),
    ],
)
async def test_unknown_places(site: Site, method: str, path: str, status: int) -> None:
    body = {"as": "candidate"} if path.endswith("/join") else None
    response = await site.call(method, path.replace("{id}", await site.create()), body)
    await site.problem(response, status)
    if status == 405:
        assert response.headers["Allow"]


async def test_bodies_that_are_no_json(site: Site) -> None:
    headers = {"Authorization": f"Bearer {site.key}", "Content-Type": "text/plain"}
    await site.problem(await site.call("POST", "/api/v1/interviews", raw=b"{}", headers=headers), 415)
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    await site.problem(await site.call("POST", "/api/v1/interviews", raw=b"title=T", headers=headers), 415)


async def test_people(site: Site) -> None:
    """Whatever is sent about members, invitations, keys and the organisation."""
    owner = await site.session()
    (olga,) = (await site.json("GET", "members", headers=owner))["items"]
    before = (await site.json("GET", "audit?limit=1", headers=owner))["items"]
    for method, path in (
        ("PATCH", f"members/{olga['id']}"),
        ("POST", "invitations"),
        ("POST", "keys"),
        ("PATCH", "organisation"),
    ):
        for raw, status in (
            (b"{", 400),
            (b'{"name": "\xff"}', 400),
            (b'{"description": "\\ud800"}', 400),
            (b"null", 422),
            (b"[]", 422),
            (b'{"nonsense": 1}', 422),
            (b'{"name": "' + b"x" * 70_000 + b'"}', 413),
        ):
            await site.problem(await site.call(method, f"/api/v1/{path}", raw=raw, headers=owner), status)
        plain = owner | {"Content-Type": "text/plain"}
        await site.problem(await site.call(method, f"/api/v1/{path}", raw=b"{}", headers=plain), 415)
        elsewhere = owner | {"Origin": "http://evil.example"}
        await site.problem(await site.call(method, f"/api/v1/{path}", {}, headers=elsewhere), 403)
    assert (await site.json("GET", "audit?limit=1", headers=owner))["items"] == before


async def test_oversized_bodies_of_pages(site: Site) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": ORIGIN}
    await site.problem(await site.call("POST", "/sign-in", raw=b"token=" + b"x" * 70_000, headers=headers), 413)


@pytest.mark.parametrize("query", ["after=x", "after=-1", "after=1.5", "after=" + "9" * 16])
async def test_events(site: Site, query: str) -> None:
    interview = await site.create()
    ticket = (await site.join(interview, "candidate"))["ticket"]
    path = f"/api/v1/interviews/{interview}/events"
    await site.problem(await site.call("GET", f"{path}?ticket={ticket}&{query}", headers={}), 422)


async def test_events_with_bad_tickets(site: Site) -> None:
    interview, other = await site.create(), await site.create()
    ticket = (await site.join(other, "candidate"))["ticket"]
    path = f"/api/v1/interviews/{interview}/events"
    for query in ("?ticket=", "?ticket=x", f"?ticket={ticket}", ""):
        await site.problem(await site.call("GET", path + query, headers={}), 401)


async def test_a_database_that_does_not_answer(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async def locked(*_: object) -> None:
        raise OperationalError("INSERT INTO secret", {}, Exception("database is locked"))

    monkeypatch.setattr(type(site.panelroom.rooms), "interview_of", locked)
    body = await site.problem(await site.call("GET", f"/api/v1/interviews/{'x' * 22}"), 503)
    assert "secret" not in str(body)


async def test_an_unexpected_error_tells_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("the secret inside")

    monkeypatch.setattr(type(site.panelroom.rooms), "interview_of", fail)
    response = await site.call("GET", f"/api/v1/interviews/{'x' * 22}")
    body = await site.problem(response, 500)
    assert "secret" not in str(body)

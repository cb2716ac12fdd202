"""/api/v1/interviews, as CONTRACT says it."""

import base64

import pytest

from tests.web.conftest import OWNER, Site

pytestmark = pytest.mark.anyio

FIELDS = {
    "id", "url", "title", "status", "candidate", "interviewers", "scheduled_at", "time_zone", "language", "policy",
    "external_ref", "created_at", "opened_at", "active_at", "finished_at", "lobby", "instructions", "meeting_url",
    "kind", "series", "assigned",
}  # fmt: skip


async def test_create(site: Site) -> None:
    made = await site.json(
        "POST",
        "interviews",
        {
            "title": " Back end ",
            "candidate": {"name": "Ada", "email": "Ada@Example.org"},
            "scheduled_at": "2026-12-01T10:00:00",
            "time_zone": "Europe/Berlin",
            "language": "go",
            "interviewers": [OWNER, OWNER.upper()],
            "policy": {"guests": 0, "over_limit": "wait"},
            "external_ref": "stage 7",
        },
    )
    assert made.keys() == FIELDS
    assert made["url"] == f"http://localhost/i/{made['id']}"
    assert len(made["id"]) == 22
    assert (made["title"], made["status"], made["language"]) == ("Back end", "pending", "go")
    assert made["candidate"] == {"name": "Ada", "email": "ada@example.org"}
    assert made["interviewers"] == [OWNER]
    assert (made["scheduled_at"], made["time_zone"]) == ("2026-12-01T09:00:00.000Z", "Europe/Berlin")
    assert made["policy"] == {"interviewers": 3, "observers": 10, "guests": 0, "over_limit": "wait"}
    assert made["created_at"].endswith("Z")
    assert (made["active_at"], made["finished_at"]) == (None, None)
    assert await site.json("GET", f"interviews/{made['id']}") == made


async def test_an_empty_body_is_enough(site: Site) -> None:
    response = await site.call("POST", "/api/v1/interviews")
    assert response.status_code == 201
    assert (await response.get_json())["title"]


async def test_external_ref_and_idempotency_key(site: Site) -> None:
    first = await site.call("POST", "/api/v1/interviews", {"external_ref": "x"})
    second = await site.call("POST", "/api/v1/interviews", {"external_ref": "x", "title": "Another"})
    assert (first.status_code, second.status_code) == (201, 200)
    assert await first.get_json() == await second.get_json()
    repeated = {"Authorization": f"Bearer {site.key}", "Idempotency-Key": "once"}
    answers = [await site.call("POST", "/api/v1/interviews", {"title": "T"}, headers=repeated) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert await answers[0].get_json() == await answers[1].get_json()
    await site.problem(await site.call("POST", "/api/v1/interviews", {"title": "U"}, headers=repeated), 422)
    known = repeated | {"Idempotency-Key": "known"}
    third = await site.call("POST", "/api/v1/interviews", {"external_ref": "x"}, headers=known)
    assert third.status_code == 200
    await site.problem(await site.call("POST", "/api/v1/interviews", {"external_ref": "y"}, headers=known), 422)
    interview = (await third.get_json())["id"]
    assert (await site.call("DELETE", f"/api/v1/interviews/{interview}")).status_code == 204
    replayed = await site.call("POST", "/api/v1/interviews", {"external_ref": "x"}, headers=known)
    assert (replayed.status_code, await replayed.get_json()) == (200, await third.get_json())
    too_long = repeated | {"Idempotency-Key": "x" * 256}
    await site.problem(await site.call("POST", "/api/v1/interviews", {}, headers=too_long), 422)


async def test_list(site: Site) -> None:
    ids = [await site.create(title=f"T{number}") for number in range(3)]
    await site.activate(ids[1])
    page = await site.json("GET", "interviews?limit=2")
    assert [item["id"] for item in page["items"]] == [ids[2], ids[1]]
    assert page["counts"] == {"pending": 2, "active": 1, "finished": 0}
    rest = await site.json("GET", f"interviews?limit=2&cursor={page['next_cursor']}")
    assert [item["id"] for item in rest["items"]] == [ids[0]]
    assert rest["next_cursor"] is None
    active = await site.json("GET", "interviews?status=active&q=t")
    assert [item["id"] for item in active["items"]] == [ids[1]]
    assert (await site.json("GET", "interviews?limit=100000"))["next_cursor"] is None
    huge = base64.urlsafe_b64encode(f"{2**63} {ids[0]}".encode()).decode()
    await site.problem(await site.call("GET", f"/api/v1/interviews?cursor={huge}"), 422)
    for query in ("status=cancelled", "status=x", "limit=0", "limit=x", "cursor=x", f"q={'x' * 201}"):
        await site.problem(await site.call("GET", f"/api/v1/interviews?{query}"), 422)


async def test_patch_changes_what_it_names(site: Site) -> None:
    interview = await site.create(
        title="T", candidate={"name": "Ada"}, policy={"guests": 1}, scheduled_at="2026-12-01T10:00Z"
    )
    path = f"interviews/{interview}"
    changed = await site.json("PATCH", path, {"title": "U", "policy": {"observers": 2}})
    assert (changed["title"], changed["candidate"]["name"]) == ("U", "Ada")
    assert changed["policy"] == {"interviewers": 3, "observers": 2, "guests": 1, "over_limit": "observe"}
    assert changed["scheduled_at"] == "2026-12-01T10:00:00.000Z"
    cleared = await site.json("PATCH", path, {"candidate": None, "scheduled_at": None, "interviewers": None})
    assert (cleared["candidate"], cleared["scheduled_at"]) == ({"name": None, "email": None}, None)
    assert await site.json("PATCH", path, {}) == cleared


async def test_duplicate(site: Site) -> None:
    interview = await site.create(title="T", language="go")
    response = await site.call("POST", f"/api/v1/interviews/{interview}/duplicate")
    copy = await response.get_json()
    assert response.status_code == 201
    assert copy["id"] != interview
    assert (copy["title"], copy["language"]) == ("T", "go")


async def test_cancel(site: Site) -> None:
    interview = await site.create()
    assert (await site.call("DELETE", f"/api/v1/interviews/{interview}")).status_code == 204
    for method, rest in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/join"), ("POST", "/duplicate")):
        body = {"as": "candidate"} if rest == "/join" else None
        await site.problem(await site.call(method, f"/api/v1/interviews/{interview}{rest}", body), 404)


async def test_unknown_and_forbidden_look_the_same(site: Site) -> None:
    interview = await site.create()
    stranger = await site.panelroom.rooms.people.add_key("own only", frozenset({"liveInterview"}))  # type: ignore[arg-type]
    headers = {"Authorization": f"Bearer {stranger}"}
    for method, rest in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/finish"), ("POST", "/duplicate")):
        forbidden = await site.call(method, f"/api/v1/interviews/{interview}{rest}", headers=headers)
        unknown = await site.call(method, f"/api/v1/interviews/{'x' * 22}{rest}", headers=headers)
        assert await site.problem(forbidden, 404) == await site.problem(unknown, 404)


async def test_whoami(site: Site) -> None:
    key = await site.json("GET", "whoami")
    assert key["principal"]["kind"] == "key"
    assert key["expires_at"] is None
    assert "liveInterview.company.write" in key["scopes"]
    member = await site.json("GET", "whoami", headers=await site.session())
    assert (member["principal"]["email"], member["principal"]["role"], member["scopes"]) == (OWNER, "owner", [])
    assert member["expires_at"].endswith("Z")
    assert member["organisation"] == key["organisation"]
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic eDp4"}, {"Authorization": ""}):
        response = await site.call("GET", "/api/v1/whoami", headers=headers)
        await site.problem(response, 401)
        assert response.headers["WWW-Authenticate"] == "Bearer"

"""/api/v1/interviews, as CONTRACT says it."""

import base64
from typing import Any

import pytest

from rooms.key import Scope
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
    """A20: the same settings; nothing of for whom, when, or of which scheduler it was."""
    settings = {"instructions": "Think.", "interviewers": [OWNER], "lobby": True, "time_zone": "Europe/Berlin"}
    once = {"scheduled_at": "2026-12-01T10:00", "external_ref": "r", "meeting_url": "https://call.example.org/1"}
    who = {"name": "Ada", "email": "ada@example.org"}
    interview = await site.create(title="T", language="go", candidate=who, policy={"guests": 1}, **settings, **once)
    response = await site.call("POST", f"/api/v1/interviews/{interview}/duplicate")
    copy = await response.get_json()
    assert response.status_code == 201
    assert copy["id"] != interview
    assert (copy["title"], copy["language"]) == ("T", "go")
    original = await site.json("GET", f"interviews/{interview}")
    same = {"title", "language", "policy", *settings}
    assert {name: copy[name] for name in same} == {name: original[name] for name in same}
    assert (original["candidate"], copy["candidate"]) == (who, dict.fromkeys(who))
    assert {copy[name] for name in once} == {None}
    assert (copy["status"], copy["url"] == original["url"]) == ("pending", False)


async def test_blocks_one_after_the_other(site: Site) -> None:
    """A34: one candidate, several interviews, each with its own link, time and interviewer."""
    shared = {"candidate": {"name": "Ada"}, "time_zone": "Europe/Berlin", "language": "go", "policy": {"guests": 1}}
    blocks = [
        {"interviewers": [OWNER], "scheduled_at": "2026-12-01T10:00"},
        {"interviewers": ["ben@example.org"], "scheduled_at": "2026-12-01T11:00", "title": "Design"},
        {},
    ]
    made = (await site.json("POST", "interviews/blocks", shared | {"blocks": blocks}))["items"]
    assert [each["title"] for each in made] == ["Interview with Ada, 1 of 3", "Design", "Interview with Ada, 3 of 3"]
    assert [each["scheduled_at"] for each in made] == ["2026-12-01T09:00:00.000Z", "2026-12-01T10:00:00.000Z", None]
    assert [each["interviewers"] for each in made] == [[OWNER], ["ben@example.org"], []]
    settings = {(each["candidate"]["name"], each["language"], each["policy"]["guests"]) for each in made}
    assert settings == {("Ada", "go", 1)}
    assert len({each["url"] for each in made}) == 3
    assert [each["series"] for each in made] == [
        {"id": made[0]["series"]["id"], "block": number, "blocks": 3} for number in (1, 2, 3)
    ]
    assert {each["id"] for each in (await site.json("GET", "interviews"))["items"]} == {each["id"] for each in made}
    renamed = await site.json("PATCH", f"interviews/{made[1]['id']}", {"title": ""})
    assert renamed["title"] == "Interview with Ada, 2 of 3"
    long = await site.json("POST", "interviews/blocks", {"title": "x" * 200, "blocks": [{}, {}]})
    assert [each["title"][-10:] for each in long["items"]] == ["xx, 1 of 2", "xx, 2 of 2"]
    alone = await site.json("POST", "interviews/blocks", {"title": "T", "blocks": [{}]})
    assert (alone["items"][0]["title"], alone["items"][0]["series"]) == ("T", None)
    count = (await site.json("GET", "interviews"))["counts"]["pending"]
    refused: list[dict[str, Any]] = [
        {},
        {"blocks": []},
        {"blocks": [{}] * 13},
        {"blocks": [{}, {"scheduled_at": "2026-12-01T10:00"}]},
        {"blocks": [{}, {"language": "go"}]},
        {"blocks": [{}, {"interviewers": ["nobody"]}]},
        {"blocks": [{}, {"title": "\u202e"}]},
    ]
    for wrong in refused:
        await site.problem(await site.call("POST", "/api/v1/interviews/blocks", wrong), 422)
    assert (await site.json("GET", "interviews"))["counts"]["pending"] == count


async def test_blocks_are_made_once(site: Site) -> None:
    """A34: the same Idempotency-Key gives the same interviews, also where the answer was lost on its way."""
    several: list[list[dict[str, str]]] = [[{}, {"title": "Design"}, {}], [{}]]
    for blocks in several:
        headers = {"Authorization": f"Bearer {site.key}", "Idempotency-Key": f"{len(blocks)} at once"}
        body = {"title": "T", "blocks": blocks}
        answers = [await site.call("POST", "/api/v1/interviews/blocks", body, headers=headers) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [201, 201]
        assert await answers[0].get_json() == await answers[1].get_json()
        assert len((await answers[0].get_json())["items"]) == len(blocks)
        other = await site.call("POST", "/api/v1/interviews/blocks", body | {"title": "U"}, headers=headers)
        assert (await site.problem(other, 422))["type"] == "urn:panelroom:idempotency-key-reused"
        await site.problem(await site.call("POST", "/api/v1/interviews", {"title": "T"}, headers=headers), 422)
    assert (await site.json("GET", "interviews"))["counts"]["pending"] == 4
    too_long = {"Authorization": f"Bearer {site.key}", "Idempotency-Key": "x" * 256}
    await site.problem(await site.call("POST", "/api/v1/interviews/blocks", {"blocks": [{}]}, headers=too_long), 422)


async def test_cancel_several(site: Site) -> None:
    """A21: what fails is told for its row, and the others are cancelled."""
    pending, active, finished, gone = [await site.create() for _ in range(4)]
    for interview in (active, finished):
        await site.activate(interview)
    await site.json("POST", f"interviews/{finished}/finish", {"on_behalf_of": OWNER})
    await site.call("DELETE", f"/api/v1/interviews/{gone}")
    asked = {"ids": [pending, finished, gone, active, pending, "x"]}
    rows = (await site.json("POST", "interviews/cancel", asked))["items"]
    assert [(row["id"], row["ok"], row["problem"] and row["problem"]["type"]) for row in rows] == [
        (pending, True, None),
        (finished, False, "urn:panelroom:interview-finished"),
        (gone, False, "urn:panelroom:interview-unknown"),
        (active, True, None),
        ("x", False, "urn:panelroom:interview-unknown"),
    ]
    assert "finished by Olga" in rows[1]["problem"]["detail"]
    assert (await site.json("GET", "interviews"))["counts"] == {"pending": 0, "active": 0, "finished": 1}
    other = await site.create()
    reader = await site.panelroom.rooms.people.add_key("reads", frozenset({Scope.COMPANY_READ}))
    headers = {"Authorization": f"Bearer {reader}"}
    (row,) = (await site.json("POST", "interviews/cancel", {"ids": [other]}, headers=headers))["items"]
    assert row["problem"]["type"] == "urn:panelroom:scope-missing"
    ids: list[Any] = [[], ["x"] * 201, [1], "x", ["x" * 65], None]
    for wrong in ids:
        await site.problem(await site.call("POST", "/api/v1/interviews/cancel", {"ids": wrong}), 422)
    assert (await site.json("GET", f"interviews/{other}"))["status"] == "pending"


@pytest.mark.parametrize(
    ("title", "query"),
    [
        ("<script>alert(1)</script>", "%3Cscript%3E"),
        ("ראיון עם אדה", "%D7%90%D7%93%D7%94"),
        ("مقابلة 100%_/*'\"\\", "100%25_/*'%22\\"),
        ("🦊 Straße", "%F0%9F%A6%8A+STRASSE"),
    ],
)
async def test_whatever_script_is_kept_and_found(site: Site, title: str, query: str) -> None:
    """A45–A47: text of any script, or that looks like one, is text; what is no UTF-8 in a query finds nothing."""
    other, made = await site.create(title="Other"), await site.create(title=title)
    (found,) = (await site.json("GET", f"interviews?q={query}"))["items"]
    assert (found["id"], found["title"], found["found_in"]) == (made, title, ["title"])
    assert (await site.json("GET", "interviews?q=%ff%fe"))["items"] == []
    for blank in ("%00", "%0A", "+"):
        assert {item["id"] for item in (await site.json("GET", f"interviews?q={blank}"))["items"]} == {other, made}
    assert (await site.json("GET", "interviews?q=other%00nothing"))["items"] == []


async def test_a_time_is_local_to_its_zone(site: Site) -> None:
    """A45: the hour that the clocks leave out is no time; of the hour that comes twice it is the first."""
    path = f"interviews/{await site.create()}"
    changed: dict[str, Any] = {}
    for local, instant in (
        ("2027-03-28T01:59", "2027-03-28T00:59:00.000Z"),
        ("2027-03-28T03:00", "2027-03-28T01:00:00.000Z"),
        ("2026-10-25T02:30", "2026-10-25T00:30:00.000Z"),
    ):
        changed = await site.json("PATCH", path, {"scheduled_at": local, "time_zone": "Europe/Berlin"})
        assert (changed["scheduled_at"], changed["time_zone"]) == (instant, "Europe/Berlin")
    body = {"scheduled_at": "2027-03-28T02:30", "time_zone": "Europe/Berlin"}
    refused = await site.problem(await site.call("PATCH", f"/api/v1/{path}", body), 422)
    assert "clocks" in refused["detail"]
    assert await site.json("GET", path) == changed


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

"""Coming in, leaving, finish and reopen over HTTP."""

from typing import Any

import pytest

from rooms.key import Scope
from rooms.member import MemberRole
from tests.web.conftest import ORIGIN, OWNER, Site
from web.settings import Settings

pytestmark = pytest.mark.anyio


async def test_a_visitor_joins(site: Site) -> None:
    interview = await site.create(candidate={"name": "Ada"})
    joined = await site.join(interview, "candidate")
    assert joined.keys() == {
        "participant_id", "role", "admission", "documents", "events_url", "ticket", "expires_at"
    }  # fmt: skip
    assert joined["role"] == "candidate"
    assert joined["admission"] == {"state": "seated", "place": None, "reason": None}
    assert joined["documents"] == [
        {"id": interview, "url": f"ws://localhost/ws/{interview}?ticket={joined['ticket']}", "may_write": True}
    ]
    assert joined["events_url"] == f"http://localhost/api/v1/interviews/{interview}/events?ticket={joined['ticket']}"


async def test_documents_by_role(site: Site) -> None:
    interview = await site.create()
    opened = {
        role: [(document["id"], document["may_write"]) for document in (await site.join(interview, role))["documents"]]
        for role in ("candidate", "guest", "interviewer", "observer")
    }
    assert opened == {
        "candidate": [(interview, True)],
        "guest": [(interview, True)],
        "interviewer": [(interview, True), (f"{interview}.notes", True)],
        "observer": [(interview, False)],
    }


async def test_urls_are_those_the_request_came_to(site: Site) -> None:
    interview = await site.create()
    for host in ("localhost:8000", "127.0.0.1:9", "[::1]:9"):
        joined = await site.json("POST", f"interviews/{interview}/join", {"as": "guest"}, headers={"Host": host})
        assert joined["documents"][0]["url"].startswith(f"ws://{host}/ws/")
    elsewhere = await site.call(
        "POST", f"/api/v1/interviews/{interview}/join", {"as": "guest"}, headers={"Host": "evil.example"}
    )
    await site.problem(elsewhere, 403)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "", {}),
        ("PATCH", "/{id}", {"title": "T"}),
        ("POST", "/{id}/duplicate", None),
        ("POST", "/{id}/join", {"as": "guest"}),
        ("POST", "/{id}/finish", {"on_behalf_of": OWNER}),
        ("POST", "/{id}/reopen", {"on_behalf_of": OWNER}),
    ],
)
async def test_an_unknown_host_changes_nothing(site: Site, method: str, path: str, body: Any) -> None:
    interview = await site.create(title="Before")
    await site.activate(interview)
    if path.endswith("reopen"):
        await site.json("POST", f"interviews/{interview}/finish", {"on_behalf_of": OWNER})
    before = await site.json("GET", f"interviews/{interview}"), await site.json("GET", "interviews")
    entry = (await site.panelroom.rooms.views.of(interview)).snapshot["entry"]
    headers = {"Authorization": f"Bearer {site.key}", "Host": "evil.example"}
    refused = await site.call(method, f"/api/v1/interviews{path.format(id=interview)}", body, headers=headers)
    await site.problem(refused, 403)
    assert (await site.json("GET", f"interviews/{interview}"), await site.json("GET", "interviews")) == before
    assert (await site.panelroom.rooms.views.of(interview)).snapshot["entry"] == entry


async def test_resume(site: Site) -> None:
    interview = await site.create()
    first = await site.join(interview, "guest", name="Gil")
    again = await site.join(interview, "guest", resume=first["ticket"])
    assert again["participant_id"] == first["participant_id"]
    assert again["ticket"] != first["ticket"]
    wrong = await site.call("POST", f"/api/v1/interviews/{interview}/join", {"as": "guest", "resume": "x"}, headers={})
    await site.problem(wrong, 401)


async def test_who_joins_as_what(site: Site) -> None:
    """A30, A52: members only, and limited ones where it is assigned to them."""
    interview, other = await site.create(interviewers=["limited@example.org"]), await site.create()
    path = f"/api/v1/interviews/{interview}/join"
    people = site.panelroom.rooms.people
    weak = {"Authorization": f"Bearer {await people.add_key('weak', frozenset({Scope.OWN, Scope.COMPANY_READ}))}"}
    for role in ("interviewer", "observer"):
        body = {"as": role, "on_behalf_of": OWNER}
        await site.problem(await site.call("POST", path, {"as": role}, headers={}), 401)
        await site.problem(await site.call("POST", path, {"as": role}), 422)
        await site.problem(await site.call("POST", path, body, headers=weak), 403)
        await site.problem(await site.call("POST", path, body, headers={}), 403)
        await site.problem(await site.call("POST", path, body | {"on_behalf_of": "nobody@example.org"}), 422)
    for role in MemberRole:
        email = f"{role}@example.org"
        await site.link(email, role)
        for inside in ("interviewer", "observer"):
            assert (await site.json("POST", path[8:], {"as": inside}, headers=await site.session(email)))[
                "role"
            ] == inside
            elsewhere = await site.call(
                "POST", f"/api/v1/interviews/{other}/join", {"as": inside}, headers=await site.session(email)
            )
            assert elsewhere.status_code == (403 if role is MemberRole.LIMITED else 200)


@pytest.mark.parametrize("name", ["x" * 81, "a\nb", "a\u0000b", "a\u202eb"])
async def test_names_that_are_refused(site: Site, name: str) -> None:
    path = f"/api/v1/interviews/{await site.create()}/join"
    await site.problem(await site.call("POST", path, {"as": "candidate", "name": name}, headers={}), 422)


async def test_finish_and_reopen(site: Site) -> None:
    interview = await site.create()
    path = f"/api/v1/interviews/{interview}"
    await site.problem(await site.call("POST", f"{path}/finish", {"on_behalf_of": OWNER}), 403)
    await site.activate(interview)
    await site.problem(await site.call("POST", f"{path}/finish"), 422)
    finished = await site.json("POST", f"interviews/{interview}/finish", headers=await site.session())
    assert finished["status"] == "finished"
    told = await site.problem(await site.call("POST", f"{path}/finish", {"on_behalf_of": OWNER}), 409)
    assert (told["by"], told["at"]) == ("Olga", finished["finished_at"])
    await site.problem(await site.call("POST", f"{path}/join", {"as": "candidate"}, headers={}), 409)
    await site.problem(await site.call("DELETE", path), 409)
    reopened = await site.json("POST", f"interviews/{interview}/reopen", {"on_behalf_of": OWNER})
    assert (reopened["status"], reopened["finished_at"]) == ("active", None)
    await site.problem(await site.call("POST", f"{path}/reopen", {"on_behalf_of": OWNER}), 409)
    await site.join(interview, "candidate")


async def test_leave(site: Site) -> None:
    interview, other = await site.create(), await site.create()
    ticket = (await site.join(interview, "candidate"))["ticket"]
    path = f"/api/v1/interviews/{interview}/leave"
    assert (await site.call("POST", path, {"ticket": ticket}, headers={})).status_code == 204
    await site.problem(await site.call("POST", path, {"ticket": "x"}, headers={}), 401)
    await site.problem(await site.call("POST", path, {}, headers={}), 422)
    await site.problem(
        await site.call("POST", f"/api/v1/interviews/{other}/leave", {"ticket": ticket}, headers={}), 401
    )


class TestJoinsAreCounted:
    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(joins_per_min=3)

    async def test_by_address(self, site: Site) -> None:
        path = f"/api/v1/interviews/{'x' * 22}/join"
        for _ in range(3):
            await site.problem(await site.call("POST", path, {"as": "candidate"}, headers={}), 404)
        refused = await site.call("POST", path, {"as": "candidate"}, headers={"X-Forwarded-For": "10.0.0.1"})
        await site.problem(refused, 429)
        assert 0 < int(refused.headers["Retry-After"]) <= 20


class TestBehindAProxy:
    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(public_url="https://Interviews.example.com/", trusted_proxies="127.0.0.0/8")

    FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "interviews.example.com", "Host": "backend:80"}  # noqa: RUF012

    async def test_links_are_the_public_ones(self, site: Site) -> None:
        made = await site.json("POST", "interviews", {})
        assert made["url"] == f"https://interviews.example.com/i/{made['id']}"

    async def test_forwarded_headers_count_from_the_proxy_only(self, site: Site) -> None:
        path = f"/api/v1/interviews/{await site.create()}/join"
        client = site.app.test_client(use_cookies=False)
        through = await client.post(
            path, json={"as": "guest"}, headers=self.FORWARDED, scope_base={"client": ("127.0.0.1", 1)}
        )
        assert (await through.get_json())["documents"][0]["url"].startswith("wss://interviews.example.com/ws/")
        past = await client.post(
            path, json={"as": "guest"}, headers=self.FORWARDED, scope_base={"client": ("10.0.0.1", 1)}
        )
        await site.problem(past, 403)

    async def test_the_cookie_is_secure_where_the_page_is(self, site: Site) -> None:
        client = site.app.test_client(use_cookies=False)
        signed_in = await client.post(
            "/sign-in",
            form={"token": await site.link()},
            headers=self.FORWARDED | {"Origin": "https://interviews.example.com"},
            scope_base={"client": ("127.0.0.1", 1)},
        )
        assert signed_in.status_code == 303
        assert "Secure" in signed_in.headers["Set-Cookie"]


class TestOrigin:
    @pytest.mark.parametrize(
        ("origin", "host", "status"),
        [
            (ORIGIN, "localhost", 200),
            ("http://LOCALHOST", "localhost", 200),
            ("http://localhost:80", "localhost", 403),
            ("http://localhost:8000", "localhost:8000", 200),
            ("http://127.0.0.1:8000", "127.0.0.1:8000", 200),
            ("https://localhost", "localhost", 403),
            ("http://localhost:8001", "localhost:8000", 403),
            ("http://127.0.0.1:8000", "localhost:8000", 403),
            ("http://evil.example", "localhost", 403),
            ("http://evil.example", "evil.example", 403),
            ("http://localhost.evil.example", "localhost", 403),
            ("null", "localhost", 403),
            ("", "localhost", 403),
            (None, "localhost", 403),
        ],
    )
    async def test_with_a_session(self, site: Site, origin: str | None, host: str, status: int) -> None:
        interview = await site.create()
        headers = await site.session() | {"Host": host}
        headers.pop("Origin")
        if origin is not None:
            headers["Origin"] = origin
        response = await site.call("PATCH", f"/api/v1/interviews/{interview}", {"title": "T"}, headers=headers)
        assert response.status_code == status
        assert (await site.json("GET", f"interviews/{interview}"))["title"] != "T" or status == 200

    async def test_a_program_needs_none_but_a_wrong_one_is_refused(self, site: Site) -> None:
        key = {"Authorization": f"Bearer {site.key}"}
        assert (await site.call("POST", "/api/v1/interviews", {}, headers=key)).status_code == 201
        evil = key | {"Origin": "http://evil.example"}
        await site.problem(await site.call("POST", "/api/v1/interviews", {}, headers=evil), 403)
        join = f"/api/v1/interviews/{await site.create()}/join"
        evil.pop("Authorization")
        await site.problem(await site.call("POST", join, {"as": "candidate"}, headers=evil), 403)
        assert (await site.call("GET", "/api/v1/interviews", headers=key | evil)).status_code == 200

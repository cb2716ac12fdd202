"""/api/v1/members."""

from typing import Any

import pytest

from rooms.member import MemberRole
from tests.web.conftest import OWNER, Site

pytestmark = pytest.mark.anyio


async def added(site: Site, name: str, role: MemberRole = MemberRole.MEMBER) -> tuple[str, dict[str, str]]:
    """The member's id, and the headers of his page."""
    email = f"{name.lower()}@example.org"
    await site.panelroom.rooms.people.add_member(email, name, role)
    headers = await site.session(email)
    whoami = await site.json("GET", "whoami", headers=headers)
    return whoami["principal"]["id"], headers


async def test_an_admin_looks_after_members(site: Site) -> None:
    """A52: name, role, deactivated and back, a sign-in link."""
    owner = await site.session()
    ben_id, ben = await added(site, "Ben")
    page = await site.json("GET", "members?limit=1", headers=owner)
    assert [item["name"] for item in page["items"]] == ["Ben"]
    assert page["items"][0] == {
        "id": ben_id,
        "email": "ben@example.org",
        "name": "Ben",
        "role": "member",
        "state": "active",
        "time_zone": None,
        "created_at": page["items"][0]["created_at"],
        "seen_at": page["items"][0]["seen_at"],
    }
    rest = await site.json("GET", f"members?limit=1&cursor={page['next_cursor']}", headers=owner)
    assert ([item["email"] for item in rest["items"]], rest["next_cursor"]) == ([OWNER], None)
    assert (await site.json("GET", "members?q=B%C3%89N", headers=owner))["items"][0]["id"] == ben_id
    changed = await site.json("PATCH", f"members/{ben_id}", {"name": " Ben B. ", "role": "admin"}, headers=owner)
    assert (changed["name"], changed["role"]) == ("Ben B.", "admin")
    gone = await site.json("POST", f"members/{ben_id}/deactivate", headers=owner)
    assert gone["state"] == "deactivated"
    await site.problem(await site.call("GET", "/api/v1/whoami", headers=ben), 401)
    path = f"/api/v1/members/{ben_id}/sign-in-link"
    await site.problem(await site.call("POST", path, headers=owner), 409)
    assert (await site.json("POST", f"members/{ben_id}/reactivate", headers=owner))["state"] == "active"
    link = await site.json("POST", f"members/{ben_id}/sign-in-link", headers=owner)
    token = link["url"].removeprefix("http://localhost/sign-in?token=")
    await site.panelroom.rooms.people.sign_in(token)
    await site.problem(await site.call("GET", "/api/v1/whoami", headers=ben), 401)


async def test_what_cannot_be(site: Site) -> None:
    """A52: nothing is changed, and a problem says why."""
    owner = await site.session()
    (olga,) = (await site.json("GET", "members", headers=owner))["items"]
    ben_id, _ = await added(site, "Ben")
    own = f"/api/v1/members/{olga['id']}"
    for method, path, body, status, kind in (
        ("POST", f"{own}/deactivate", None, 409, "oneself-moderated"),
        ("PATCH", own, {"role": "admin"}, 409, "last-owner"),
        ("PATCH", "/api/v1/members/x", {"role": "admin"}, 404, "member-id-unknown"),
        ("POST", "/api/v1/members/x/deactivate", None, 404, "member-id-unknown"),
        ("PATCH", f"/api/v1/members/{ben_id}", {"role": "king"}, 422, "body-invalid"),
        ("PATCH", f"/api/v1/members/{ben_id}", {"role": 1}, 422, "body-invalid"),
        ("PATCH", f"/api/v1/members/{ben_id}", {"name": "  "}, 422, "body-invalid"),
        ("PATCH", f"/api/v1/members/{ben_id}", {"name": "x" * 81}, 422, "text-invalid"),
        ("PATCH", f"/api/v1/members/{ben_id}", {"name": "a\u202eb"}, 422, "text-invalid"),
        ("PATCH", f"/api/v1/members/{ben_id}", {"email": "x@y"}, 422, "body-invalid"),
        ("GET", "/api/v1/members?limit=0", None, 422, "body-invalid"),
        ("GET", "/api/v1/members?cursor=x", None, 422, "cursor-invalid"),
    ):
        problem = await site.problem(await site.call(method, path, body, headers=owner), status)
        assert problem["type"] == f"urn:panelroom:{kind}", (path, body)
    shown: list[dict[str, Any]] = (await site.json("GET", "members", headers=owner))["items"]
    assert [(item["name"], item["role"], item["state"]) for item in shown] == [
        ("Ben", "member", "active"),
        ("Olga", "owner", "active"),
    ]
    script = "<script>alert(1)</script>"
    assert (await site.json("PATCH", f"members/{ben_id}", {"name": script}, headers=owner))["name"] == script

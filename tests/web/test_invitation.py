"""/api/v1/invitations."""

import pytest

from tests.web.conftest import OWNER, Site

pytestmark = pytest.mark.anyio


async def test_an_invitation_through_its_states(site: Site) -> None:
    """A38: pending, renewed, accepted; revoked. The link is in the answers that make it, and nowhere else."""
    owner = await site.session()
    made = await site.json("POST", "invitations", {"email": "Ben@example.org", "role": "member"}, headers=owner)
    url = made.pop("url")
    assert url.startswith("http://localhost/invitation?token=")
    assert (made["email"], made["name"], made["role"], made["state"]) == ("ben@example.org", "", "member", "pending")
    assert (made["invited_by"]["name"], made["accepted_at"]) == ("Olga", None)
    assert (await site.json("GET", "invitations", headers=owner))["items"] == [made]
    renewed = await site.json("POST", f"invitations/{made['id']}/renew", headers=owner)
    assert renewed.pop("url") != url
    assert renewed | {"expires_at": made["expires_at"]} == made
    interview = await site.create(interviewers=["ben@example.org"])
    assigned = (await site.json("GET", f"interviews/{interview}"))["assigned"]
    assert [each["state"] for each in assigned] == ["pending"]
    path = f"/api/v1/invitations/{made['id']}"
    assert [(await site.call("DELETE", path, headers=owner)).status_code for _ in range(2)] == [204, 204]
    await site.problem(await site.call("POST", f"{path}/renew", headers=owner), 409)
    (listed,) = (await site.json("GET", "invitations", headers=owner))["items"]
    assert listed["state"] == "revoked"
    noted = (await site.json("GET", f"audit?subject={made['id']}", headers=owner))["items"]
    assert [each["action"] for each in noted] == ["invitation.revoked", "invitation.renewed", "member.invited"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"email": "ben@example.org"}, 422),
        ({"email": "ben", "role": "member"}, 422),
        ({"email": "", "role": "member"}, 422),
        ({"email": "b\u202een@example.org", "role": "member"}, 422),
        ({"email": f"{'x' * 255}@example.org", "role": "member"}, 422),
        ({"email": ["ben@example.org"], "role": "member"}, 422),
        ({"email": "ben@example.org", "role": "service"}, 422),
        ({"email": "ben@example.org", "role": "member", "name": "x" * 81}, 422),
        ({"email": "ben@example.org", "role": "member", "name": None}, 422),
        ({"email": OWNER, "role": "member"}, 409),
    ],
)
async def test_invitations_that_cannot_be(site: Site, body: object, status: int) -> None:
    owner = await site.session()
    await site.problem(await site.call("POST", "/api/v1/invitations", body, headers=owner), status)
    assert (await site.json("GET", "invitations", headers=owner))["items"] == []
    for method, path in (("DELETE", "x"), ("POST", "x/renew")):
        await site.problem(await site.call(method, f"/api/v1/invitations/{path}", headers=owner), 404)

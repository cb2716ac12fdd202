"""/api/v1/keys."""

import pytest

from tests.web.conftest import Site

pytestmark = pytest.mark.anyio


async def test_a_key_is_shown_once_used_and_revoked(site: Site) -> None:
    """A52: description and scopes are needed, the key itself is in one answer only."""
    owner = await site.session()
    made = await site.json("POST", "keys", {"description": " ATS ", "scopes": ["liveInterview"]}, headers=owner)
    secret = made.pop("key")
    assert (made["description"], made["scopes"], made["used_at"]) == ("ATS", ["liveInterview"], None)
    assert made["created_by"]["name"] == "Olga"
    first = (await site.json("GET", "keys", headers=owner))["items"]
    assert first[0] == made
    assert first[1]["created_by"] is None  # the command line made it
    holder = {"Authorization": f"Bearer {secret}"}
    await site.json("POST", "interviews", {}, headers=holder)
    listed = await site.call("GET", "/api/v1/keys", headers=owner)
    assert secret not in str(await listed.get_data())
    used_at = (await listed.get_json())["items"][0]["used_at"]
    assert used_at is not None
    await site.panelroom.rooms.people.keyring.used.write()
    assert (await site.json("GET", "keys", headers=owner))["items"][0]["used_at"] == used_at
    path = f"/api/v1/keys/{made['id']}"
    assert [(await site.call("DELETE", path, headers=owner)).status_code for _ in range(2)] == [204, 204]
    await site.problem(await site.call("GET", "/api/v1/whoami", headers=holder), 401)
    assert (await site.json("GET", "keys", headers=owner))["items"][0]["revoked_at"] is not None
    noted = (await site.json("GET", f"audit?subject={made['id']}", headers=owner))["items"]
    assert [each["action"] for each in noted] == ["key.revoked", "key.made"]
    assert secret not in str(noted)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"description": "x"},
        {"description": "x", "scopes": []},
        {"description": "x", "scopes": ["everything"]},
        {"description": "x", "scopes": "liveInterview"},
        {"description": "", "scopes": ["liveInterview"]},
        {"description": " \u3164", "scopes": ["liveInterview"]},
        {"description": "x" * 201, "scopes": ["liveInterview"]},
        {"description": "a\nb", "scopes": ["liveInterview"]},
        {"description": 5, "scopes": ["liveInterview"]},
    ],
)
async def test_keys_that_cannot_be(site: Site, body: object) -> None:
    owner = await site.session()
    before = await site.json("GET", "keys", headers=owner)
    await site.problem(await site.call("POST", "/api/v1/keys", body, headers=owner), 422)
    assert await site.json("GET", "keys", headers=owner) == before
    await site.problem(await site.call("DELETE", "/api/v1/keys/x", headers=owner), 404)

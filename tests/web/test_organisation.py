"""/api/v1/organisation."""

import pytest

from tests.web.conftest import Site

pytestmark = pytest.mark.anyio


async def test_new_interviews_get_its_policy(site: Site) -> None:
    """A52."""
    owner = await site.session()
    old = await site.create()
    body = {
        "name": "Acme",
        "time_zone": "Europe/Berlin",
        "policy": {"interviewers": 2, "over_limit": "wait"},
        "lobby": True,
    }
    changed = await site.json("PATCH", "organisation", body, headers=owner)
    policy = {"interviewers": 2, "observers": 10, "guests": 5, "over_limit": "wait"}
    assert changed == {"id": changed["id"], "name": "Acme", "time_zone": "Europe/Berlin", "policy": policy} | {
        "lobby": True
    }
    assert await site.json("GET", "organisation", headers=owner) == changed
    new = await site.json("GET", f"interviews/{await site.create()}")
    assert (new["policy"], new["lobby"]) == (policy, True)
    assert (await site.json("GET", f"interviews/{old}"))["policy"]["interviewers"] == 3


@pytest.mark.parametrize(
    "body",
    [
        {"name": ""},
        {"name": "x" * 81},
        {"name": "a\u0000b"},
        {"name": 5},
        {"time_zone": "Mars/Olympus"},
        {"time_zone": "../../etc/passwd"},
        {"policy": {"guests": -1}},
        {"policy": {"guests": True}},
        {"policy": {"over_limit": "x"}},
        {"policy": 5},
        {"lobby": "yes"},
        {"limits": {}},
        [],
    ],
)
async def test_what_it_cannot_be(site: Site, body: object) -> None:
    owner = await site.session()
    before = await site.json("GET", "organisation", headers=owner)
    await site.problem(await site.call("PATCH", "/api/v1/organisation", body, headers=owner), 422)
    assert await site.json("GET", "organisation", headers=owner) == before

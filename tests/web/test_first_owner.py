"""Whom the first start has made owner."""

import pytest

from rooms.people import FIRST_OWNER
from tests.web.conftest import OWNER, Site

pytestmark = pytest.mark.anyio


async def test_the_first_owner_says_once_what_his_address_is(site: Site) -> None:
    """A52: the audit log has it; nobody takes another's address, or changes one of his own."""
    session = await site.session(FIRST_OWNER)

    async def change(**fields: str | None) -> int:
        return (await site.call("PATCH", "/api/v1/profile", fields, headers=session)).status_code

    assert await change(email=OWNER) == 409
    assert await change(email="nobody") == 422
    assert await change(email=None) == 422
    assert (await site.json("GET", "profile", headers=session))["email"] == FIRST_OWNER
    assert await change(email="Ada@Example.org", name="Ada") == 200
    profile = await site.json("GET", "profile", headers=session)
    assert (profile["email"], profile["name"]) == ("ada@example.org", "Ada")
    assert await change(email="ada@example.org") == 200
    assert await change(email="eve@example.org") == 422
    assert (await site.json("GET", "whoami", headers=session))["principal"]["email"] == "ada@example.org"
    member = await site.panelroom.rooms.people.member_of_email(
        (await site.json("GET", "whoami"))["organisation"]["id"], "ada@example.org"
    )
    assert member.name == "Ada"
    noted = (await site.json("GET", "audit?action=member.changed", headers=await site.session()))["items"]
    assert noted[0]["detail"] == {"email": [FIRST_OWNER, "ada@example.org"], "name": ["owner", "Ada"]}

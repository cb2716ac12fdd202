"""/api/v1/audit."""

import pytest

from tests.web.conftest import Site
from web import auth
from web.origin import Arrival

pytestmark = pytest.mark.anyio


async def test_who_changed_what_from_where(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A52."""
    owner = await site.session()
    monkeypatch.setattr(auth, "arrival", lambda *_: Arrival("http", "localhost", "192.0.2.9"))
    changed = await site.json("PATCH", "organisation", {"name": "Acme", "policy": {"guests": 7}}, headers=owner)
    page = await site.json("GET", f"audit?subject={changed['id']}&limit=1", headers=owner)
    (line,) = page["items"]
    assert line["actor"] == {"kind": "member", "id": line["actor"]["id"], "name": "Olga"}
    assert (line["action"], line["address"]) == ("organisation.changed", "192.0.2.9")
    assert line["subject"] == {"kind": "organisation", "id": changed["id"], "name": "Acme"}
    assert line["detail"] == {"name": ["My organisation", "Acme"], "max_guests": [5, 7]}
    rest = await site.json("GET", f"audit?subject={changed['id']}&cursor={page['next_cursor']}", headers=owner)
    assert [each["action"] for each in rest["items"]] == ["organisation.made"]
    own = await site.json("GET", f"audit?actor={line['actor']['id']}&action=organisation.changed", headers=owner)
    assert own["items"] == [line]
    for query in ("limit=0", "cursor=x", "action=x", f"cursor={2**63}"):
        await site.problem(await site.call("GET", f"/api/v1/audit?{query}", headers=owner), 422)


async def test_what_changes_nothing_is_not_noted(site: Site) -> None:
    owner = await site.session()
    before = await site.json("GET", "audit", headers=owner)
    organisation = await site.json("GET", "organisation", headers=owner)
    await site.json("PATCH", "organisation", {"name": organisation["name"]}, headers=owner)
    await site.json("PATCH", "organisation", {}, headers=owner)
    assert await site.json("GET", "audit", headers=owner) == before

"""Pages of other sites can have a browser send requests with its cookies: none of them changes anything."""

import re
from itertools import cycle

import pytest
from sqlalchemy import func, select

from collab.database import metadata
from tests.web.conftest import ORIGIN, OWNER, Site

pytestmark = pytest.mark.anyio

ELSEWHERE = (
    "http://evil.example",
    "https://localhost",
    "http://localhost:8001",
    "http://localhost.evil.example",
    "http://evil.localhost",
    "null",
    "file://",
    "",
    None,
)
KINDS = ("application/json", "text/plain", "application/x-www-form-urlencoded")


async def rows(site: Site) -> list[int]:
    """How many there are in each table."""
    async with site.panelroom.database.reading() as connection:
        tables = metadata.sorted_tables
        return [(await connection.execute(select(func.count()).select_from(table))).scalar_one() for table in tables]


async def test_every_unsafe_call_of_another_sites_page_is_refused(site: Site) -> None:
    """Whatever route there will be: the origin is looked at before it."""
    headers = await site.session()
    interview = await site.create()
    before = await rows(site)
    calls = [
        (method, re.sub(r"<[^>]*>", interview, rule.rule))
        for rule in site.app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"GET", "HEAD", "OPTIONS"})
    ]
    assert len(calls) > 30
    for method, path in calls:
        for origin, kind in zip(ELSEWHERE, cycle(KINDS), strict=False):
            sent = {"Cookie": headers["Cookie"]} | ({} if origin is None else {"Origin": origin})
            response = await site.call(method, path, raw=b"{}", headers=sent | {"Content-Type": kind})
            problem = await site.problem(response, 403)
            assert problem["type"] == "urn:panelroom:origin-refused", (method, path, origin)
            assert "Set-Cookie" not in response.headers
            assert "Access-Control-Allow-Origin" not in response.headers
    assert await rows(site) == before
    assert (await site.json("GET", "whoami", headers=headers))["principal"]["email"] == OWNER


async def test_nobody_is_signed_in_as_somebody_else_by_another_sites_page(site: Site) -> None:
    """Log-in CSRF: where there is no session yet, a form of another site is refused as well, also one without an origin
    in a browser that names the site.
    """
    token = await site.link()
    for path, form in (("/sign-in", {"token": token}), ("/sign-in/password", {"email": OWNER, "password": "x"})):
        for origin in ELSEWHERE[:-1]:
            response = await site.app.test_client().post(path, form=form, headers={"Origin": str(origin)})
            assert response.status_code == 403, (path, origin)
        crossing = await site.app.test_client().post(path, form=form, headers={"Sec-Fetch-Site": "cross-site"})
        assert crossing.status_code == 403
    signed_in = await site.app.test_client().post("/sign-in", form={"token": token}, headers={"Origin": ORIGIN})
    assert signed_in.status_code == 303


async def test_reading_changes_nothing(site: Site) -> None:
    """What any page can have a browser do, by an image or a link: every GET there is, without what it asks for."""
    headers = await site.session()
    before = await rows(site)
    for rule in site.app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and not rule.arguments and "events" not in rule.rule:
            response = await site.call("GET", rule.rule, headers=headers)
            assert response.status_code < 500, rule.rule
    assert await rows(site) == before

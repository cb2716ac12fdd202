"""Server-sent events of a dashboard: A45–A47, the counts that move by themselves."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import delete

from rooms import schema
from rooms.bulletin import announce_member
from rooms.key import Scope
from rooms.member import MemberRole
from tests.web.conftest import OWNER, Site
from tests.web.test_event import Listener, listening
from web.api import agenda_event

pytestmark = pytest.mark.anyio

LIA = "lia@example.org"


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agenda_event, "_TOGETHER_S", 0.05)


@asynccontextmanager
async def dashboard(site: Site, headers: dict[str, str] | None = None) -> AsyncIterator[Listener]:
    asked = {"Authorization": f"Bearer {site.key}"} if headers is None else headers
    async with listening(site, "/api/v1/events", **asked) as listener:
        yield listener


def counts(pending: int, active: int = 0, finished: int = 0) -> tuple[str, None, dict[str, int]]:
    return "counts", None, {"pending": pending, "active": active, "finished": finished}


def changed(*ids: str) -> tuple[str, None, dict[str, Any]]:
    return "interviews", None, {"ids": list(ids)}


async def heard(listener: Listener) -> tuple[str, int | None, Any]:
    """The next event; comments and the time to come back are left out."""
    while True:
        lines = [line for line in (await listener.raw()).split("\n") if not line.startswith((":", "retry:"))]
        if lines:
            listener._text = "\n".join(lines) + "\n\n" + listener._text
            return await listener.next()


async def test_the_counts_move_with_every_stage(site: Site) -> None:
    await site.create()
    async with dashboard(site, await site.session()) as page:
        assert await heard(page) == counts(1)
        made = await site.create(title="T")
        assert [await heard(page), await heard(page)] == [changed(made), counts(2)]
        await site.json("PATCH", f"interviews/{made}", {"title": "U"})
        assert await heard(page) == changed(made)
        await site.activate(made)
        assert [await heard(page), await heard(page)] == [changed(made), counts(1, 1)]
        await site.json("POST", f"interviews/{made}/finish", {"on_behalf_of": OWNER})
        assert [await heard(page), await heard(page)] == [changed(made), counts(1, 0, 1)]
        await site.json("POST", f"interviews/{made}/reopen", {"on_behalf_of": OWNER})
        assert [await heard(page), await heard(page)] == [changed(made), counts(1, 1)]
        copy = await site.json("POST", f"interviews/{made}/duplicate")
        assert [await heard(page), await heard(page)] == [changed(copy["id"]), counts(2, 1)]
        await site.json("POST", "interviews/cancel", {"ids": [copy["id"]]})
        assert [await heard(page), await heard(page)] == [changed(copy["id"]), counts(1, 1)]


async def test_what_happens_together_is_told_once(site: Site) -> None:
    async with dashboard(site) as page:
        assert await heard(page) == counts(0)
        made = (await site.json("POST", "interviews/blocks", {"blocks": [{}] * 12}))["items"]
        ids = [each["id"] for each in made]
        assert [await heard(page), await heard(page)] == [changed(*ids), counts(12)]


async def test_everybody_hears_of_what_he_may_see(site: Site) -> None:
    """A52: a limited member and a key with the narrow scope hear only of their own."""
    lia = await site.link(LIA, MemberRole.LIMITED)
    cookie = {"Cookie": f"panelroom_session={await site.panelroom.rooms.people.sign_in(lia)}"}
    own = await site.panelroom.rooms.people.add_key("own", frozenset({Scope.OWN}))
    bearer = {"Authorization": f"Bearer {own}"}
    async with dashboard(site, cookie) as hers, dashboard(site, bearer) as program:
        assert [await heard(hers), await heard(program)] == [counts(0), counts(0)]
        other = await site.create()
        by_key = (await site.json("POST", "interviews", {"title": "T"}, headers=bearer))["id"]
        assigned = await site.create(interviewers=[LIA])
        assert [await heard(program), await heard(program)] == [changed(by_key), counts(1)]
        assert [await heard(hers), await heard(hers)] == [changed(assigned), counts(1)]
        await site.json("PATCH", f"interviews/{assigned}", {"interviewers": []})
        assert [await heard(hers), await heard(hers)] == [changed(assigned), counts(0)]
        await site.json("PATCH", f"interviews/{other}", {"interviewers": [LIA]})
        assert [await heard(hers), await heard(hers)] == [changed(other), counts(1)]


async def test_the_stream_ends_with_the_session(site: Site) -> None:
    """At once where it is told, or else when it is looked at again."""
    headers = await site.session()
    async with dashboard(site, headers) as page:
        assert await heard(page) == counts(0)
        me = await site.json("GET", "whoami", headers=headers)
        journal = site.panelroom.journal
        async with journal.transaction() as transaction:
            await transaction.connection.execute(delete(schema.sessions))
            await announce_member(transaction, me["organisation"]["id"], "somebody else")
            await announce_member(transaction, me["organisation"]["id"], me["principal"]["id"])
        await page.ended()
    assert not len(site.panelroom.streams)


async def test_the_stream_is_looked_at_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agenda_event, "_CHECK_S", 0.05)
    async with dashboard(site, await site.session()) as page:
        assert await heard(page) == counts(0)
        assert ": " in await page.raw()
        async with site.panelroom.database.writing() as connection:
            await connection.execute(delete(schema.sessions))
        await page.ended()


async def test_who_may_not_listen(site: Site) -> None:
    for headers in ({}, {"Cookie": "panelroom_session=x"}, {"Authorization": "Bearer x"}):
        await site.problem(await site.call("GET", "/api/v1/events", headers=headers), 401)


async def test_the_ninth_stream_ends_the_oldest(site: Site) -> None:
    async with AsyncExitStack() as stack:
        pages = []
        for _ in range(9):
            pages.append(await stack.enter_async_context(dashboard(site)))
            assert await heard(pages[-1]) == counts(0)
        await pages[0].ended()


async def test_everybody_hears_that_somebody_is_invited_or_accepts(site: Site) -> None:
    """A26, A38: the states of those assigned move by themselves; what happens in one breath is told once."""
    members = "members", None, dict[str, Any]()
    async with dashboard(site, await site.session()) as page:
        assert await heard(page) == counts(0)
        made = await site.json("POST", "invitations", {"email": LIA, "role": "member"}, headers=await site.session())
        assert await heard(page) == members
        token = made["url"].partition("token=")[2]
        await site.panelroom.rooms.invitations.accept(token, "Lia")
        assert await heard(page) == members
        (lia,) = (await site.json("GET", f"members?q={LIA}", headers=await site.session()))["items"]
        for change, body in (("", {"name": "Lia L."}), ("/deactivate", {}), ("/reactivate", {})):
            method = "PATCH" if change == "" else "POST"
            await site.json(method, f"members/{lia['id']}{change}", body, headers=await site.session())
            assert await heard(page) == members

"""A51: a practice room, and the sample."""

from typing import Any

import pytest

from rooms.member import MemberRole
from tests.web.conftest import Site

pytestmark = pytest.mark.anyio

NONE = {"pending": 0, "active": 0, "finished": 0}


async def begin(site: Site, session: dict[str, str]) -> dict[str, Any]:
    begun: dict[str, Any] = await site.json("POST", "practice", headers=session)
    return begun


async def counts(site: Site, session: dict[str, str]) -> Any:
    return (await site.json("GET", "interviews", headers=session))["counts"]


async def test_practice_counts_nowhere_from_its_beginning_to_its_replay(site: Site) -> None:
    """A51: it is an interview like any other, and in no list, no count and no search."""
    session = await site.session()
    begun = await begin(site, session)
    assert (begun["kind"], begun["status"], begun["title"]) == ("practice", "pending", "Practice interview")
    await site.activate(begun["id"])
    assert (await site.json("GET", f"interviews/{begun['id']}"))["status"] == "active"
    assert await counts(site, session) == NONE
    await site.json("POST", f"interviews/{begun['id']}/finish", {}, headers=session)
    assert await counts(site, session) == NONE
    assert (await site.json("GET", "interviews?q=practice", headers=session))["items"] == []
    (found,) = (await site.json("GET", "interviews?kind=practice", headers=session))["items"]
    assert (found["id"], found["status"]) == (begun["id"], "finished")
    replay = await site.call("GET", f"/i/{begun['id']}", headers=session)
    assert replay.headers["Location"] == f"/i/{begun['id']}/replay"


async def test_practice_begins_again(site: Site) -> None:
    """A51: what a member has begun and not finished is closed; what others have, and what is finished, stays."""
    olga, ben = await site.session(), await site.session("ben@example.org")
    bens = await begin(site, ben)
    finished = await begin(site, olga)
    await site.activate(finished["id"])
    await site.json("POST", f"interviews/{finished['id']}/finish", {}, headers=olga)
    first, second = await begin(site, olga), await begin(site, olga)
    statuses = {
        each["id"]: (await site.call("GET", f"/api/v1/interviews/{each['id']}", headers=olga)).status_code
        for each in (bens, finished, first, second)
    }
    assert statuses == {bens["id"]: 200, finished["id"]: 200, first["id"]: 404, second["id"]: 200}


async def test_practice_is_for_members_who_make_interviews(site: Site) -> None:
    """A51, A52."""
    await site.problem(await site.call("POST", "/api/v1/practice", headers={}), 401)
    await site.problem(await site.call("POST", "/api/v1/practice"), 403)
    await site.panelroom.rooms.people.add_member("lim@example.org", None, MemberRole.LIMITED)
    limited = await site.session("lim@example.org")
    await site.problem(await site.call("POST", "/api/v1/practice", headers=limited), 403)
    assert (await site.json("GET", "interviews?kind=practice"))["items"] == []


async def test_a_copy_of_practice_is_an_interview(site: Site) -> None:
    """A20, A51."""
    session = await site.session()
    begun = await begin(site, session)
    copy = await site.json("POST", f"interviews/{begun['id']}/duplicate", headers=session)
    assert copy["kind"] == "interview"
    assert (await counts(site, session))["pending"] == 1


async def test_the_sample_has_an_address_that_does_not_change(site: Site) -> None:
    """A51: for members, by way of the log-in; where there is none it says so."""
    session = await site.session()
    assert (await site.call("GET", "/sample", headers=session)).status_code == 404
    assert (await site.call("GET", "/sample", headers={})).headers["Location"] == "/?return_to=/sample"
    whoami = await site.json("GET", "whoami")
    organisation = await site.panelroom.rooms.people.organisation(whoami["organisation"]["id"])
    sample = await site.panelroom.rooms.samples.bring(organisation)
    assert (await site.call("GET", "/sample", headers=session)).headers["Location"] == f"/i/{sample}/replay"
    assert await site.panelroom.rooms.samples.bring(organisation) == sample
    assert await counts(site, session) == NONE
    await site.problem(await site.call("DELETE", f"/api/v1/interviews/{sample}", headers=session), 409)
    reopened = await site.call("POST", f"/api/v1/interviews/{sample}/reopen", {}, headers=session)
    await site.problem(reopened, 403)

"""What people call themselves is shown as they wrote it, and is never anything but text."""

import pytest

from tests.support.api import Api
from tests.support.crowd import Crowd
from tests.support.listener import Listener
from tests.support.server import OWNER, Server

pytestmark = pytest.mark.anyio

NAMES = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"'`{{7*7}}${7*7}",
    "مُحَمَّد بن عبد الله",
    "דָּוִד",
    "👩‍👩‍👧‍👦 🏳️‍🌈",
    "Olga Owner",  # somebody else's
    "event: interview.finished",
]


@pytest.mark.parametrize("name", NAMES)
async def test_a_name_is_text(crowd: Crowd, api: Api, server: Server, interview: str, name: str) -> None:
    """In the events, in the others' carets, and in the page that everybody opens."""
    await api.join(interview, "interviewer")
    await crowd.join("Gil")
    await crowd.join(name, "candidate")
    who = crowd.admitted[name].participant_id
    await crowd.until(lambda: bool(crowd["Gil"].presence), "he sees the candidate")
    (seen,) = crowd["Gil"].presence.values()
    assert (seen["user"]["name"], seen["user"]["id"], seen["user"]["role"]) == (name, who, "candidate")
    async with Listener(crowd.admitted["Gil"].events_url) as ear:
        shown = {each["id"]: (each["name"], each["role"]) for each in ear.snapshot["participants"]}
        assert shown[who] == (name, "candidate")
        assert [role for called, role in shown.values() if called == name].count("candidate") == 1
    page = await api.http.get(f"{server.url}/i/{interview}")
    assert page.status_code == 200
    for markup in ("<script>alert", "<img src=x", "</script><script>"):
        assert markup not in page.text


@pytest.mark.parametrize("name", ["x" * 10_240, "a\0b", "a\x1b[31mb", "a\u202eb", "a\r\nb"])
async def test_what_is_no_name_is_said(api: Api, interview: str, name: str) -> None:
    for role in ("candidate", "guest"):
        body = {"as": role, "name": name}
        refused = await api.request("POST", f"interviews/{interview}/join", body, signed=False, expect=422)
        assert refused["detail"].startswith("The name")
    member = {"as": "interviewer", "name": name, "on_behalf_of": OWNER}
    await api.request("POST", f"interviews/{interview}/join", member, expect=422)
    assert await api.entries(interview) == []


async def test_a_name_that_nobody_sees_is_none(api: Api, interview: str) -> None:
    guest = await api.join(interview, "guest", "\u200b\u3164")
    async with Listener(guest.events_url) as ear:
        assert [each["name"] for each in ear.snapshot["participants"]] == ["Guest"]

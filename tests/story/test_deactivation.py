"""A member who is deactivated in the middle of an interview."""

import httpx2
import pytest

from rooms.member import MemberRole
from tests.support.api import Admitted, Api
from tests.support.crowd import Crowd
from tests.support.listener import Listener
from tests.support.server import Server

pytestmark = pytest.mark.anyio


async def signed_in(server: Server, link: str) -> dict[str, str]:
    """The headers of a page of whoever has this link."""
    async with httpx2.AsyncClient(trust_env=False) as http:
        token = link.rpartition("=")[2]
        answer = await http.post(f"{server.url}/sign-in", data={"token": token}, headers={"Origin": server.url})
        return {"Cookie": f"panelroom_session={answer.cookies['panelroom_session']}", "Origin": server.url}


async def test_out_at_once(server: Server, api: Api, crowd: Crowd, interview: str) -> None:
    """A52: his sockets close with 4401, his streams end, his session and links are dead and the seat is free; whoever
    types with him notices nothing, what he wrote stays, and his key goes on.
    """
    ada = await signed_in(server, server.add_member("ada@example.org", "Ada", MemberRole.ADMIN))
    ben = await signed_in(server, server.add_member("ben@example.org", "Ben", MemberRole.ADMIN))
    link = server.add_member("ben@example.org", "Ben", MemberRole.ADMIN)
    http = api.http
    base = f"{server.url}/api/v1"
    body = {"description": "Ben's scheduler", "scopes": ["liveInterview"]}
    key = {"Authorization": f"Bearer {(await http.post(f'{base}/keys', json=body, headers=ben)).json()['key']}"}
    who = (await http.get(f"{base}/whoami", headers=ben)).json()["principal"]["id"]
    await crowd.join("Cleo", "candidate")
    typist = await crowd.join("Ben", "interviewer", member="ben@example.org")
    ticket = crowd.admitted["Ben"].ticket
    await crowd.type("Ben", "written before")
    await crowd.settle()
    room = f"{base}/interviews/{interview}/events"
    async with (
        Listener(crowd.admitted["Cleo"].events_url) as candidate,
        Listener(crowd.admitted["Ben"].events_url) as inside,
        Listener(room, ben) as watching,
        Listener(f"{base}/events", ben) as dashboard,
    ):
        for ear in (candidate, inside, watching):
            await ear.hear("snapshot")
        await dashboard.hear("counts")
        answer = await http.post(f"{base}/members/{who}/deactivate", headers=ada)
        assert (answer.status_code, answer.json()["state"]) == (200, "deactivated")
        for ear in (inside, watching, dashboard):
            await ear.end()
        await crowd.until(lambda: typist.close_code == 4401, "his socket is closed")
        told = await candidate.hear("admission.changed", id=crowd.admitted["Ben"].participant_id, state="none")
        assert told["number"] is None
    crowd.peers.pop("Ben")
    await typist.stop()
    assert (await http.get(f"{base}/whoami", headers=ben)).status_code == 401
    join = {"as": "interviewer", "resume": ticket}
    assert (await http.post(f"{base}/interviews/{interview}/join", json=join, headers=ben)).status_code == 401
    used = await http.post(f"{server.url}/sign-in", data={"token": link.rpartition("=")[2]}, headers=ada)
    assert used.status_code == 410
    await api.request(
        "POST",
        f"interviews/{interview}/join",
        {"as": "interviewer", "on_behalf_of": "ben@example.org"},
        expect=422,
    )
    assert (await http.post(f"{base}/interviews", json={}, headers=key)).status_code == 201
    await crowd.type("Cleo", "!")
    await crowd.settle()
    assert crowd["Cleo"].connections == 1
    assert "written before" in await api.replay(interview)


async def test_signed_out_there(server: Server, api: Api, crowd: Crowd, interview: str) -> None:
    """A2: what a lost machine had open is closed, and its ticket is dead; where else the member is, he stays."""
    link = [server.add_member("dora@example.org", "Dora", MemberRole.MEMBER) for _ in range(2)]
    lost, here = [await signed_in(server, each) for each in link]
    base = f"{server.url}/api/v1"
    for name, headers in (("lost", lost), ("here", here)):
        answer = await api.http.post(f"{base}/interviews/{interview}/join", json={"as": "interviewer"}, headers=headers)
        crowd.admitted[name] = Admitted.of(answer.json())
        await crowd.open(name, crowd.admitted[name])
    async with Listener(crowd.admitted["lost"].events_url) as ear:
        await ear.hear("snapshot")
        assert (await api.http.post(f"{base}/sessions/end-others", headers=here)).json() == {"ended": 1}
        await crowd.until(lambda: crowd["lost"].close_code == 4401, "its socket is closed")
        await ear.end()
    await crowd.peers.pop("lost").stop()
    await crowd.type("here", "still here")
    await crowd.settle()
    assert crowd["here"].connections == 1
    join = {"as": "interviewer", "resume": crowd.admitted["lost"].ticket}
    assert (await api.http.post(f"{base}/interviews/{interview}/join", json=join, headers=lost)).status_code == 401

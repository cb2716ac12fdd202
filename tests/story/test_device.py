"""With what people come, for the eyes of interviewers; and how whoever was removed comes back. Over real HTTP."""

from typing import Any

import httpx2
import pytest

from tests.support.api import Admitted, Api
from tests.support.crowd import Crowd
from tests.support.listener import Listener
from tests.support.server import OWNER, Server

pytestmark = pytest.mark.anyio

PHONE = "Mozilla/5.0 (Android 15; Mobile; rv:143.0) Gecko/143.0 Firefox/143.0"
TABLET = "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) Version/18.6 Mobile/15E148 Safari/604.1"


class Browser:
    """Keeps its cookie, and says which one it is."""

    def __init__(self, server: Server, interview: str, user_agent: str) -> None:
        self.url = f"{server.url}/api/v1/interviews/{interview}/join"
        self.headers = {"User-Agent": user_agent, "Origin": server.url}
        self.cookies: dict[str, str] = {}

    async def join(self, role: str, *, expect: int = 200, **more: Any) -> dict[str, Any]:
        async with httpx2.AsyncClient(
            headers=self.headers, cookies=self.cookies, timeout=30, trust_env=False, verify=False
        ) as http:
            answer = await http.post(self.url, json={"as": role} | more)
        assert answer.status_code == expect, answer.text
        self.cookies |= dict(answer.cookies)
        told: dict[str, Any] = answer.json()
        return told

    async def listen_url(self, role: str = "guest") -> tuple[str, str]:
        """The stream of a new participant, and who that is."""
        joined = await self.join(role)
        return joined["events_url"], joined["participant_id"]


async def decide(api: Api, interview: str, who: str, verb: str, *, expect: int = 204, **body: Any) -> Any:
    path = f"interviews/{interview}/participants/{who}/{verb}"
    return await api.request("POST", path, {"on_behalf_of": OWNER} | body, expect=expect)


def shown(snapshot: dict[str, Any], who: str) -> list[tuple[str, str]]:
    (person,) = [each for each in snapshot["participants"] if each["id"] == who]
    return [(device["id"], device["browser"]) for device in person["devices"]]


async def test_which_browsers_the_candidate_has(server: Server, api: Api, interview: str) -> None:
    """B1: also one that only listens, and before the candidate is let in; nobody but interviewers is told."""
    await api.request("PATCH", f"interviews/{interview}", {"lobby": True})
    olga = await api.join(interview, "interviewer")
    observer = await api.join(interview, "observer", member=OWNER)
    phone, tablet = Browser(server, interview, PHONE), Browser(server, interview, TABLET)
    async with Listener(olga.events_url) as ear, Listener(observer.events_url) as other:
        url, cleo = await phone.listen_url("candidate")
        async with Listener(url) as own:
            assert own.snapshot["admission"]["state"] == "waiting"
            (one,) = (await ear.hear("participant.devices", id=cleo))["devices"]
            assert (one["browser"], set(one)) == ("Firefox on Android", {"id", "browser", "since_ms"})
            assert 0 <= own.snapshot["now_ms"] - one["since_ms"] < 60_000
            url, _ = await tablet.listen_url("candidate")
            async with Listener(url) as second:
                told = await two_of(ear, cleo)
                assert [each["browser"] for each in told["devices"]] == ["Firefox on Android", "Safari on iPad"]
                assert told["devices"][0] == one
                assert "entry" not in told, "who only listens is not on record"
                async with Listener(olga.events_url) as late, Listener(observer.events_url) as late_other:
                    assert shown(late.snapshot, cleo) == [(each["id"], each["browser"]) for each in told["devices"]]
                    assert shown(late_other.snapshot, cleo) == []
                    assert late_other.snapshot["removed"] == []
                await decide(api, interview, cleo, "remove", device=told["devices"][1]["id"], reason="not she")
                await second.end()
            await ear.hear("participant.devices", id=cleo, devices=[one])
            assert not own.ended
            assert own.snapshot["removed"] == []
            assert shown(own.snapshot, cleo) == []
        await ear.hear("participant.devices", id=cleo, devices=[])
        await api.request("PATCH", f"interviews/{interview}", {"title": "Over"})
        await other.hear("interview.changed", title="Over")
        for listener in (own, other):
            assert not listener.has_heard("participant.devices")
            assert b"Firefox" not in listener.raw
            assert b"Safari" not in listener.raw
    for entry in await api.entries(interview):
        assert entry.kind != "participant.devices"


async def two_of(ear: Listener, who: str) -> dict[str, Any]:
    """The first event that says that somebody has two devices."""

    def two() -> list[dict[str, Any]]:
        return [each for each in ear.all("participant.devices") if each["id"] == who and len(each["devices"]) == 2]

    await ear.until(lambda: bool(two()), "two devices")
    return two()[0]


async def test_let_back_in(server: Server, api: Api, crowd: Crowd, interview: str) -> None:
    """B4: an interviewer undoes a removal; whoever was removed comes by the link, and is told by whom he was."""
    await crowd.join("Cleo", "candidate")
    olga = await api.join(interview, "interviewer")
    browser = Browser(server, interview, PHONE)
    gil = await browser.join("guest", name="Gil")
    who = gil["participant_id"]
    async with Listener(olga.events_url) as ear, Listener(crowd.admitted["Cleo"].events_url) as other:
        await decide(api, interview, who, "remove", reason="wrong room")
        refused = await browser.join("guest", expect=403)
        assert (refused["type"], refused["detail"]) == (
            "urn:panelroom:removed",
            "Olga Owner removed you from this room: wrong room",
        )
        async with Listener(olga.events_url) as late:
            (out,) = late.snapshot["removed"]
        by = (await ear.hear("participant.removed"))["by"]
        assert out == {"id": who, "device": None, "browser": "", "name": "Gil", "reason": "wrong room", "by": by}
        for _ in range(2):
            await decide(api, interview, who, "readmit")
        for listener in (ear, other):
            told = await listener.hear("participant.readmitted")
            assert (told["id"], told["device"], told["by"]) == (who, None, by)
        async with Listener(olga.events_url) as late:
            assert late.snapshot["removed"] == []
            assert not any(each["removed"] for each in late.snapshot["participants"])
    stale = await browser.join("guest", resume=gil["ticket"], expect=401)
    assert stale["type"] == "urn:panelroom:ticket-invalid"
    again = await browser.join("guest", name="Gil")
    assert again["admission"]["state"] == "seated"
    await crowd.open("Gil", admitted(again))
    await crowd.type("Gil", "back")
    assert await crowd.settle() == "back"
    kinds = [entry.kind for entry in await api.entries(interview)]
    assert (kinds.count("participant.removed"), kinds.count("participant.readmitted")) == (1, 1)


def admitted(joined: dict[str, Any]) -> Admitted:
    return Admitted(
        joined["participant_id"],
        joined["role"],
        joined["ticket"],
        joined["events_url"],
        joined["admission"]["state"],
        {document["id"]: document["url"] for document in joined["documents"]},
        {document["id"]: document["may_write"] for document in joined["documents"]},
    )


async def test_letting_back_in_is_refused_in_words(api: Api, interview: str) -> None:
    gil = (await api.join(interview, "guest", "Gil")).participant_id
    cleo = (await api.join(interview, "candidate", "Cleo")).participant_id
    refused = {
        "participant-unknown": await decide(api, interview, "x", "readmit", expect=404),
        "device-unknown": await decide(api, interview, cleo, "readmit", device="x", expect=404),
        "member-unknown": await decide(api, interview, gil, "readmit", on_behalf_of="no@example.org", expect=422),
        "on-behalf-missing": await decide(api, interview, gil, "readmit", on_behalf_of=None, expect=422),
        "body-invalid": await decide(api, interview, gil, "readmit", device=1, expect=422),
    }
    for verb in ("remove", "readmit"):
        refused["device-unknown"] = await decide(api, interview, gil, verb, device="x", expect=404)
    for kind, problem in refused.items():
        assert problem["type"] == f"urn:panelroom:{kind}", problem
    await api.request("POST", f"interviews/{interview}/participants/{gil}/readmit", {}, signed=False, expect=401)
    async with Crowd(api, interview) as crowd:
        await crowd.join("Cleo", "candidate")
        await crowd.join("Olga", "interviewer")
        await crowd.settle()
        await api.finish(interview)
        await crowd.until(lambda: not any(peer.online for peer in crowd.peers.values()), "all are out")
        crowd.peers.clear()
    late = await decide(api, interview, gil, "readmit", expect=409)
    assert late["type"] == "urn:panelroom:interview-finished"


async def test_a_member_who_is_back_reads_the_interviewers_chat_again(server: Server, api: Api, interview: str) -> None:
    """A11: the stream that he has without a ticket ends at either decision, and tells him then what he may know."""
    link = server.add_member("rhea@example.org", "Rhea")
    async with httpx2.AsyncClient(
        base_url=server.url, headers={"Origin": server.url}, timeout=30, trust_env=False, verify=False
    ) as http:
        await http.post("/sign-in", data={"token": link.partition("token=")[2]})
        cookie = {"Cookie": "; ".join(f"{name}={value}" for name, value in http.cookies.items())}
        joined = (await http.post(f"/api/v1/interviews/{interview}/join", json={"as": "interviewer"})).json()
        url = f"{server.url}/api/v1/interviews/{interview}/events"
        async with Listener(url, cookie) as ear:
            await decide(api, interview, joined["participant_id"], "remove")
            await ear.end()
        async with Listener(url, cookie) as ear:
            assert (ear.snapshot["removed"], [each["devices"] for each in ear.snapshot["participants"]]) == ([], [[]])
            await decide(api, interview, joined["participant_id"], "readmit")
            await ear.end()
        again = await http.post(f"/api/v1/interviews/{interview}/join", json={"as": "interviewer"})
        assert again.json()["participant_id"] == joined["participant_id"]
        assert len(again.json()["documents"]) == 2

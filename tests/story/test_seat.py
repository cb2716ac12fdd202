"""Seats, as people see them: over sockets and the stream of events."""

from collections.abc import Iterator

import pytest

from tests.support.api import Admitted, Api
from tests.support.crowd import Crowd
from tests.support.dialogue import close_code_of
from tests.support.listener import Listener
from tests.support.member import add_members
from tests.support.server import Server, serving

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that keeps seats for a moment only."""
    with serving(tmp_path_factory.mktemp("hasty") / "data", {"PANELROOM_SEAT_HOLD_S": "0.3"}) as running:
        yield running


async def leave(api: Api, interview: str, admitted: Admitted, *, done: bool = False) -> None:
    body = {"ticket": admitted.ticket, "done": done}
    await api.request("POST", f"interviews/{interview}/leave", body, signed=False, expect=204)


async def test_looking_changes_nothing(api: Api, interview: str, server: Server) -> None:
    """A27, A29: previews and mail scanners open links; nobody has joined by that, and no seat is taken."""
    for method in ("GET", "HEAD"):
        page = await api.http.request(method, f"/i/{interview}")
        assert page.status_code == 200
        assert "panelroom_device" not in page.headers.get("set-cookie", "")
    for call in ("join", "leave", "finish"):
        await api.request("GET", f"interviews/{interview}/{call}", signed=False, expect=405)
    async with Listener(f"{server.url}/api/v1/interviews/{interview}/events", api.signed) as ear:
        assert (ear.snapshot["entry"], ear.snapshot["participants"]) == (0, [])
    assert await api.status(interview) == "pending"


async def test_the_fourth_interviewer_writes_as_soon_as_a_seat_is_free(api: Api, server: Server) -> None:
    """A29: without reconnecting."""
    ann, ben = await add_members(server, ["Ann", "Ben"])
    interview = await api.create(policy={"interviewers": 1})
    async with Crowd(api, interview) as crowd:
        await crowd.join("Cleo", "candidate")
        await crowd.join("Ann", "interviewer", member=ann)
        await crowd.join("Ben", "interviewer", member=ben)
        assert crowd.admitted["Ben"].state == "observing"
        assert crowd.admitted["Ben"].may_write == {interview: False, f"{interview}.notes": False}
        async with Listener(crowd.admitted["Ben"].events_url) as ear:
            assert ear.snapshot["admission"]["reason"] == "The room has its 1 interviewer."
            await leave(api, interview, crowd.admitted["Ann"], done=True)
            await ear.hear("participant.left", id=crowd.admitted["Ann"].participant_id, done=True)
            await ear.hear("admission.changed", id=crowd.admitted["Ben"].participant_id, state="seated")
        gone = crowd.peers.pop("Ann")
        await crowd.until(lambda: gone.close_code == 4401, "Ann's connection is closed")
        await crowd.type("Ben", "now I may")
        assert await crowd.settle() == "now I may"
        assert crowd["Ben"].connections == 1
        assert crowd["Ben"].denials == []


async def test_who_waits_hears_only_of_himself_until_he_is_in(api: Api) -> None:
    """A29."""
    interview = await api.create(policy={"guests": 1}, instructions="canary-task", meeting_url="https://canary.example")
    inside = await api.join(interview, "guest", "Canary-Gil")
    first, second = [await api.join(interview, "guest", name) for name in ("Canary-Fay", "Sue")]
    assert (first.state, second.state, second.urls) == ("waiting", "waiting", {})
    async with Listener(second.events_url) as ear:
        (alone,) = ear.snapshot["participants"]
        assert (alone["name"], alone["state"]) == ("Sue", "waiting")
        assert ear.snapshot["admission"]["place"] == 2
        async with Crowd(api, interview) as crowd:
            await crowd.join("Canary-Cleo", "candidate")
            await leave(api, interview, first)
            assert (await ear.hear("admission.changed", place=1)).keys() == {"id", "state", "place", "reason", "number"}
            assert b"anary" not in ear.raw
            await leave(api, interview, inside)
            await ear.hear("admission.changed", state="seated")
            snapshot = await ear.hear("snapshot", instructions="canary-task")
            assert {person["name"] for person in snapshot["participants"]} >= {"Canary-Cleo", "Sue"}
            admitted = await api.join(interview, "guest", resume=second.ticket)
            assert admitted.participant_id == second.participant_id
            await crowd.open("Sue", admitted)
            await crowd.type("Sue", "in")
            assert await crowd.settle() == "in"


async def test_the_last_who_came_goes_when_a_limit_is_lowered(api: Api) -> None:
    interview = await api.create(policy={"guests": 2})
    async with Crowd(api, interview) as crowd:
        await crowd.join("Gil")
        await crowd.join("Sue")
        async with Listener(crowd.admitted["Sue"].events_url) as ear:
            await api.request("PATCH", f"interviews/{interview}", {"policy": {"guests": 1}})
            told = await ear.hear("admission.changed", state="waiting")
            assert told["reason"] == "The room has its 1 guest."
            alone = (await ear.hear("snapshot", admission={key: told[key] for key in ("id", *TOLD)}))["participants"]
            assert [person["name"] for person in alone] == ["Sue"]
        gone = crowd.peers.pop("Sue")
        await crowd.until(lambda: gone.close_code == 4401, "Sue's connection is closed")
        await crowd.type("Gil", "still here")
        await crowd.settle()


TOLD = ("state", "place", "reason", "number")


async def test_the_lobby_is_opened(api: Api) -> None:
    interview = await api.create(lobby=True, instructions="Write a queue.")
    candidate = await api.join(interview, "candidate", "Cleo")
    assert (candidate.state, candidate.urls) == ("waiting", {})
    async with Crowd(api, interview) as crowd, Listener(candidate.events_url) as ear:
        assert (ear.snapshot["opened"], ear.snapshot["instructions"]) == (False, "Write a queue.")
        await crowd.join("Olga", "interviewer")
        await crowd.type("Olga", "prepared ")
        await api.request("PATCH", f"interviews/{interview}", {"lobby": False})
        await ear.hear("admission.changed", state="seated")
        await crowd.open("Cleo", await api.join(interview, "candidate", resume=candidate.ticket))
        await crowd.type("Cleo", "done")
        assert await crowd.settle() == "prepared done"


async def test_a_second_device_is_the_same_candidate(api: Api, interview: str) -> None:
    """B1: one roster entry, two devices, and both write."""
    async with Crowd(api, interview) as crowd:
        await crowd.join("Olga", "interviewer")
        async with Listener(crowd.admitted["Olga"].events_url) as ear:
            await crowd.join("laptop", "candidate")
            cleo = crowd.admitted["laptop"].participant_id
            (laptop,) = (await ear.hear("participant.connected", id=cleo))["devices"]
            await crowd.join("phone", "candidate")
            assert crowd.admitted["phone"].participant_id == cleo
            both = (await ear.hear("participant.devices", id=cleo))["devices"]
            assert laptop in both
            assert len(both) == 2
            for device in ("laptop", "phone"):
                await crowd.type(device, device)
                await crowd.settle()
            await leave(api, interview, crowd.admitted["phone"])
            gone = crowd.peers.pop("phone")
            await crowd.until(lambda: gone.close_code == 4401, "the phone is out")
            await ear.hear("participant.devices", id=cleo, devices=[laptop])
        await crowd.type("laptop", "!")
        assert await crowd.settle() == "laptopphone!"


async def test_a_dropped_seat_is_passed_on_by_itself(hasty: Server) -> None:
    """A29, B1: when the time for coming back is over."""
    async with Api(hasty) as api:
        interview = await api.create(policy={"guests": 1})
        async with Crowd(api, interview) as crowd:
            await crowd.join("Gil")
            waiting = await api.join(interview, "guest", "Sue")
            async with Listener(waiting.events_url) as ear:
                await crowd.drop("Gil")
                await ear.hear("admission.changed", state="seated")
                await crowd.open("Sue", await api.join(interview, "guest", resume=waiting.ticket))
                assert await close_code_of(crowd.admitted["Gil"].code) == 4401


async def test_a_crash_costs_nobody_his_seat(mortal: Server) -> None:
    """B1: who observed comes back first, and does not get the seat of who comes back second."""
    async with Api(mortal) as api:
        ann, ben = await add_members(mortal, ["Ann", "Ben"])
        interview = await api.create(policy={"interviewers": 1})
        async with Crowd(api, interview) as crowd:
            await crowd.join("Ann", "interviewer", member=ann)
            await crowd.join("Ben", "interviewer", member=ben)
            mortal.kill()
            mortal.start()
            await crowd.until(lambda: not any(peer.online for peer in crowd.peers.values()), "both are gone")
            await crowd.rejoin("Ben")
            await crowd.rejoin("Ann")
            async with Listener(crowd.admitted["Ann"].events_url) as ear:
                states = {person["name"]: person["state"] for person in ear.snapshot["participants"]}
            assert states == {"Ann": "seated", "Ben": "observing"}
            await crowd.type("Ann", "mine")
            await crowd.settle()

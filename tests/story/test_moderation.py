"""Moderation through HTTP, the sockets and the event stream, while people type."""

import asyncio
from typing import Any

import pytest

from tests.support.api import Admitted, Api
from tests.support.crowd import Crowd
from tests.support.dialogue import close_code_of
from tests.support.listener import Listener
from tests.support.peer import Peer
from tests.support.server import OWNER, Server

pytestmark = pytest.mark.anyio


async def change(api: Api, who: Admitted, interview: str, *, expect: int = 200, **body: Any) -> dict[str, Any]:
    path = f"interviews/{interview}/participants/{who.participant_id}"
    answer: dict[str, Any] = await api.request("PATCH", path, {"on_behalf_of": OWNER} | body, expect=expect)
    return answer


async def remove(api: Api, who: Admitted, interview: str, *, expect: int = 204, **body: Any) -> Any:
    path = f"interviews/{interview}/participants/{who.participant_id}/remove"
    return await api.request("POST", path, {"on_behalf_of": OWNER} | body, expect=expect)


@pytest.fixture(scope="module")
def ben(server: Server) -> str:
    server.add_member("ben@example.org", "Ben")
    return "ben@example.org"


@pytest.mark.parametrize(
    ("role", "decision"),
    [
        ("guest", None),
        ("guest", {"muted": True, "reason": "one at a time"}),
        ("interviewer", {"role": "observer"}),
        ("interviewer", {"muted": True}),
    ],
)
async def test_decided_in_mid_keystroke(
    crowd: Crowd, api: Api, interview: str, ben: str, role: str, decision: dict[str, Any] | None
) -> None:
    """B4: what the muted, demoted or removed types from then on is denied; behind the event the record has nothing of
    it, and nobody else notices.
    """
    await crowd.join("Cleo", "candidate")
    await crowd.join("Ben", role, member=ben)
    who = crowd.admitted["Ben"]
    typist, others = crowd["Ben"], Crowd(api, interview)

    def may_type() -> bool:
        return bool(typist.denials) or not typist.online or len(typist.counted) - typist.confirmed < 200

    async def type_on() -> None:
        while typist.online and not typist.denials:
            typist.insert("b", len(str(typist)))
            await typist.flush()
            await typist.bell.until(may_type, 20, lambda: "nothing is acknowledged")

    async with others, asyncio.timeout(60):
        typing = asyncio.create_task(type_on())
        await crowd.until(lambda: "bbb" in str(crowd["Cleo"]), "the typing is under way")
        if decision is None:
            await remove(api, who, interview)
        else:
            changed = await change(api, who, interview, **decision)
            assert (changed["role"], changed["muted"]) == (decision.get("role", role), decision.get("muted", False))
        await typing
        crowd.peers.pop("Ben")
        await typist.stop()
        await crowd.type("Cleo", "!")
        await crowd.settle(strangers=True)
        assert crowd["Cleo"].connections == 1
    entries = await api.entries(interview)
    kinds = {"participant.changed", "participant.removed"}
    (decided,) = [each.entry for each in entries if each.kind in kinds]
    by_ben = [each.entry for each in entries if each.kind == "update" and each.delivered_by == who.participant_id]
    assert by_ben
    assert max(by_ben) < decided
    assert str(crowd["Cleo"]) == await api.replay(interview)
    if decision is None:
        return
    again = await api.join(
        interview, decision.get("role", role), member=ben if role == "interviewer" else None, resume=who.ticket
    )
    assert again.participant_id == who.participant_id
    assert again.may_write[interview] is False
    assert (f"{interview}.notes" in again.urls) is (role == "interviewer" and "role" not in decision)


async def test_heard_again(crowd: Crowd, api: Api, interview: str) -> None:
    """A muted guest reads on, says nothing and types nothing; given back his voice he goes on where he is."""
    await crowd.join("Cleo", "candidate")
    gil = await crowd.join("Gil")
    who = crowd.admitted["Gil"]
    async with Listener(who.events_url) as ear, Listener(crowd.admitted["Cleo"].events_url) as other:
        await change(api, who, interview, muted=True, reason="Too many cooks.")
        assert (await ear.hear("participant.changed", muted=True))["reason"] == "Too many cooks."
        assert (await other.hear("participant.changed", muted=True))["reason"] is None
        body = {"ticket": who.ticket, "text": "hello", "to": "all"}
        refused = await api.request("POST", f"interviews/{interview}/chat", body, signed=False, expect=403)
        assert refused["type"] == "urn:panelroom:muted"
        assert "Too many cooks" in refused["detail"]
        await crowd.type("Cleo", "read this")
        await crowd.until(lambda: str(gil) == "read this", "he reads")
        await change(api, who, interview, muted=False)
        await other.hear("participant.changed", muted=False)
    await crowd.type("Gil", " indeed")
    assert await crowd.settle() == "read this indeed"
    assert gil.connections == 1


async def test_an_observer_is_given_the_pen(crowd: Crowd, api: Api, interview: str, ben: str) -> None:
    """A31: made an interviewer, he writes on the socket that he has, and opens the notes."""
    await crowd.join("Cleo", "candidate")
    watching = await crowd.join("Ben", "observer", member=ben)
    who = crowd.admitted["Ben"]

    def role_of(viewer: str, seen: Peer) -> str:
        return str(crowd[viewer].presence.get(seen.document.client_id, {}).get("user", {}).get("role"))

    await crowd.until(lambda: role_of("Cleo", watching) == "observer", "the others see him")
    async with Listener(who.events_url) as ear:
        await change(api, who, interview, role="interviewer")
        told = await ear.hear("participant.changed", id=who.participant_id)
        assert (told["role"], told["by"]["name"]) == ("interviewer", "Olga Owner")
    await crowd.until(lambda: role_of("Cleo", watching) == "interviewer", "the others see it without his doing")
    async with Listener(who.events_url) as ear:
        assert ear.snapshot["admission"]["state"] == "seated"
    await crowd.type("Ben", "may I?")
    assert await crowd.settle() == "may I?"
    assert (watching.connections, watching.denials) == (1, [])
    again = await api.join(interview, "interviewer", member=ben, resume=who.ticket)
    assert (again.participant_id, again.may_write[f"{interview}.notes"]) == (who.participant_id, True)
    refused = await api.request(
        "POST", f"interviews/{interview}/join", {"as": "observer", "on_behalf_of": ben}, expect=403
    )
    assert refused["type"] == "urn:panelroom:role-fixed"


async def test_removed_in_words(crowd: Crowd, api: Api, interview: str) -> None:
    """Sockets, stream and ticket end; the browser is told why for as long as it asks, everybody else goes on."""
    await crowd.join("Cleo", "candidate")
    gil = await crowd.join("Gil")
    who = crowd.admitted["Gil"]
    api.http.cookies.clear()
    joined = await api.http.post(f"/api/v1/interviews/{interview}/join", json={"as": "guest", "name": "Same browser"})
    cookie = {"Cookie": f"panelroom_device={joined.cookies['panelroom_device']}"}
    phantom = joined.json()
    async with Listener(who.events_url) as ear, Listener(crowd.admitted["Cleo"].events_url) as other:
        await remove(api, who, interview, reason="wrong <b>room</b>")
        await ear.end()
        assert (ear.heard[-1][0], ear.heard[-1][1]["reason"]) == ("participant.removed", "wrong <b>room</b>")
        assert (await other.hear("participant.removed"))["reason"] is None
        await other.hear("admission.changed", id=who.participant_id, state="none")
        await crowd.until(lambda: not gil.online, "his socket is closed")
        assert gil.close_code == 4403
    crowd.peers.pop("Gil")
    assert await close_code_of(who.code) == 4401
    again = await api.request(
        "POST", f"interviews/{interview}/join", {"as": "guest", "resume": who.ticket}, signed=False, expect=403
    )
    assert again["type"] == "urn:panelroom:removed"
    assert again["detail"] == "Olga Owner removed you from this room: wrong <b>room</b>"
    path = f"interviews/{interview}/participants/{phantom['participant_id']}/remove"
    await api.request("POST", path, {"on_behalf_of": OWNER}, expect=204)
    api.http.cookies.clear()
    refused = await api.http.post(f"/api/v1/interviews/{interview}/join", json={"as": "candidate"}, headers=cookie)
    assert (refused.status_code, refused.json()["detail"]) == (403, "Olga Owner removed you from this room.")
    await crowd.type("Cleo", "undisturbed")
    assert await crowd.settle() == "undisturbed"
    assert crowd["Cleo"].connections == 1


async def test_an_impostor_is_sent_away_and_the_candidate_stays(crowd: Crowd, api: Api, interview: str) -> None:
    """B1: of the candidate only a device goes."""
    cleo = await crowd.join("Cleo", "candidate")
    who = crowd.admitted["Cleo"]
    olga = await api.join(interview, "interviewer")
    async with Listener(olga.events_url) as ear:
        (own,) = next(each["devices"] for each in ear.snapshot["participants"] if each["id"] == who.participant_id)
        impostor = await crowd.join("Impostor", "candidate")
        assert crowd.admitted["Impostor"].participant_id == who.participant_id
        devices = (await ear.hear("participant.devices", id=who.participant_id))["devices"]
        (device,) = {each["id"] for each in devices} - {own["id"]}
        assert len(devices) == 2
        await remove(api, who, interview, expect=409)
        await remove(api, who, interview, device="no-such-device", expect=404)
        await remove(api, who, interview, device=device, reason="not she")
        await ear.hear("participant.removed", id=who.participant_id, device=device)
        await crowd.until(lambda: not impostor.online, "the impostor's socket is closed")
        assert impostor.close_code == 4403
        assert not ear.has_heard("participant.disconnected")
    crowd.peers.pop("Impostor")
    assert await close_code_of(crowd.admitted["Impostor"].code) == 4401
    await crowd.type("Cleo", "it is me")
    assert await crowd.settle() == "it is me"
    assert cleo.connections == 1


async def test_every_refusal_says_what_to_do(api: Api, interview: str, ben: str) -> None:
    """As problems with a type of their own and a sentence; nothing has changed by any of them."""
    cleo, gil = await api.join(interview, "candidate", "Cleo"), await api.join(interview, "guest", "Gil")
    olga = await api.join(interview, "interviewer")
    await api.join(interview, "observer", member=ben)
    before = [each.entry for each in await api.entries(interview)]
    refused = {
        "candidate-protected": await change(api, cleo, interview, muted=True, expect=409),
        "role-for-members-only": await change(api, gil, interview, role="interviewer", expect=409),
        "oneself-moderated": await change(api, olga, interview, role="observer", expect=409),
        "not-an-interviewer": await change(api, gil, interview, muted=True, on_behalf_of=ben, expect=403),
        "member-unknown": await change(api, gil, interview, on_behalf_of="nobody@example.org", expect=422),
        "on-behalf-missing": await change(api, gil, interview, on_behalf_of=None, expect=422),
        "text-invalid": await change(api, gil, interview, muted=True, reason="x" * 201, expect=422),
        "body-invalid": await change(api, gil, interview, role="candidate", expect=422),
    }
    for reason in ("a\u202eb", "a\0b", "a\nb"):
        await change(api, gil, interview, muted=True, reason=reason, expect=422)
        await remove(api, gil, interview, reason=reason, expect=422)
    for nobody in ("x", "\u202e", olga.participant_id[:-1]):
        unknown = f"interviews/{interview}/participants/{nobody}"
        refused["participant-unknown"] = await api.request("PATCH", unknown, {"on_behalf_of": OWNER}, expect=404)
    for kind, problem in refused.items():
        assert problem["type"] == f"urn:panelroom:{kind}", problem
        assert " " in problem["detail"], problem
    path = f"interviews/{interview}/participants/{gil.participant_id}"
    await api.request("PATCH", path, {"muted": True}, signed=False, expect=401)
    await api.request("POST", f"{path}/remove", {}, signed=False, expect=401)
    await api.request("POST", f"interviews/{interview}/admit", {}, signed=False, expect=401)
    assert [each.entry for each in await api.entries(interview)] == before


async def test_nothing_but_an_interviewers_finish_finishes(mortal: Server) -> None:
    """A42, A43, A44: not a closed tab, not a good-bye, not a done, not a restart, and nobody else's wish."""
    mortal.add_member("ben@example.org", "Ben")
    async with Api(mortal) as api:
        interview = await api.create()
        here = f"interviews/{interview}"
        async with Crowd(api, interview) as crowd:
            await crowd.join("Cleo", "candidate")
            await crowd.join("Olga", "interviewer")
            await crowd.type("Cleo", "kept")
            await crowd.settle()
            await api.join(interview, "observer", member="ben@example.org")
            for asker, status in ((None, 401), ("ben@example.org", 403), ("nobody@example.org", 422)):
                acting = {"on_behalf_of": asker} if asker else {}
                await api.request("POST", f"{here}/finish", acting, signed=asker is not None, expect=status)
            for name, done in (("Cleo", True), ("Olga", False)):
                left = {"ticket": crowd.admitted[name].ticket, "done": done}
                await api.request("POST", f"{here}/leave", left, signed=False, expect=204)
            await crowd.until(lambda: not any(peer.online for peer in crowd.peers.values()), "all are out")
            assert {peer.close_code for peer in crowd.peers.values()} == {4401}
            mortal.restart()
            assert await api.status(interview) == "active"
        async with Crowd(api, interview) as crowd:
            await crowd.join("Cleo", "candidate")
            assert str(crowd["Cleo"]) == "kept"
            finished = await api.request("POST", f"{here}/finish", {"on_behalf_of": OWNER}, expect=200)
            assert finished["status"] == "finished"
            await crowd.until(lambda: crowd["Cleo"].close_code == 4423, "everybody is told")
            crowd.peers.clear()
        who = (await api.recording(interview))["participants"][0]["id"]
        too_late: list[tuple[str, str, dict[str, Any]]] = [
            ("POST", "admit", {"on_behalf_of": OWNER}),
            ("PATCH", f"participants/{who}", {"on_behalf_of": OWNER, "muted": True}),
            ("POST", f"participants/{who}/remove", {"on_behalf_of": OWNER}),
            ("POST", "join", {"as": "guest"}),
        ]
        for method, path, body in too_late:
            late = await api.request(method, f"{here}/{path}", body, expect=409)
            assert (late["type"], late["by"]) == ("urn:panelroom:interview-finished", "Olga Owner")
        kinds = [each.kind for each in await api.entries(interview)]
        assert kinds.count("interview.finished") == 1
        left_events = [each.event for each in await api.entries(interview) if each.kind == "participant.left"]
        assert [each["done"] for each in left_events if each] == [True, False]


async def test_a_finish_can_be_undone_until_a_known_time(crowd: Crowd, api: Api, interview: str) -> None:
    """A35: who listens knows until when, and goes on with the same ticket after it."""
    await crowd.join("Cleo", "candidate")
    await crowd.join("Olga", "interviewer")
    await crowd.type("Cleo", "x")
    await crowd.settle()
    olga = crowd.admitted["Olga"]
    async with Listener(olga.events_url) as ear:
        assert ear.snapshot["reopen_until_ms"] is None
        await api.finish(interview)
        await ear.hear("interview.finished")
    async with Listener(olga.events_url) as ear:
        left_ms = ear.snapshot["reopen_until_ms"] - ear.snapshot["now_ms"]
        assert 0 < left_ms <= 900_000
        await api.request("POST", f"interviews/{interview}/reopen", {"on_behalf_of": OWNER}, expect=200)
        assert (await ear.hear("interview.reopened"))["by"]["name"] == "Olga Owner"
    await crowd.type("Cleo", "y")
    assert await crowd.settle() == "xy"

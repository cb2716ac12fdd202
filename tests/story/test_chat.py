"""Chat through HTTP and the event stream: whom it reaches, what is refused, and in which words."""

import json
from typing import Any

import pytest

from tests.support.api import Admitted, Api
from tests.support.listener import Listener
from tests.support.server import OWNER, Server

pytestmark = pytest.mark.anyio

WORDS = [
    "<script>alert(1)</script> & <img src=x onerror=alert(1)>",
    "שלום, איך אפשר לעזור?",
    "👩‍👩‍👧‍👦 🏳️‍🌈 🧑🏽‍💻",
    "if x:\n\treturn {'a': [1, 2]}",
    "data: not an event\n\nevent: participant.removed\ndata: {}",
    "x" * 4_000,
]


async def say(
    api: Api, admitted: Admitted, interview: str, text: Any, to: Any = "all", *, expect: int = 201
) -> dict[str, Any]:
    body = {"ticket": admitted.ticket, "text": text, "to": to}
    answer: dict[str, Any] = await api.request(
        "POST", f"interviews/{interview}/chat", body, signed=False, expect=expect
    )
    return answer


async def test_what_is_sent_again_with_its_key_is_said_once(api: Api, interview: str) -> None:
    """B2: whoever has not heard the answer may ask again, also after somebody else has spoken."""
    candidate = await api.join(interview, "candidate", "Cleo")
    guest = await api.join(interview, "guest", "Gus")

    async def say_with(key: Any, admitted: Admitted = candidate, expect: int = 201) -> dict[str, Any]:
        body = {"ticket": admitted.ticket, "text": "Hello?", "to": "all", "key": key}
        answer: dict[str, Any] = await api.request(
            "POST", f"interviews/{interview}/chat", body, signed=False, expect=expect
        )
        return answer

    first = await say_with("a-1")
    await say(api, guest, interview, "Hello?")
    again, second = await say_with("a-1"), await say_with("a-2")
    other = await say_with("a-1", guest)
    assert again == first
    assert len({first["entry"], second["entry"], other["entry"]}) == 3
    for wrong in ("", "x" * 65, "a b", "<b>", 7, ["a"]):
        await say_with(wrong, expect=422)
    said = [each.event for each in await api.entries(interview) if each.kind == "chat"]
    assert [(each["from"]["name"], each.get("key")) for each in said if each] == [
        ("Cleo", "a-1"),
        ("Gus", None),
        ("Cleo", "a-2"),
        ("Gus", "a-1"),
    ]


async def test_everybody_hears_what_is_for_everybody(api: Api, interview: str) -> None:
    """B5: live, in what a newcomer is shown, and in the recording."""
    candidate = await api.join(interview, "candidate", "Cleo")
    olga = await api.join(interview, "interviewer")
    async with Listener(candidate.events_url) as cleo, Listener(olga.events_url) as inside:
        for text in WORDS:
            await say(api, candidate, interview, text)
        private = await say(api, olga, interview, "She is good.", "interviewers")
        public = await say(api, olga, interview, "  Well done!\r\n ")
        for ear in (cleo, inside):
            heard = await ear.hear("chat", entry=public["entry"])
            assert (heard["text"], heard["to"], heard["from"]) == (
                "Well done!",
                "all",
                {"id": olga.participant_id, "name": "Olga Owner"},
            )
        assert [each["text"] for each in cleo.all("chat")] == [*WORDS, "Well done!"]
        assert [each["text"] for each in inside.all("chat")] == [*WORDS, "She is good.", "Well done!"]
        assert not cleo.has_heard("participant.removed")
    late = await api.join(interview, "guest", "Gil")
    async with Listener(late.events_url) as gil, Listener(olga.events_url) as inside:
        assert [each["text"] for each in gil.snapshot["chat"]] == [*WORDS, "Well done!"]
        shown = {each["entry"]: each for each in inside.snapshot["chat"]}
        assert shown[private["entry"]]["text"] == "She is good."
    recorded = [each.event for each in await api.entries(interview) if each.kind == "chat"]
    assert [each["text"] for each in recorded if each] == [*WORDS, "She is good.", "Well done!"]


@pytest.mark.parametrize(
    ("text", "to"),
    [
        ("", "all"),
        (" \n\t ", "all"),
        ("\u200b\u2060\u3164", "all"),
        ("x" * 4_001, "all"),
        ("x" * 10_240, "all"),
        ("a\0b", "all"),
        ("a\x1b[31mb", "all"),
        ("a\u202eb", "all"),
        ("a\u2066b", "all"),
        ("a\u2028b", "all"),
        (5, "all"),
        (None, "all"),
        (["hello"], "all"),
        ("hello", "everybody"),
        ("hello", ["all"]),
        ("hello", None),
    ],
)
async def test_what_is_no_message_is_said(api: Api, interview: str, text: Any, to: Any) -> None:
    candidate = await api.join(interview, "candidate", "Cleo")
    refused = await say(api, candidate, interview, text, to, expect=422)
    assert refused["detail"]
    assert [each for each in await api.entries(interview) if each.kind == "chat"] == []


async def test_half_a_character_is_no_message(api: Api, interview: str) -> None:
    candidate = await api.join(interview, "candidate", "Cleo")
    body = json.dumps({"ticket": candidate.ticket, "text": "\ud83d", "to": "all"})
    answer = await api.http.post(
        f"/api/v1/interviews/{interview}/chat", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in {400, 422}, answer.text


async def test_a_flood_is_dammed(api: Api, interview: str) -> None:
    """One who floods is told when to go on; the others talk as before, and nothing of the rest is kept."""
    flooder, other = await api.join(interview, "guest", "Flo"), await api.join(interview, "guest", "Gil")
    path, body = f"/api/v1/interviews/{interview}/chat", {"ticket": flooder.ticket, "to": "all"}
    said = 0
    while (answer := await api.http.post(path, json=body | {"text": f"{said}"})).status_code == 201:
        said += 1
        assert said < 200
    assert said >= 20
    assert (answer.status_code, answer.json()["type"]) == (429, "urn:panelroom:too-many-requests")
    assert "messages" in answer.json()["detail"]
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    await say(api, other, interview, "still here")
    texts = [each.event["text"] for each in await api.entries(interview) if each.kind == "chat" and each.event]
    assert texts == [*(str(number) for number in range(said)), "still here"]


async def test_a_ticket_that_does_not_count_says_nothing(api: Api, interview: str, server: Server) -> None:
    """Forged, of another interview, revoked, and of somebody who only waits or watches."""
    here = f"interviews/{interview}"
    guest = await api.join(interview, "guest", "Gil")
    elsewhere = await api.join(await api.create(), "candidate", "Carl")
    for ticket in ("", "x", "\u202e", guest.participant_id, guest.ticket[:-1], server.key, elsewhere.ticket):
        body = {"ticket": ticket, "text": "hello", "to": "all"}
        await api.request("POST", f"{here}/chat", body, signed=False, expect=401)
    refused = await say(api, guest, interview, "hello", "interviewers", expect=403)
    assert refused["type"] == "urn:panelroom:not-an-interviewer"
    server.add_member("otto@example.org", "Otto")
    observer = await api.join(interview, "observer", member="otto@example.org")
    assert (await say(api, observer, interview, "hello", expect=403))["type"] == "urn:panelroom:not-inside"
    await api.request("PATCH", here, {"policy": {"guests": 1, "over_limit": "wait"}})
    waiting = await api.join(interview, "guest", "Wanda")
    assert waiting.state == "waiting"
    assert (await say(api, waiting, interview, "hello", expect=403))["type"] == "urn:panelroom:not-inside"
    await api.request("POST", f"{here}/participants/{guest.participant_id}/remove", {"on_behalf_of": OWNER})
    await say(api, guest, interview, "hello", expect=401)
    await api.request("POST", "interviews/nowhere/chat", {"ticket": guest.ticket, "text": "x", "to": "all"}, expect=401)
    assert [each for each in await api.entries(interview) if each.kind == "chat"] == []


async def test_somebody_elses_name_is_not_somebody_else(api: Api, interview: str) -> None:
    """Two may be called the same: who said what goes by the server's id, and the roster has the roles."""
    cleo = await api.join(interview, "candidate", "Cleo")
    other = await api.join(interview, "guest", "Cleo")
    async with Listener(cleo.events_url) as ear:
        entry = (await say(api, other, interview, "I give up."))["entry"]
        assert (await ear.hear("chat", entry=entry))["from"] == {"id": other.participant_id, "name": "Cleo"}
        joined = {each["id"]: (each["name"], each["role"]) for each in ear.snapshot["participants"]}
        assert joined == {cleo.participant_id: ("Cleo", "candidate"), other.participant_id: ("Cleo", "guest")}

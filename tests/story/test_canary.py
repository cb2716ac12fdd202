"""A11, catalogue row 17: what interviewers keep to themselves is in no byte that anybody else can reach.

The routes are those of the application, all of them: one that nobody here knows how to call fails the test.
"""

import asyncio
import base64
import json
import sqlite3
from contextlib import AsyncExitStack, closing
from itertools import product
from pathlib import Path

import pytest

from tests.support.api import Api
from tests.support.crowd import Crowd
from tests.support.listener import Listener
from tests.support.member import add_members
from tests.support.server import OWNER, ROOT, Server
from tests.support.snoop import BROWSER, Call, Snoop, Taps
from web.app import create_app
from web.panelroom import DATABASE_NAME
from web.settings import Settings

pytestmark = pytest.mark.anyio

PLAIN: list[Call] = [({}, None)]
DOCUMENTS = [{}, {"document": "{code}"}, {"document": "{notes}"}]
ACTING: list[Call] = [({}, {}), ({}, {"on_behalf_of": OWNER})]
JOIN = "POST /api/v1/interviews/<interview_id>/join"
JOINS: list[Call] = [
    *(
        ({}, {"as": role, "name": "Nobody"} | more)
        for role, more in product(("interviewer", "observer", "guest", "candidate"), ({}, {"resume": "{ticket}"}))
    ),
    ({}, {"as": "interviewer", "on_behalf_of": OWNER}),
]

# Those that change nothing for the others; everybody calls them while all goes on.
HARMLESS: dict[str, list[Call]] = {
    "GET /static/<path:filename>": PLAIN,
    "GET /api/v1/openapi.json": PLAIN,
    "GET /healthz": PLAIN,
    "GET /readyz": PLAIN,
    "GET /metrics": PLAIN,
    "GET /service-worker.js": PLAIN,
    "GET /": PLAIN,
    "GET /sample": PLAIN,
    "GET /people": PLAIN,
    "GET /keys": PLAIN,
    "GET /audit": PLAIN,
    "GET /organisation": PLAIN,
    "GET /profile": PLAIN,
    "GET /invitation": [({}, None), ({"token": "{ticket}"}, None)],
    "GET /sign-in": PLAIN,
    "GET /sign-in/<any(google, sso):kind>": PLAIN,
    "GET /sign-in/callback": [({"state": "x", "code": "x"}, None)],
    "GET /i/<interview_id>": PLAIN,
    "GET /i/<interview_id>/lobby": PLAIN,
    "GET /i/<interview_id>/replay": PLAIN,
    "GET /api/v1/whoami": PLAIN,
    "GET /api/v1/events": [],  # listened to below
    "GET /api/v1/members": [({"q": query}, None) for query in ("", "canary")],
    "PATCH /api/v1/members/<member_id>": [({}, {})],
    "POST /api/v1/members/<member_id>/sign-in-link": PLAIN,
    "GET /api/v1/invitations": PLAIN,
    "POST /api/v1/invitations": [({}, {"email": "nobody@example.org", "role": "member"})],
    "POST /api/v1/invitations/<invitation_id>/renew": PLAIN,
    "GET /api/v1/keys": PLAIN,
    "POST /api/v1/keys": [({}, {"description": "Mine", "scopes": ["liveInterview.company"]})],
    "GET /api/v1/audit": PLAIN,
    "GET /api/v1/organisation": PLAIN,
    "PATCH /api/v1/organisation": [({}, {})],
    "GET /api/v1/organisation/log-in": PLAIN,
    "PUT /api/v1/organisation/log-in/<kind>": [({}, {"client_id": "x"})],
    "GET /api/v1/profile": PLAIN,
    "PATCH /api/v1/profile": [({}, {})],
    "PUT /api/v1/profile/password": [({}, {"password": "short"})],
    "GET /api/v1/sessions": PLAIN,
    "GET /api/v1/interviews": [({"q": query}, None) for query in ("", "canary")],
    "GET /api/v1/interviews/<interview_id>": PLAIN,
    "GET /api/v1/interviews/<interview_id>/events": [],  # listened to below
    "GET /api/v1/interviews/<interview_id>/recording": PLAIN,
    "GET /api/v1/interviews/<interview_id>/recording/text": [
        (document | {"at_ms": "9999999"}, None) for document in DOCUMENTS
    ],
    "GET /api/v1/interviews/<interview_id>/recording/entries": [(document, None) for document in DOCUMENTS],
    "GET /api/v1/interviews/<interview_id>/recording/file": [(document, None) for document in DOCUMENTS],
    JOIN: JOINS,
    "POST /api/v1/interviews/<interview_id>/chat": [
        ({}, {"ticket": "{ticket}", "text": "I am here.", "to": to}) for to in ("all", "interviewers")
    ],
    "POST /api/v1/interviews/<interview_id>/admit": ACTING,
    "PATCH /api/v1/interviews/<interview_id>/participants/<participant_id>": [({}, {"muted": False})],
    "POST /api/v1/interviews/<interview_id>/participants/<participant_id>/readmit": [({}, {}), ({}, {"device": "x"})],
    "POST /api/v1/interviews": [({}, {"title": "Mine"})],
    "POST /api/v1/interviews/<interview_id>/duplicate": PLAIN,
    "PATCH /api/v1/interviews/<interview_id>": [({}, {})],
    "POST /api/v1/practice": PLAIN,
    "POST /api/v1/interviews/blocks": [({}, {"blocks": [{"title": "Mine"}]})],
    "POST /sign-in": PLAIN,
    "POST /sign-in/password": PLAIN,
    "POST /invitation": PLAIN,
}
# Those that might end something; called last.
HARMFUL: dict[str, list[Call]] = {
    "POST /api/v1/interviews/<interview_id>/participants/<participant_id>/remove": [({}, {}), ({}, {"device": "x"})],
    "POST /api/v1/interviews/<interview_id>/leave": [({}, {"ticket": "{ticket}"})],
    "POST /api/v1/interviews/<interview_id>/finish": ACTING,
    "POST /api/v1/interviews/<interview_id>/reopen": ACTING,
    "POST /api/v1/interviews/cancel": [({}, {"ids": ["{code}"]})],
    "DELETE /api/v1/interviews/<interview_id>": PLAIN,
    "POST /api/v1/members/<member_id>/deactivate": PLAIN,
    "POST /api/v1/members/<member_id>/reactivate": PLAIN,
    "DELETE /api/v1/invitations/<invitation_id>": PLAIN,
    "DELETE /api/v1/keys/<key_id>": PLAIN,
    "DELETE /api/v1/organisation/log-in/<kind>": PLAIN,
    "DELETE /api/v1/sessions/<session_id>": PLAIN,
    "POST /api/v1/sessions/end-others": PLAIN,
    "POST /sign-out": PLAIN,
}


def rules() -> set[str]:
    """Every method and rule of the application."""
    app = create_app(Settings(), Path("never-opened"))
    return {
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def test_every_route_is_called() -> None:
    assert rules() == HARMLESS.keys() | HARMFUL.keys(), "say here how the new route is called"


def test_what_is_hidden_is_found(server: Server) -> None:
    """The search sees through every encoding, wherever in it the secret begins."""
    for shift in range(6):
        data = b"x" * shift + b"canary-1" + b"y" * (7 - shift)
        for hidden in (data, data.hex().encode(), base64.b64encode(data), data.decode().encode("utf-16-le")):
            snoop = Snoop(server, "", "Snoop")
            snoop.haul.append(("here", hidden))
            assert snoop.found("canary-1") == ["here"], hidden
            assert snoop.found("secret-2") == []


async def test_what_interviewers_keep_to_themselves(server: Server, api: Api, tmp_path: Path) -> None:
    """By candidate, guest, observer and member, waiting, muted, demoted and removed, and whoever has only the link."""
    mail, reference = "canary-mail@example.org", "canary-reference"
    interview = await api.create(
        title="Before",
        candidate={"name": "Cleo", "email": mail},
        external_ref=f"{reference}-{tmp_path.name}",
        interviewers=[OWNER, "iris@example.org"],
        policy={"interviewers": 4, "guests": 4, "over_limit": "wait"},
    )
    here = f"interviews/{interview}"
    snoops: dict[str, Snoop] = {}

    async def come(name: str, role: str) -> str:
        snoop = snoops[name] = Snoop(server, interview, name)
        link = links.get(f"{name.lower()}@example.org")
        if link is not None:
            await snoop.sign_in(link)
        return await snoop.join(role)

    links = await add_members(server, ("Iris", "Dora", "Rex", "Otto"))
    for name in ("Iris", "Dora", "Rex"):
        assert await come(name, "interviewer") == "seated"
    assert await come("Cleo", "candidate") == "seated"
    assert await come("Impostor", "candidate") == "seated"
    for name in ("Gil", "Mo", "Ruth", "Gus"):  # when Ruth goes there must be somebody who still waits
        assert await come(name, "guest") == "seated"
    del snoops["Gus"]
    for name in ("Will", "Wanda"):
        assert await come(name, "guest") == "waiting"
    del snoops["Will"]
    assert await come("Otto", "observer") == "observing"
    snoops["Link"] = Snoop(server, interview, "Link")

    async def moderate(name: str, **body: object) -> None:
        path = f"{here}/participants/{snoops[name].participant_id}"
        if "role" in body or "muted" in body:
            await api.request("PATCH", path, body | {"on_behalf_of": OWNER})
        else:
            await api.request("POST", f"{path}/remove", body | {"on_behalf_of": OWNER})

    async def announce(title: str, taps: list[Taps]) -> None:
        """Something that everybody hears: what comes after it is in nobody's ear by accident."""
        await api.request("PATCH", here, {"title": title})
        await crowd.type("Iris", title)
        await asyncio.gather(*(each.until(title, title) for each in taps))

    # What only some may know: the names of those to whom it is told, beside the interviewers.
    told: dict[str, set[str]] = {
        "canary-note": set(),
        "canary-deleted-note": set(),
        "canary-chat": set(),
        "canary-muting": {"Mo"},
        "canary-removing": {"Ruth"},
        "canary-device": {"Cleo", "Impostor"},
        "canary-demoting": {"Dora"},
        "canary-dismissing": {"Rex", "Dora"},  # she was an interviewer then
        BROWSER: {"Rex", "Dora"},
    }
    members = {"Otto", "Dora", "Rex"}
    code, notes = Crowd(api, interview), Crowd(api, interview, notes=True)
    async with code as crowd, notes, AsyncExitStack() as ears:
        await crowd.join("Iris", "interviewer", member="iris@example.org")
        await notes.join("Iris", "interviewer", member="iris@example.org")
        taps = [await ears.enter_async_context(snoops[name].listening("live")) for name in ("Iris", "Cleo")]
        (her_own,) = await devices_of(api, snoops["Cleo"])
        others = [snoop for snoop in snoops.values() if snoop.name not in {"Iris", "Cleo"}]
        taps += [await ears.enter_async_context(snoop.listening("live")) for snoop in others]
        (device,) = await devices_of(api, snoops["Cleo"]) - {her_own}
        told[her_own] = {"Rex", "Dora"}
        await moderate("Rex", reason="canary-dismissing")
        await moderate("Dora", role="observer", reason="canary-demoting")
        await moderate("Mo", muted=True, reason="canary-muting")
        await moderate("Ruth", reason="canary-removing")
        await moderate("Cleo", device=device, reason="canary-device")
        await notes.type("Iris", "canary-note")
        await notes.type("Iris", "canary-deleted-note")
        await notes.delete("Iris", len("canary-note"), len("canary-deleted-note"))
        await notes.settle()
        ticket = notes.admitted["Iris"].ticket
        said = {"ticket": ticket, "text": "canary-chat", "to": "interviewers"}
        await api.request("POST", f"{here}/chat", said, signed=False, expect=201)
        await announce("After", taps)
        await ears.aclose()
        await everybody(snoops, interview, HARMLESS, "open")
        async with AsyncExitStack() as late:
            taps = [await late.enter_async_context(snoop.listening("late")) for snoop in snoops.values()]
            await announce("Later", taps)
    await api.finish(interview)
    async with AsyncExitStack() as late:
        for snoop in snoops.values():
            await late.enter_async_context(snoop.listening("finished"))
        reads = {route: calls for route, calls in HARMLESS.items() if route.startswith("GET")}
        await everybody(snoops, interview, reads | HARMFUL, "finished")

    salts = salts_of(server, interview)
    for kind in ("chat", "participant.changed", "participant.removed", "participant.connected"):
        assert any(kind == salted for salted, _ in salts), kind
    for snoop in snoops.values():  # whoever has one may try what he guesses on the head hash
        assert [(kind, snoop.found(salt)) for kind, salt in salts if snoop.found(salt)] == []
        assert snoop.found('"salt"') == []
    iris = snoops.pop("Iris")
    for canary in told:
        assert iris.found(canary), f"{canary}: the test has not planted it"
    for way in ("live: ws", "late: ws", "recording/text", "recording/entries", "recording/file"):
        assert any(way in place for place in iris.found("canary-note")), way
    for way in ("live: http", "late: http", "recording/entries", "recording/file"):
        assert any(way in place for place in iris.found("canary-chat")), way
    # Everybody's browser is the same here: with which ones he signed in himself a member is told.
    own = {(BROWSER, f"{when}: GET /api/v1/sessions [{{}}, null] -> 200") for when in ("open", "finished")}
    leaks = [
        (name, canary, place)
        for name, snoop in snoops.items()
        for canary, knowing in told.items()
        if name not in knowing
        for place in snoop.found(canary)
        if (canary, place) not in own
    ]
    leaks += [
        (name, canary, place)
        for name, snoop in snoops.items()
        if name not in members
        for canary in (mail, reference, "iris@example.org")
        for place in snoop.found(canary)
    ]
    tickets = {name: snoop.ticket for name, snoop in snoops.items() if snoop.ticket} | {"Iris": iris.ticket}
    leaks += [
        (name, f"the ticket of {other}", place)
        for name, snoop in snoops.items()
        for other, secret in tickets.items()
        if other != name
        for place in snoop.found(secret, plainly=True)
    ]
    assert leaks == [], "\n".join(map(str, leaks))


async def everybody(snoops: dict[str, Snoop], interview: str, table: dict[str, list[Call]], when: str) -> None:
    """One of each kind calls all of it, at the same time."""
    built = ROOT / "web/static"
    places = {
        "<interview_id>": [interview, f"{interview}.notes"],
        "<participant_id>": [snoop.participant_id for snoop in snoops.values() if snoop.name in {"Gil", "Otto"}],
        **dict.fromkeys(("<member_id>", "<invitation_id>", "<key_id>", "<session_id>"), ("x",)),
        **dict.fromkeys(("<kind>", "<any(google, sso):kind>"), ("google",)),
        "<path:filename>": sorted(str(path.relative_to(built)) for path in built.rglob("*") if path.is_file())[:2],
    }
    names = {"{code}": interview, "{notes}": f"{interview}.notes"}
    async with asyncio.TaskGroup() as tasks:
        for snoop in snoops.values():
            if snoop.name in {"Mo", "Impostor"}:
                continue  # like Gil and Ruth
            # A member who was not told otherwise may become an interviewer: then nothing is kept from him.
            joins = [call for call in JOINS if snoop.name != "Otto" or call[1]["as"] != "interviewer"]
            own = table | {JOIN: joins} if JOIN in table else table
            tasks.create_task(snoop.call(own, places, names, when))


def salts_of(server: Server, interview: str) -> list[tuple[str, str]]:
    """On record, with the kinds of their events."""
    with closing(sqlite3.connect(server.data / DATABASE_NAME)) as database:
        rows = database.execute("SELECT kind, payload FROM entry WHERE log = ? AND document = ''", [interview])
        events = [(kind, json.loads(payload)) for kind, payload in rows]
    return [(kind, event["salt"]) for kind, event in events if "salt" in event]


async def devices_of(api: Api, snoop: Snoop) -> set[str]:
    """The ids of a participant's connected browsers, as interviewers are shown them."""
    url = f"{snoop.server.url}/api/v1/interviews/{snoop.interview}/events"
    async with Listener(url, api.signed) as ear:
        (devices,) = [each["devices"] for each in ear.snapshot["participants"] if each["id"] == snoop.participant_id]
        return {device["id"] for device in devices}

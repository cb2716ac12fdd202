import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint
from pycrdt import Doc, Text
from quart import typing

from replay.codec import compact
from rooms.key import Scope
from rooms.member import MemberRole
from rooms.participant import Role
from rooms.principal import Principal
from rooms.secret import new_id
from tests.replay.decoder import File, decode
from web.app import create_app
from web.panelroom import Panelroom
from web.settings import Settings

pytestmark = pytest.mark.anyio

CALLS: list[tuple[str, dict[str, Any]]] = [("/text", {"at_ms": 0}), ("/entries", {}), ("/file", {})]
MEMBERS = {"owner@x.org": MemberRole.OWNER, "ada@x.org": MemberRole.MEMBER, "bob@x.org": MemberRole.MEMBER}


@dataclass
class Site:
    """A server with one interview, whose interviewer is ada; bob is a colleague who only observes."""

    client: typing.TestClientProtocol
    panelroom: Panelroom
    keys: dict[str, str]
    sessions: dict[str, str]
    interview: str = ""

    async def get(self, path: str, by: str = "reader", *, status: int = 200, **query: Any) -> Any:
        response = await self.ask(path, by, **query)
        assert response.status_code == status, await response.get_data(as_text=True)
        if status >= 400:
            assert response.content_type == "application/problem+json"
        return await response.get_json(force=True)

    async def ask(self, path: str, by: str = "reader", *, headers: dict[str, str] | None = None, **query: Any) -> Any:
        sent = dict(headers or {})
        if by in self.keys:
            sent["Authorization"] = f"Bearer {self.keys[by]}"
        elif by in self.sessions:
            sent["Cookie"] = f"panelroom_session={self.sessions[by]}"
        url = f"/api/v1/interviews/{self.interview}/recording{path}"
        return await self.client.get(url, query_string=query, headers=sent)

    async def file(self, by: str = "reader", **query: Any) -> File:
        response = await self.ask("/file", by, **query)
        assert response.status_code == 200
        assert response.content_type == "application/vnd.panelroom.recording"
        return decode(await response.get_data())

    async def type(self, text: str, part: str = "", by: str = "p") -> bytes:
        doc: Doc[Any] = Doc({"source": Text(text)})
        log = await self.panelroom.journal.open(self.interview)
        update = doc.get_update()
        self.panelroom.journal.append(log, self.interview + part, by, update)
        await self.panelroom.journal.flush()
        return update


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    app = create_app(Settings(reopen_s=0), tmp_path)
    async with app.test_app():
        panelroom: Panelroom = app.extensions["panelroom"]
        people = panelroom.rooms.people
        sessions = {}
        for email, role in MEMBERS.items():
            token = await people.add_member(email, email[:-6].title(), role)
            sessions[email[:-6]] = await people.sign_in(token)
        keys = {
            "reader": await people.add_key("reads", frozenset({Scope.COMPANY_READ})),
            "writer": await people.add_key("writes", frozenset({Scope.OWN})),
        }
        site = Site(app.test_client(), panelroom, keys, sessions)
        made = await site.client.post(
            "/api/v1/interviews",
            json={"interviewers": ["ada@x.org"]},
            headers={"Authorization": f"Bearer {keys['writer']}"},
        )
        assert made.status_code == 201
        site.interview = (await made.get_json())["id"]
        yield site


async def test_a_recording_through_its_four_calls(site: Site) -> None:
    joined = await site.panelroom.rooms.join(site.interview, Role.CANDIDATE, name="Cy 😀")
    async with site.panelroom.journal.transaction() as transaction:
        await transaction.start(site.interview)
        await transaction.append(site.interview, "participant.entered", {"id": joined.participant.id})
    update = await site.type("a😀\r\n", by=joined.participant.id)
    notes = await site.type("to ourselves", ".notes")
    found = await site.get("")
    assert found["sealed"] is False
    assert found["started_at"].endswith("Z")
    assert found["entries"] == 5
    assert found["participants"] == [{"id": joined.participant.id, "name": "Cy 😀", "role": "candidate"}]
    assert [(each["id"], each["entries"], each["bytes"]) for each in found["documents"]] == [
        (site.interview, 1, len(update)),
        (f"{site.interview}.notes", 1, len(notes)),
    ]
    text = await site.get("/text", at_ms=10**9)
    assert text == {"at_ms": 10**9, "entry": 4, "files": {"source": "a😀\r\n"}}
    assert (await site.get("/text", at_ms=10**9, document=f"{site.interview}.notes"))["files"] == {
        "source": "to ourselves"
    }
    page = await site.get("/entries", limit=3)
    kinds = ["participant.joined", "admission.changed", "participant.entered"]
    assert [item["kind"] for item in page["items"]] == kinds
    assert page["items"][2] == {
        "entry": 3,
        "at_ms": 0,
        "delivered_by": None,
        "document": None,
        "kind": "participant.entered",
        "event": {"id": joined.participant.id},
    }
    page = await site.get("/entries", after=page["next"], limit=1_000_000)
    assert page["next"] is None
    assert [base64.b64decode(item["update"]) for item in page["items"]] == [update, notes]
    assert page["items"][0].keys() == {"entry", "at_ms", "delivered_by", "document", "kind", "update"}
    file = await site.file()
    assert [operation[2:] for operation in file.operations] == [(joined.participant.id, "source", 0, 0, "a😀\r\n")]
    assert file.end["head_hash"] == found["documents"][0]["head_hash"]


async def test_before_anybody_has_entered(site: Site) -> None:
    found = await site.get("")
    assert (found["started_at"], found["duration_ms"], found["entries"]) == (None, 0, 0)
    assert await site.get("/text", at_ms=0) == {"at_ms": 0, "entry": None, "files": {"source": ""}}
    assert await site.get("/entries") == {"items": [], "next": None}
    assert (await site.file()).operations == []


@pytest.mark.parametrize(("by", "sees"), [("reader", True), ("owner", True), ("ada", True), ("bob", False)])
async def test_the_notes_are_seen_by_whom_they_are_for(site: Site, by: str, sees: bool) -> None:
    notes = f"{site.interview}.notes"
    await site.type("code")
    await site.type("canary", ".notes")
    assert [each["id"] for each in (await site.get("", by))["documents"]] == [
        site.interview,
        *([notes] if sees else []),
    ]
    for path, query in CALLS:
        response = await site.ask(path, by, document=notes, **query)
        assert response.status_code == (200 if sees else 404)
        assert (response.content_type == "application/problem+json") is not sees
        everything = await (await site.ask(path, by, **query)).get_data(as_text=False)
        assert b"canary" not in everything
    items = (await site.get("/entries", by))["items"]
    assert [item["document"] for item in items] == [site.interview, *([notes] if sees else [])]
    assert (b"canary" in b"".join(base64.b64decode(item["update"]) for item in items)) is sees


async def test_the_head_hash_confirms_no_guess(site: Site) -> None:
    """What a reader may not read he cannot try either: all that he is shown, and what is hidden, make another hash."""
    hidden: dict[str, dict[str, Any]] = {
        "chat": {"from": {"id": "q", "name": "Ada"}, "text": "no hire", "to": "interviewers"},
        "participant.removed": {"id": "p", "device": None, "reason": "asleep", "by": {"id": "q", "name": "Ada"}},
        "participant.changed": {"id": "p", "role": "guest", "muted": False, "reason": None, "by": None},
        "participant.connected": {"id": "p", "devices": []},
    }
    for kind, event in hidden.items():
        before = bytes.fromhex((await site.get("", "bob"))["documents"][0]["head_hash"])
        async with site.panelroom.journal.transaction() as transaction:
            entry = await transaction.append(site.interview, kind, event, "q")
        line = compact([entry, 0, "", "q", kind]).encode()
        guess = sha256(before + sha256(compact(event).encode()).digest() + line).hexdigest()
        assert guess != (await site.get("", "bob"))["documents"][0]["head_hash"], kind
        (kept,) = await site.panelroom.journal.entries(site.interview, after=entry - 1)
        assert len(json.loads(kept.payload)["salt"]) == 22
    async with site.panelroom.journal.transaction() as transaction:
        entry = await transaction.append(site.interview, "chat", hidden["chat"] | {"to": "all"}, "q")
    (kept,) = await site.panelroom.journal.entries(site.interview, after=entry - 1)
    assert b"salt" not in kept.payload
    for by in ("bob", "reader", "owner", "ada"):
        for path in ("/entries", "/file"):
            assert b"salt" not in await (await site.ask(path, by)).get_data(as_text=False)
    shown = {each["kind"]: each["event"] for each in (await site.get("/entries", "ada"))["items"][:-1]}
    assert shown == hidden


async def test_who_may_not_see_it_learns_nothing(site: Site) -> None:
    for path, query in [("", {}), *CALLS]:
        await site.get(path, "nobody", status=401, **query)
        elsewhere = replace(site, interview=new_id())
        unknown = await elsewhere.get(path, "ada", status=404, **query)
        assert unknown["type"] == "urn:panelroom:interview-unknown"


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"at_ms": ""},
        {"at_ms": "x"},
        {"at_ms": -1},
        {"at_ms": 1.5},
        {"at_ms": "9" * 5000},
        {"at_ms": 2**63},
    ],
)
async def test_a_bad_instant_is_said(site: Site, query: dict[str, Any]) -> None:
    assert "at_ms" in (await site.get("/text", status=422, **query))["detail"]


@pytest.mark.parametrize(
    "query", [{"limit": 0}, {"limit": -5}, {"limit": "all"}, {"after": -1}, {"after": "x"}, {"after": 2**63}]
)
async def test_a_bad_page_is_said(site: Site, query: dict[str, Any]) -> None:
    assert next(iter(query)) in (await site.get("/entries", status=422, **query))["detail"]


@pytest.mark.parametrize("document", ["", "x", "../etc", "\x00", "{id}.notes.notes", "{id}."])
async def test_an_unknown_document_is_not_found(site: Site, document: str) -> None:
    for path, query in CALLS:
        await site.get(path, status=404, document=document.replace("{id}", site.interview), **query)


async def enter_both(site: Site) -> Principal:
    """The candidate and Ada, who is the interviewer."""
    rooms = site.panelroom.rooms
    ada = await rooms.sessions.principal(site.sessions["ada"])
    assert ada is not None
    member = await rooms.people.acting_member(ada, None)
    for joined in (
        await rooms.join(site.interview, Role.CANDIDATE),
        await rooms.join(site.interview, Role.INTERVIEWER, member=member),
    ):
        await rooms.enter(await rooms.authorise_socket(site.interview, joined.ticket))
    return ada


async def test_it_is_sealed_when_its_finish_cannot_be_undone(site: Site) -> None:
    rooms = site.panelroom.rooms
    ada = await enter_both(site)
    assert (await site.get(""))["sealed"] is False
    await rooms.lifecycle.finish(ada, site.interview)
    assert (await site.get(""))["sealed"] is True
    file = await site.file()
    assert file.head["sealed"] is True
    assert [event[2] for event in file.events][-1] == "interview.finished"


async def test_what_does_not_fit_its_document_is_said(site: Site) -> None:
    log = await site.panelroom.journal.open(site.interview)
    site.panelroom.journal.append(log, site.interview, "p", b"\x01garbage")
    await site.panelroom.journal.flush()
    assert (await site.get("/text", status=500, at_ms=0))["type"] == "urn:panelroom:recording-broken"
    assert len((await site.get("/entries"))["items"]) == 1


async def test_a_file_that_is_known_is_not_sent_again(site: Site) -> None:
    await site.type("a")
    first = await site.ask("/file")
    etag = first.headers["ETag"]
    assert first.headers["Cache-Control"] == "private, no-cache"
    again = await site.ask("/file", headers={"If-None-Match": f'"other", {etag}'})
    assert (again.status_code, await again.get_data(), again.headers["ETag"]) == (304, b"", etag)
    await site.type("b")
    changed = await site.ask("/file", headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert decode(await changed.get_data()).operations
    assert changed.headers["ETag"] != etag


async def test_chat_to_the_interviewers_is_read_by_whoever_reads_their_notes(site: Site) -> None:
    """A11: bob, who observes, finds neither it nor a reason that was meant for them in entries or file."""
    by = {"id": "q", "name": "Ada"}
    events: list[tuple[str, dict[str, Any]]] = [
        ("chat", {"from": by, "text": "hello", "to": "all"}),
        ("chat", {"from": by, "text": "canary", "to": "interviewers"}),
        ("participant.changed", {"id": "p", "role": "guest", "muted": True, "reason": "canary", "by": by}),
    ]
    async with site.panelroom.journal.transaction() as transaction:
        for kind, event in events:
            await transaction.append(site.interview, kind, event)
    hushed = [events[0], (events[2][0], events[2][1] | {"reason": None})]
    etags = set()
    for by_whom, expected in (("ada", events), ("owner", events), ("reader", events), ("bob", hushed)):
        items = (await site.get("/entries", by_whom))["items"]
        response = await site.ask("/file", by_whom)
        etags.add(response.headers["ETag"])
        told = [(kind, event) for _, _, kind, event in decode(await response.get_data()).events]
        assert [(item["kind"], item["event"]) for item in items] == told == expected
    assert len(etags) == 2


@pytest.mark.parametrize(
    ("wanted", "first", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=7-", 7, None),
        ("bytes=-5", -5, None),
        ("bytes=3-999999", 3, None),
        ("bytes=-999999", 0, None),
    ],
)
async def test_a_part_of_a_file(site: Site, wanted: str, first: int, end: int | None) -> None:
    await site.type("a😀")
    full = await site.ask("/file")
    data = await full.get_data()
    assert (full.headers["Accept-Ranges"], full.headers["Content-Length"]) == ("bytes", str(len(data)))
    part = await site.ask("/file", headers={"Range": wanted, "If-Range": full.headers["ETag"]})
    expected = data[first:end]
    assert (part.status_code, await part.get_data(), part.headers["ETag"]) == (206, expected, full.headers["ETag"])
    at = data.index(expected) if first else 0
    assert part.headers["Content-Range"] == f"bytes {at}-{at + len(expected) - 1}/{len(data)}"
    assert part.headers["Content-Length"] == str(len(expected))


async def test_what_is_no_part_of_it(site: Site) -> None:
    await site.type("a")
    full = await site.ask("/file")
    data, etag = await full.get_data(), full.headers["ETag"]
    beyond = await site.ask("/file", headers={"Range": f"bytes={len(data)}-"})
    assert (beyond.status_code, beyond.content_type) == (416, "application/problem+json")
    assert beyond.headers["Content-Range"] == f"bytes */{len(data)}"
    for odd in ("bytes=5-2", "bytes=", "lines=1-2", "bytes=0-1,5-9", "bytes=x-y"):
        whole = await site.ask("/file", headers={"Range": odd})
        assert (whole.status_code, await whole.get_data()) == (200, data), odd
    await site.type("b")
    changed = await site.ask("/file", headers={"Range": "bytes=0-3", "If-Range": etag})
    assert changed.status_code == 200
    assert decode(await changed.get_data()).end["entry"] == 2
    for named in (changed.headers["ETag"], f"W/{changed.headers['ETag']}"):
        known = await site.ask("/file", headers={"Range": "bytes=0-3", "If-None-Match": named})
        assert known.status_code == 304
    weak = await site.ask("/file", headers={"Range": "bytes=0-3", "If-Range": f"W/{changed.headers['ETag']}"})
    assert weak.status_code == 200
    dated = await site.ask("/file", headers={"Range": "bytes=0-3", "If-Range": "Wed, 21 Oct 2015 07:28:00 GMT"})
    assert dated.status_code == 200


async def test_what_came_after_an_entry(site: Site) -> None:
    await site.type("a", by="p")
    known = await site.file()
    nothing = await site.file(after=1)
    assert (nothing.operations, nothing.blocks, nothing.end["entry"]) == ([], [b"head", b"end "], 1)
    await site.type("notes", ".notes")
    await site.type("b", by="q")
    tail = await site.ask("/file", after=known.end["entry"])
    assert "ETag" not in tail.headers
    known.append(decode(await tail.get_data()))
    assert known.operations == (await site.file()).operations
    assert [operation[0] for operation in known.operations] == [1, 3]
    assert (await site.file(after=10**9)).operations == []
    assert "after" in (await site.get("/file", status=422, after=-1))["detail"]


async def test_a_finished_interview_is_derived_in_the_background(site: Site, tmp_path: Path) -> None:
    rooms, panelroom = site.panelroom.rooms, site.panelroom
    ada = await enter_both(site)
    await panelroom.registry.open(site.interview, site.interview)
    await site.type("a😀")
    await rooms.lifecycle.finish(ada, site.interview)
    with anyio.fail_after(60):
        while not (slot := panelroom.replay._derivations._slots.get(site.interview)) or not slot.follower:
            await checkpoint()
        while slot.follower.tail.entries or slot.follower.weight:
            await checkpoint()
    assert (tmp_path / "cache.db").exists()
    file = await site.file()
    assert file.texts() == {"source": "a😀"}
    assert file.events[-1][2] == "interview.finished"
    assert slot.follower.weight == 0, "the CRDT was not needed"

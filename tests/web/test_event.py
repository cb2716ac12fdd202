"""Server-sent events of a room."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from quart.typing import TestHTTPConnectionProtocol as Connection
from sqlalchemy import delete, text, update
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from rooms import schema
from rooms.member import MemberRole
from rooms.participant import Role
from tests.web.conftest import OWNER, Site
from web.api import event

pytestmark = pytest.mark.anyio

FULL = "CREATE TRIGGER full BEFORE INSERT ON entry BEGIN SELECT RAISE(ABORT, 'full'); END"


class Listener:
    """Reads one stream of events."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._text = ""

    async def raw(self) -> str:
        """The next block of lines."""
        while "\n\n" not in self._text:
            self._text += (await asyncio.wait_for(self._connection.receive(), 5)).decode()
        block, _, self._text = self._text.partition("\n\n")
        return block

    async def next(self) -> tuple[str, int | None, Any]:
        """Kind, id and data."""
        fields = dict(line.split(": ", 1) for line in (await self.raw()).split("\n"))
        return fields["event"], int(fields["id"]) if "id" in fields else None, json.loads(fields["data"])

    async def ended(self) -> str:
        """Return when the stream ends: what still came."""
        async with asyncio.timeout(5):
            while more := await self._connection.receive():
                self._text += more.decode()
        return self._text

    async def kinds(self, count: int) -> list[str]:
        return [(await self.next())[0] for _ in range(count)]


@asynccontextmanager
async def listening(site: Site, url: str, **headers: str) -> AsyncIterator[Listener]:
    client = site.app.test_client(use_cookies=False)
    async with client.request(url.removeprefix("http://localhost"), headers=headers) as connection:
        await connection.send_complete()
        yield Listener(connection)
        await connection.disconnect()


async def test_first_a_snapshot_then_what_happens(site: Site) -> None:
    interview = await site.create()
    candidate = await site.join(interview, "candidate", name="Ada")
    async with listening(site, candidate["events_url"]) as events:
        kind, number, snapshot = await events.next()
        assert (kind, number) == ("snapshot", None)
        assert (snapshot["status"], snapshot["you"], snapshot["entry"]) == ("pending", candidate["participant_id"], 2)
        assert [(one["name"], one["role"], one["connected"]) for one in snapshot["participants"]] == [
            ("Ada", "candidate", False)
        ]
        await site.join(interview, "interviewer")
        kind, number, data = await events.next()
        assert (kind, number, data["entry"], data["at_ms"]) == ("participant.joined", 3, 3, 0)
        assert data["participant"]["name"] == "Olga"
        kind, _, data = await events.next()
        assert (kind, data["state"], data["number"]) == ("admission.changed", "seated", 2)
        await site.activate(interview)
        assert await events.kinds(3) == ["participant.entered", "participant.entered", "interview.active"]
        await site.json("POST", f"interviews/{interview}/finish", {"on_behalf_of": OWNER})
        kind, _, data = await events.next()
        assert (kind, data["by"]["name"]) == ("interview.finished", "Olga")
        await site.json("POST", f"interviews/{interview}/reopen", {"on_behalf_of": OWNER})
        assert await events.kinds(1) == ["interview.reopened"]
        await site.call("DELETE", f"/api/v1/interviews/{interview}")
        assert await events.kinds(1) == ["interview.cancelled"]


@pytest.mark.parametrize("way", ["after", "Last-Event-ID"])
async def test_what_was_missed_is_told_again(site: Site, way: str) -> None:
    interview = await site.create()
    url = (await site.join(interview, "candidate"))["events_url"]
    for _ in range(3):
        await site.join(interview, "guest")
    missed = listening(site, f"{url}&after=2") if way == "after" else listening(site, url, **{way: "2"})
    async with missed as events:
        assert (await events.next())[0] == "snapshot"
        assert [(await events.next())[1] for _ in range(6)] == [3, 4, 5, 6, 7, 8]
        await site.join(interview, "guest")
        assert (await events.next())[1] == 9


async def test_nothing_falls_between_snapshot_and_events(site: Site) -> None:
    interview = await site.create()
    url = (await site.join(interview, "candidate"))["events_url"]

    async def more() -> None:
        for _ in range(20):
            await site.join(interview, "guest")

    joining = asyncio.create_task(more())
    for _ in range(5):
        async with listening(site, url) as events:
            _, _, snapshot = await events.next()
            if snapshot["entry"] == 42:
                break
            assert (await events.next())[1] == snapshot["entry"] + 1
    await joining


async def test_a_member_listens_without_a_ticket(site: Site) -> None:
    interview = await site.create()
    async with listening(site, f"/api/v1/interviews/{interview}/events", **(await site.session())) as events:
        _, _, snapshot = await events.next()
        assert snapshot["you"] is None


@pytest.mark.parametrize("way", ["ticket", "session", "key"])
async def test_of_many_streams_of_one_reader_the_oldest_ends(site: Site, way: str) -> None:
    """A tab that comes back is never kept out by its own dead streams; another's are not touched."""
    interview = await site.create()
    path = f"/api/v1/interviews/{interview}/events"
    own, other = [(await site.join(interview, "candidate"))["events_url"] for _ in range(2)]
    url, headers = {
        "ticket": (own, {}),
        "session": (path, await site.session()),
        "key": (path, {"Authorization": f"Bearer {site.key}"}),
    }[way]
    async with AsyncExitStack() as stack:
        bystander = await stack.enter_async_context(listening(site, other))
        await bystander.next()
        streams = []
        for _ in range(11):
            streams.append(await stack.enter_async_context(listening(site, url, **headers)))
            assert (await streams[-1].next())[0] == "snapshot"
        for oldest in streams[:3]:
            await oldest.ended()
        await site.join(interview, "guest")
        for stream in [bystander, *streams[3:]]:
            assert (await stream.next())[0] == "participant.joined"


@pytest.mark.parametrize("busy", [False, True])
@pytest.mark.parametrize("way", ["ticket", "session", "key"])
async def test_who_may_not_listen_any_more_is_cut_off(
    site: Site, monkeypatch: pytest.MonkeyPatch, way: str, busy: bool
) -> None:
    monkeypatch.setattr(event, "_CHECK_S", 0.05)
    interview = await site.create()
    ticket = (await site.join(interview, "candidate"))["ticket"]
    session = await site.session()
    path = f"/api/v1/interviews/{interview}/events"
    url, headers = {
        "ticket": (f"{path}?ticket={ticket}", {}),
        "session": (path, session),
        "key": (path, {"Authorization": f"Bearer {site.key}"}),
    }[way]
    withdrawal = {
        "ticket": update(schema.tickets).values(revoked_at_ms=1),
        "session": delete(schema.sessions),
        "key": delete(schema.keys),
    }[way]

    async def chatter() -> None:
        while True:
            await site.panelroom.rooms.join(interview, Role.GUEST)

    async with listening(site, url, **headers) as events:
        assert (await events.next())[0] == "snapshot"
        chattering = asyncio.create_task(chatter() if busy else asyncio.sleep(0))
        for _ in range(3):
            await events.raw()
        async with site.panelroom.database.writing() as connection:
            await connection.execute(withdrawal)
        await events.ended()
        chattering.cancel()


async def test_removed_on_the_way_in(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A11: a member's stream that was asked for as an interviewer, and begins when he is none any more."""
    interview = await site.create()
    await site.link("ben@example.org", MemberRole.MEMBER)
    ben = (await site.join(interview, "interviewer", on_behalf_of="ben@example.org"))["participant_id"]
    said = {"ticket": (await site.join(interview, "interviewer"))["ticket"], "text": "canary", "to": "interviewers"}
    await site.json("POST", f"interviews/{interview}/chat", said, headers={})
    reads_notes = event._reads_notes

    async def then_removed(*arguments: Any) -> bool:
        found = await reads_notes(*arguments)
        await site.call("POST", f"/api/v1/interviews/{interview}/participants/{ben}/remove", {"on_behalf_of": OWNER})
        return found

    monkeypatch.setattr(event, "_reads_notes", then_removed)
    session = await site.session("ben@example.org")
    async with listening(site, f"/api/v1/interviews/{interview}/events", **session) as events:
        assert await events.ended() == ""


async def test_what_is_decided_about_a_member_is_heard_at_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A11: without waiting until his stream, which has no ticket, is looked at again anyway."""
    monkeypatch.setattr(event, "_CHECK_S", 3600.0)
    interview = await site.create()
    await site.join(interview, "interviewer")
    await site.link("ben@example.org", MemberRole.MEMBER)
    ben = (await site.join(interview, "interviewer", on_behalf_of="ben@example.org"))["participant_id"]
    session = await site.session("ben@example.org")
    for decision in ("remove", "readmit", "remove"):
        async with listening(site, f"/api/v1/interviews/{interview}/events", **session) as events:
            assert (await events.next())[0] == "snapshot"
            path = f"/api/v1/interviews/{interview}/participants/{ben}/{decision}"
            assert (await site.call("POST", path, {"on_behalf_of": OWNER})).status_code == 204
            await events.ended()


async def test_a_silent_database_cuts_nobody_off(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event, "_CHECK_S", 0.01)
    interview = await site.create()
    url = (await site.join(interview, "candidate"))["events_url"]

    async def locked(*_: object) -> None:
        raise OperationalError("SELECT 1", {}, Exception("disk I/O error"))

    async with listening(site, url) as events:
        assert (await events.next())[0] == "snapshot"
        monkeypatch.setattr(type(site.panelroom.rooms), "participant_of", locked)
        for _ in range(3):
            assert await events.raw() == ": "


async def test_silence_is_broken(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event, "_CHECK_S", 0.01)
    interview = await site.create()
    url = (await site.join(interview, "candidate"))["events_url"]
    async with listening(site, url) as events:
        assert (await events.next())[0] == "snapshot"
        assert await events.raw() == ": "


async def test_a_listener_that_goes_is_forgotten(site: Site) -> None:
    interview = await site.create()
    url = (await site.join(interview, "candidate"))["events_url"]
    log = await site.panelroom.journal.open(interview)
    async with listening(site, url) as events:
        await events.next()
        assert len(log.subscriptions) == 1
    async with asyncio.timeout(5):
        while log.subscriptions:  # noqa: ASYNC110 - the journal tells nobody of it
            await asyncio.sleep(0)


async def test_whether_the_server_saves_concerns_everybody(site: Site) -> None:
    """B2: also a member who watches without a ticket, whoever waits to be let in, and rooms where nobody types."""
    one, other = await site.create(lobby=True), await site.create()
    waits = await site.join(one, "guest")
    session = await site.session()
    path = f"/api/v1/interviews/{other}/events"
    async with listening(site, waits["events_url"]) as line, listening(site, path, **session) as member:
        readers = (line, member)
        snapshots = [(await events.next())[2] for events in readers]
        assert [snapshot["admission"] and snapshot["admission"]["state"] for snapshot in snapshots] == ["waiting", None]
        assert all(snapshot["is_saving"] is True for snapshot in snapshots)
        writing = site.panelroom.database.writing
        with capture_logs():
            async with writing() as connection:
                await connection.execute(text(FULL))
            site.panelroom.journal.append(await site.panelroom.journal.open(other), other, "ada", b"")
            for events in readers:
                assert await events.next() == ("saving.changed", None, {"is_saving": False})
            async with listening(site, path, **session) as late:
                assert (await late.next())[2]["is_saving"] is False
            async with writing() as connection:
                await connection.execute(text("DROP TRIGGER full"))
            for events in readers:
                assert await events.next() == ("saving.changed", None, {"is_saving": True})

"""Who may write what: decided on the server, for each connection and document."""

import pytest

from tests.support import wire
from tests.support.api import Api
from tests.support.crowd import Crowd
from tests.support.dialogue import Dialogue, close_code_of
from tests.support.keystroke import keystrokes
from tests.support.server import Server

pytestmark = pytest.mark.anyio

CANARY = "canary-7f3b"


@pytest.mark.parametrize("kind", [wire.UPDATE, wire.STEP_2])
async def test_an_observer_is_told_that_he_may_not_write(crowd: Crowd, api: Api, interview: str, kind: int) -> None:
    await crowd.join("Cleo", "candidate")
    observer = await crowd.join("Olga", "observer")
    assert crowd.admitted["Olga"].state == "observing"
    assert crowd.admitted["Olga"].may_write == {interview: False}
    await crowd.type("Cleo", "seen")
    await crowd.settle()
    heard = len(crowd["Cleo"].frames)
    counted = observer.confirmed
    await observer.send(*(wire.sync(kind, update) for update in keystrokes("no")))
    await crowd.until(lambda: len(observer.denials) == 2, "both writes are denied")
    await crowd.type("Cleo", "!")
    await crowd.until(lambda: str(observer) == "seen!" and crowd["Cleo"].settled, "the observer still follows")
    assert observer.confirmed == counted
    assert [frame for frame in crowd["Cleo"].frames[heard:] if frame[0] == wire.SYNC] == []
    assert await api.text(interview) == "seen!"
    assert await api.replay(interview) == "seen!"


async def test_notes_are_for_interviewers(api: Api, interview: str) -> None:
    inside = await api.join(interview, "interviewer")
    assert set(inside.urls) == {interview, f"{interview}.notes"}
    assert all(inside.may_write.values())
    outside = [await api.join(interview, role, role) for role in ("candidate", "guest", "observer")]
    assert all(set(admitted.urls) == {interview} for admitted in outside)
    async with Crowd(api, interview, notes=True) as notes, Crowd(api, interview) as code:
        await notes.join("Olga", "interviewer")
        for role in ("candidate", "guest", "observer"):
            await code.join(role, role)
        await notes.type("Olga", CANARY)
        assert await notes.settle() == CANARY
        await code.type("candidate", "code")
        await code.type("guest", "code")
        await code.until(lambda: all(str(peer) == "codecode" for peer in code.peers.values()), "the code is there")
        for peer in code.peers.values():
            assert not [frame for frame in peer.frames if CANARY.encode() in frame]
    for admitted in outside:
        assert await close_code_of(admitted.code.replace("?", ".notes?")) == 4404
    await api.until_text(interview, "codecode")


async def test_the_name_in_the_presence_is_the_servers(crowd: Crowd) -> None:
    await crowd.join("Ann")
    ben = await crowd.join("Ben")
    liar = wire.awareness([(ben.document.client_id, 7, {"user": {"name": "Ann", "color": "red"}, "cursor": None})])
    stranger = wire.awareness([(4711, 1, {"user": {"name": "Nobody"}, "cursor": None})])
    await ben.send(liar, stranger)
    await crowd.type("Ben", "x")
    await crowd.settle()
    await crowd.until(lambda: ben.document.client_id in crowd["Ann"].presence, "Ann sees Ben")
    for peer in crowd.peers.values():
        entries = [entry for frame in peer.frames if frame[0] == wire.AWARENESS for entry in wire.read_awareness(frame)]
        assert peer.document.client_id not in {client_id for client_id, _, _ in entries}
    seen = crowd["Ann"].presence
    assert set(seen) == {ben.document.client_id}
    user = seen[ben.document.client_id]["user"]
    assert user["name"] == "Ben"
    assert user["id"] == crowd.admitted["Ben"].participant_id
    assert user["role"] == "guest"


async def test_who_leaves_is_gone_from_everybodys_presence(crowd: Crowd) -> None:
    await crowd.join("Ann")
    await crowd.join("Ben")
    await crowd.until(lambda: len(crowd["Ann"].presence) == 1, "Ann sees Ben")
    await crowd.drop("Ben")
    await crowd.until(lambda: not crowd["Ann"].presence, "Ben's entry is gone")
    await crowd.rejoin("Ben")
    await crowd.until(lambda: len(crowd["Ann"].presence) == 1, "Ben is seen again")


async def test_tickets_open_only_their_own_documents(api: Api, interview: str, server: Server) -> None:
    mine = await api.join(interview, "candidate", "Cleo")
    elsewhere = await api.create()
    theirs = await api.join(elsewhere, "candidate", "Carl")
    base = mine.code.split("?")[0]
    assert await close_code_of(f"{base}?ticket={theirs.ticket}") == 4404
    assert await close_code_of(base.replace(interview, "no-such-document") + f"?ticket={mine.ticket}") == 4404
    for wrong in ("", "?ticket=wrong", f"?ticket={server.key}", f"?ticket={mine.participant_id}"):
        assert await close_code_of(base + wrong, origin=server.url) == 4401, wrong


async def test_only_the_own_origin_may_connect(api: Api, interview: str, server: Server) -> None:
    url = (await api.join(interview, "candidate", "Cleo")).code
    for origin in (None, server.url):
        async with Dialogue(url, origin=origin) as socket:
            await socket.echo()
    for number, origin in enumerate(
        (
            "http://evil.example",
            "null",
            f"https://127.0.0.1:{server.port}",
            "http://127.0.0.1:1",
            server.url + ".evil.example",
        )
    ):
        fresh = (await api.join(interview, "guest", f"Guest {number}")).code
        assert await close_code_of(fresh, origin=origin) == 4403, origin

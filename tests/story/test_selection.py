"""What people select is in the interview's record, in the order in which it happened, and only there."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.api import Api, RecordedEntry
from tests.support.crowd import Crowd
from tests.support.peer import Peer
from tests.support.server import Server

pytestmark = pytest.mark.anyio


def from_to(peer: Peer, anchor: int, head: int) -> dict[str, Any]:
    """Of what this peer has written, by its clocks."""

    def place(clock: int) -> dict[str, Any]:
        item = {"client": peer.document.client_id, "clock": clock}
        return {"type": None, "tname": "source", "item": item, "assoc": 0}

    return {"anchor": place(anchor), "head": place(head)}


def selections(entries: list[RecordedEntry]) -> list[tuple[str, Any]]:
    return [(entry.delivered_by, entry.event) for entry in entries if entry.kind == "selection"]


async def until_recorded(
    api: Api, interview: str, done: Callable[[list[RecordedEntry]], object]
) -> list[RecordedEntry]:
    async with asyncio.timeout(20):
        while not done(entries := await api.entries(interview)):
            pass
    return entries


async def test_what_people_select_is_on_record(crowd: Crowd, api: Api, interview: str) -> None:
    """Row A48: in UTF-16 units of the text of just then, also of who leaves at once; never of who only watches."""
    cleo, gus, oz = [await crowd.join(*who) for who in (("Cleo", "candidate"), ("Gus",), ("Oz", "observer"))]
    await crowd.type("Cleo", "one 😀 two")
    await crowd.settle()
    await crowd.type("Gus", "é", at=0)
    await crowd.settle()
    ids = {name: crowd.admitted[name].participant_id for name in ("Cleo", "Gus")}
    await oz.announce(from_to(cleo, 0, 3))
    await cleo.announce(from_to(cleo, 4, 7))
    wanted = {"root": "source", "anchor": 5, "head": 8}
    entries = await until_recorded(api, interview, selections)
    assert selections(entries) == [(ids["Cleo"], wanted)]
    assert (entries[-1].kind, entries[-1].document) == ("selection", interview)

    await crowd.type("Gus", "before ", at=0)
    await gus.announce(from_to(cleo, 0, 3))
    await crowd.go_offline("Gus")
    entries = await until_recorded(api, interview, lambda entries: len(selections(entries)) == 2)
    assert selections(entries)[1] == (ids["Gus"], {"root": "source", "anchor": 8, "head": 11})
    await crowd.type("Cleo", "!")
    await crowd.settle()
    await api.until_text(interview, str(cleo))
    assert await api.replay(interview) == str(cleo)
    document = (await api.recording(interview))["documents"][0]
    assert document["entries"] == len(await api.updates(interview))


async def test_finish_comes_after_what_was_selected(crowd: Crowd, api: Api, interview: str) -> None:
    cleo = await crowd.join("Cleo", "candidate")
    await crowd.join("Olga", "interviewer")
    await crowd.type("Cleo", "a text")
    await crowd.settle()
    await cleo.announce(from_to(cleo, 2, 5))
    await crowd.until(lambda: _is_seen(crowd["Olga"], cleo), "Olga sees it")
    await api.finish(interview)
    entries = await api.entries(interview)
    assert selections(entries) == [(crowd.admitted["Cleo"].participant_id, {"root": "source", "anchor": 2, "head": 5})]
    kinds = [entry.kind for entry in entries if not entry.kind.startswith("participant.")]
    assert kinds[-2:] == ["selection", "interview.finished"]


async def test_selections_in_the_notes_are_theirs(api: Api, interview: str) -> None:
    """They are in the notes' record alone, and no room event."""
    async with Crowd(api, interview, notes=True) as notes, Crowd(api, interview) as code:
        await code.join("Cleo", "candidate")
        olga = await notes.join("Olga", "interviewer")
        await notes.type("Olga", "a note")
        await notes.settle()
        await olga.announce(from_to(olga, 0, 1))
        entries = await until_recorded(api, interview, selections)
        assert [entry.document for entry in entries if entry.kind == "selection"] == [f"{interview}.notes"]
        assert selections(await api.entries(interview, interview)) == []
        assert [frame for frame in code["Cleo"].frames if b"selection" in frame] == []
        answer = await api.http.get(f"/api/v1/interviews/{interview}/recording/file", headers=api.signed)
        assert b'"selection"' not in answer.content


async def test_a_room_with_selections_comes_back_after_a_crash(mortal: Server) -> None:
    async with Api(mortal) as api:
        interview = await api.create()
        async with Crowd(api, interview) as crowd:
            cleo = await crowd.join("Cleo", "candidate", faithful=True)
            await crowd.type("Cleo", "a text")
            await crowd.settle()
            await cleo.announce(from_to(cleo, 0, 1))
            before = await until_recorded(api, interview, selections)
            mortal.kill()
            mortal.start()
            await crowd.type("Cleo", " and more")
            await crowd.until(lambda: cleo.online and cleo.settled, "she is back")
            assert await crowd.settle() == "a text and more"
            await cleo.announce(from_to(cleo, 0, 2))
            after = await until_recorded(api, interview, lambda entries: len(selections(entries)) == 2)
            assert after[: len(before)] == before
            assert await api.replay(interview) == await api.text(interview) == "a text and more"


def _is_seen(peer: Peer, other: Peer) -> bool:
    state = peer.presence.get(other.document.client_id)
    return state is not None and state["cursor"] is not None

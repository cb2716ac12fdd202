"""People type into one room: everybody has the same text, and the journal has every update."""

import pytest
from pycrdt import Doc, Text

from tests.support.api import Api
from tests.support.crowd import Crowd

pytestmark = pytest.mark.anyio


async def test_three_people_type_at_once(crowd: Crowd, api: Api, interview: str) -> None:
    await crowd.join("Cleo", "candidate")
    await crowd.join("Olga", "interviewer")
    await crowd.join("Gus", "guest")
    for turn in range(20):
        for name in ("Cleo", "Olga", "Gus"):
            await crowd.type(name, f"{name[0]}{turn} ", at=0)
    text = await crowd.settle()
    assert sorted(text.split()) == sorted(f"{letter}{turn}" for letter in "COG" for turn in range(20))
    assert await api.replay(interview) == text


async def test_the_journal_has_the_exact_bytes_and_who_brought_them(api: Api, interview: str) -> None:
    async with Crowd(api, interview) as crowd:
        roles = {"Cleo": "candidate", "Olga": "interviewer"}
        sent: dict[str, list[bytes]] = {}
        for name, role in roles.items():
            await crowd.join(name, role)
            await crowd.settle()
        for name in roles:
            for letter in "abc":
                await crowd.type(name, letter)
            await crowd.settle()
            sent[name] = crowd[name].durable[-3:]
    people = {person["role"]: person["id"] for person in (await api.recording(interview))["participants"]}
    entries = await api.entries(interview)
    assert [entry.entry for entry in entries] == list(range(1, len(entries) + 1))
    times = [entry.at_ms for entry in entries]
    assert times == sorted(times)
    assert all(time % 10 == 0 for time in times)
    assert "participant.entered" in {entry.kind for entry in entries}
    for name, role in roles.items():
        brought = [entry for entry in entries if entry.kind == "update" and entry.delivered_by == people[role]]
        assert [entry.update for entry in brought] == sent[name]
        assert {entry.document for entry in brought} == {interview}


async def test_the_text_at_a_time_is_the_replay_up_to_it(crowd: Crowd, api: Api, interview: str) -> None:
    await crowd.join("Cleo", "candidate")
    for number in range(30):
        await crowd.type("Cleo", f"{number}\n", at=0)
        await crowd.settle()
    updates = await api.updates(interview)
    replayed: Doc[Text] = Doc()
    text = replayed.get("source", type=Text)
    for number, entry in enumerate(updates):
        assert entry.update is not None
        replayed.apply_update(entry.update)
        if number + 1 == len(updates) or updates[number + 1].at_ms > entry.at_ms:
            assert await api.text_at(interview, entry.at_ms) == (entry.entry, {"source": str(text)})


async def test_emoji_line_ends_pastes_and_undo(crowd: Crowd) -> None:
    await crowd.join("Cleo", "candidate")
    await crowd.join("Gus")
    await crowd.paste("Cleo", "naïve 😀\r\n👩‍👩‍👧 done\r\n")
    await crowd.settle()
    await crowd.type("Gus", "𝒳", at=7)
    await crowd.delete("Cleo", 6)
    await crowd.settle()
    await crowd.type("Gus", "gone", at=0)
    assert await crowd.undo("Gus")
    assert await crowd.settle() == "naïve 𝒳\r\n👩‍👩‍👧 done\r\n"


async def test_who_comes_late_gets_everything(crowd: Crowd) -> None:
    await crowd.join("Cleo", "candidate")
    await crowd.type("Cleo", "x" * 1000)
    await crowd.delete("Cleo", 10, 900)
    await crowd.settle()
    late = await crowd.join_late("Gus")
    assert str(late) == "x" * 100
    await crowd.settle()


async def test_edits_made_without_a_connection_arrive_later(crowd: Crowd) -> None:
    for name in ("Ann", "Ben", "Cid"):
        await crowd.join(name)
    await crowd.type("Ann", "start\n")
    await crowd.settle()
    await crowd.go_offline("Ben")
    await crowd.drop("Cid")
    await crowd.type("Ben", "ben was away\n")
    await crowd.type("Cid", "cid was away\n")
    await crowd.delete("Ann", 0, 5)
    await crowd.rejoin("Ben")
    text = await crowd.settle()
    assert sorted(text.splitlines()) == ["", "ben was away", "cid was away"]


async def test_a_delayed_peer_catches_up_without_disturbing(crowd: Crowd) -> None:
    for name in ("Ann", "Ben"):
        await crowd.join(name)
    crowd.delay("Ben")
    for number in range(50):
        await crowd.type("Ann", f"a{number} ")
        await crowd.type("Ben", f"b{number} ")
    await crowd.release("Ben")
    assert len((await crowd.settle()).split()) == 100


async def test_updates_that_overtake_each_other_are_asked_for_again(crowd: Crowd, api: Api, interview: str) -> None:
    for name in ("Ann", "Ben"):
        await crowd.join(name)
    await crowd.settle()
    crowd.delay("Ben")
    for letter in "abcdef":
        await crowd.type("Ben", letter)
    crowd["Ben"].overtake()
    await crowd.release("Ben")
    assert await crowd.settle() == "abcdef"
    assert crowd["Ben"].connections == 1
    assert await api.replay(interview) == "abcdef"


async def test_two_windows_of_one_participant(api: Api, interview: str) -> None:
    async with Crowd(api, interview) as crowd:
        first = await crowd.join("Cleo", "candidate")
        await crowd.again("Cleo", "Cleo's tablet")
        await crowd.type("Cleo", "one ")
        await crowd.settle()
        await crowd.type("Cleo's tablet", "two")
        assert await crowd.settle() == "one two"
        people = (await api.recording(interview))["participants"]
        assert [person["role"] for person in people] == ["candidate"]
        delivered = {entry.delivered_by for entry in await api.updates(interview)}
        assert delivered == {people[0]["id"]}
        assert first.connections == 1

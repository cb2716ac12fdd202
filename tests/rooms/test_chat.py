"""What is said in a room: who may, who reads it, what is kept."""

from typing import Any

import pytest
from sqlalchemy import event

from collab.log import Entry
from rooms import chat
from rooms.audience import TO_ALL, TO_INTERVIEWERS, Viewer, told
from rooms.errors import InterviewFinished, InterviewUnknown, Muted, NotAnInterviewer, NotInside, TicketInvalid
from rooms.moderation import Change
from rooms.participant import Role
from rooms.policy import OverLimit
from rooms.service import Joined
from tests.rooms.conftest import House

pytestmark = pytest.mark.anyio

INTERVIEWER, OTHERS = Viewer(None, is_interviewer=True), Viewer(None, is_interviewer=False)


async def say(house: House, joined: Joined, text: str = "hello", to: str = TO_ALL) -> int:
    return await house.rooms.chat.say(joined.participant.interview_id, joined.ticket, text, to)


async def last(house: House, interview: str) -> Entry:
    return (await house.entries(interview))[-1]


async def test_a_message_is_on_record(house: House) -> None:
    """B5: chat is an event like everything else."""
    olga = await house.member()
    interview = await house.active(olga)
    guest = await house.join(interview, Role.GUEST, name="Gil")
    entry = await say(house, guest, "I like <b>maps</b> 🗺️\nוגם sets")
    said = await last(house, interview)
    assert (said.entry, said.kind, said.delivered_by) == (entry, "chat", guest.participant.id)
    async with house.database.reading() as connection:
        assert await chat.recent(connection, interview, OTHERS) == [
            {
                "entry": entry,
                "at_ms": said.at_ms,
                "from": {"id": guest.participant.id, "name": "Gil"},
                "text": "I like <b>maps</b> 🗺️\nוגם sets",
                "to": "all",
            }
        ]


async def test_the_last_messages_that_one_may_read(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat, "_RECENT", 5)
    olga = await house.member()
    interview = await house.interview(olga)
    inside = await house.join(interview, Role.INTERVIEWER, olga)
    for number in range(20):
        await say(house, inside, str(number), TO_ALL if number % 2 else TO_INTERVIEWERS)
    async with house.database.reading() as connection:
        everything = await chat.recent(connection, interview, INTERVIEWER)
        public = await chat.recent(connection, interview, OTHERS)
    assert [message["text"] for message in everything] == [str(number) for number in range(15, 20)]
    assert [message["text"] for message in public] == [str(number) for number in range(11, 20, 2)]


async def test_a_snapshot_has_room_for_many_messages_and_not_for_many_long_ones(house: House) -> None:
    """B4: who opens streams and reads none of them has a snapshot in the server's memory for each."""
    olga = await house.member()
    interview = await house.interview(olga)
    inside = await house.join(interview, Role.INTERVIEWER, olga)
    for number in range(20):
        await say(house, inside, f"{number} " + "😀" * 3_997)
    async with house.database.reading() as connection:
        found = await chat.recent(connection, interview, INTERVIEWER)
    numbers = [int(message["text"].split()[0]) for message in found]
    assert numbers == list(range(20 - len(numbers), 20)), "the newest ones, in order"
    assert 1 < len(numbers) < 10


async def test_messages_are_found_without_reading_the_log(house: House) -> None:
    """However long people have typed: by the index that has the messages only."""
    olga = await house.member()
    interview = await house.interview(olga)
    asked: list[tuple[str, Any]] = []
    async with house.database.reading() as connection:
        listener = connection.sync_connection
        assert listener is not None

        @event.listens_for(listener, "before_cursor_execute")
        def note(_: object, __: object, statement: str, parameters: Any, *___: object) -> None:
            asked.append((statement, parameters))

        await chat.recent(connection, interview, OTHERS)
        statement, parameters = next(each for each in asked if "ORDER BY" in each[0])
        plan = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)).all()
    assert [step.detail for step in plan] == ["SEARCH entry USING INDEX entry_chat (log=?)"]


async def test_who_may_not_say_anything(house: House) -> None:
    olga = await house.member()
    interview = await house.interview(olga, limits={"guests": 1, "over_limit": OverLimit.WAIT})
    candidate = await house.join(interview, Role.CANDIDATE)
    guest = await house.join(interview, Role.GUEST)
    waiting = await house.join(interview, Role.GUEST)
    watching = await house.join(interview, Role.OBSERVER, olga)
    inside = await house.join(interview, Role.INTERVIEWER, olga)
    for joined in (candidate, guest, watching):
        with pytest.raises(NotAnInterviewer):
            await say(house, joined, to=TO_INTERVIEWERS)
    for joined in (waiting, watching):
        with pytest.raises(NotInside):
            await say(house, joined)
    for joined in (candidate, guest, inside):
        await say(house, joined)
    await house.rooms.moderation.change(olga, interview, guest.participant.id, Change(muted=True, reason="Shouting."))
    with pytest.raises(Muted, match=r"An interviewer muted you: Shouting\. You can read, but not write\."):
        await say(house, guest)
    elsewhere = await house.join(await house.interview(olga), Role.CANDIDATE)
    for ticket in ("", "x", elsewhere.ticket):
        with pytest.raises(TicketInvalid):
            await house.rooms.chat.say(interview, ticket, "hello", TO_ALL)
    await house.rooms.leave(interview, guest.ticket)
    with pytest.raises(NotInside):
        await say(house, guest)
    said = [entry for entry in await house.entries(interview) if entry.kind == "chat"]
    assert len(said) == 3


async def test_nothing_is_said_when_it_is_over(house: House) -> None:
    olga = await house.member()
    interview = await house.active(olga)
    candidate = await house.join(interview, Role.CANDIDATE)
    await house.rooms.lifecycle.finish(olga, interview)
    with pytest.raises(InterviewFinished):
        await say(house, candidate)
    await house.rooms.lifecycle.reopen(olga, interview)
    await say(house, candidate)
    await house.rooms.lifecycle.cancel(olga, interview)
    with pytest.raises(InterviewUnknown):
        await say(house, candidate)


def test_what_is_kept_from_whom() -> None:
    private = {"text": "hm", "to": TO_INTERVIEWERS}
    assert told("chat", private, INTERVIEWER) == private
    assert told("chat", private, OTHERS) is None
    assert told("chat", {"text": "hm", "to": "something new"}, OTHERS) is None
    for kind in ("participant.changed", "participant.removed"):
        decided = {"id": "p", "reason": "why"}
        assert told(kind, decided, INTERVIEWER) == told(kind, decided, Viewer("p", is_interviewer=False)) == decided
        assert told(kind, decided, Viewer("q", is_interviewer=False)) == {"id": "p", "reason": None}
        assert told(kind, decided, OTHERS) == {"id": "p", "reason": None}
    here = {"id": "p", "devices": [{"id": "d", "browser": "Firefox", "since_ms": 1}]}
    for kind in ("participant.connected", "participant.devices", "participant.disconnected"):
        assert told(kind, here, INTERVIEWER) == here
        nothing = None if kind == "participant.devices" else {"id": "p", "devices": []}
        assert told(kind, here, OTHERS) == told(kind, here, Viewer("p", is_interviewer=False)) == nothing
    assert told("admission.changed", {"id": "p", "reason": "full"}, OTHERS) == {"id": "p", "reason": "full"}

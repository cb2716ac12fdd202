"""How a decision is taken: nobody writes behind it, it is taken to its end, and while it fails all write on."""

import asyncio
import gc
from dataclasses import replace
from typing import Any

import anyio
import pytest
import structlog
from sqlalchemy.exc import OperationalError

from collab.journal import Transaction
from collab.peer import Peer
from rooms.decision import Decisions
from rooms.errors import NotAnInterviewer
from rooms.moderation import Change
from rooms.participant import Role
from rooms.principal import Principal
from tests.rooms.conftest import House, Room

pytestmark = pytest.mark.anyio

MUTE = Change(muted=True, reason="one at a time")


@pytest.mark.parametrize("decision", ["mute", "demote", "remove"])
async def test_hushed_before_it_is_decided(
    house: House, room: Room, monkeypatch: pytest.MonkeyPatch, decision: str
) -> None:
    """Updates are queued behind whatever a transaction has begun with."""
    ben = (await room.join(Role.INTERVIEWER, room.ben)).participant.id
    live = await house.registry.open(room.id, room.id)
    peer = Peer(ben, {}, may_write=True)
    might_write: list[bool] = []
    append = Transaction.append

    async def spy(self: Transaction, *arguments: Any) -> int:
        might_write.append(peer.may_write)
        return await append(self, *arguments)

    monkeypatch.setattr(Transaction, "append", spy)
    with live.joined(peer):
        if decision == "remove":
            await room.moderation.remove(room.olga, room.id, ben)
        else:
            change = MUTE if decision == "mute" else Change(role=Role.OBSERVER)
            await room.moderation.change(room.olga, room.id, ben, change)
    assert might_write
    assert not any(might_write)


@pytest.mark.parametrize("moment", ["append", "committed"])
@pytest.mark.parametrize("decision", ["mute", "demote", "remove"])
async def test_decided_also_when_who_asked_hangs_up(
    house: House, room: Room, monkeypatch: pytest.MonkeyPatch, decision: str, moment: str
) -> None:
    """B4: before or behind the commit; who may not write by the record does not."""
    ben = (await room.join(Role.INTERVIEWER, room.ben)).participant.id
    live = await house.registry.open(room.id, room.id)
    peer = Peer(ben, {}, may_write=True)
    step = getattr(Transaction, moment)

    def hang_up(self: Transaction, *arguments: Any) -> Any:
        asking.cancel()
        return step(self, *arguments)

    monkeypatch.setattr(Transaction, moment, hang_up)
    change = MUTE if decision == "mute" else Change(role=Role.OBSERVER)
    with live.joined(peer):
        async with house.journal.subscribe(room.id) as events, asyncio.timeout(5):
            asking: asyncio.Task[Any] = asyncio.create_task(
                room.moderation.remove(room.olga, room.id, ben)
                if decision == "remove"
                else room.moderation.change(room.olga, room.id, ben, change)
            )
            await asyncio.wait([asking])
            await anext(events)
            assert asking.cancelled()
            assert not peer.may_write


async def test_while_it_fails_everybody_writes_on(house: House, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    guest = (await room.join(Role.GUEST)).participant.id
    live = await house.registry.open(room.id, room.id)
    peer = Peer(guest, {}, may_write=True)

    async def full(*_: object, **__: object) -> int:
        assert not peer.may_write, "hushed before it is decided"
        raise OperationalError("INSERT", {}, Exception("disk full"))

    async def writes(principal: Principal, change: Change) -> bool:
        """Whether the guest does, once that is decided, or failed."""
        try:
            await room.moderation.change(principal, room.id, guest, change)
        except (OperationalError, NotAnInterviewer):
            return peer.may_write
        return peer.may_write

    with live.joined(peer):
        with monkeypatch.context() as patch:
            patch.setattr(Transaction, "append", full)
            assert await writes(room.olga, MUTE)
        assert await writes(await house.member("otto@example.org"), MUTE)
        assert not await writes(room.olga, MUTE)
        assert await writes(room.olga, Change(muted=False))


@pytest.mark.parametrize("seats", [1, 2])
async def test_when_it_fails_what_is_due_by_then_holds(
    house: House, room: Room, monkeypatch: pytest.MonkeyPatch, seats: int
) -> None:
    """B4: another commit gives or takes the seat meanwhile; nobody is heard by it before it is decided."""
    ben = (await room.join(Role.INTERVIEWER, room.ben)).participant
    live = await house.registry.open(room.id, room.id)
    peer = Peer(ben.id, {}, may_write=True)
    append = Transaction.append

    async def full(self: Transaction, log_id: str, kind: str, *more: Any) -> int:
        if kind == "participant.changed":
            assert not peer.may_write
            raise OperationalError("INSERT", {}, Exception("disk full"))
        return await append(self, log_id, kind, *more)

    monkeypatch.setattr(Transaction, "append", full)
    interview = await house.rooms.interview_of(room.olga, room.id)
    limited = replace(interview, limits=replace(interview.limits, interviewers=seats))
    with live.joined(peer):
        async with asyncio.timeout(5), house.journal.transaction() as transaction:
            deciding = asyncio.create_task(room.moderation.change(room.olga, room.id, ben.id, MUTE))
            while peer.may_write:
                await anyio.lowlevel.checkpoint()
            await house.rooms.seats.ask(transaction, limited, ben)
        with pytest.raises(OperationalError):
            await deciding
        assert peer.may_write is (seats == 2)


@pytest.mark.parametrize("error", [NotAnInterviewer("no"), OperationalError("INSERT", {}, Exception("disk full"))])
async def test_what_fails_when_nobody_waits_is_told_once(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """A refusal concerns nobody but who asked; anything else is an error of the server's."""
    asked, decided = asyncio.Event(), asyncio.Event()
    complaints: list[dict[str, Any]] = []
    monkeypatch.setattr(asyncio.get_running_loop(), "call_exception_handler", complaints.append)

    async def decide() -> None:
        asked.set()
        await decided.wait()
        raise error

    decisions = Decisions()
    with structlog.testing.capture_logs() as logs:
        asking = asyncio.create_task(decisions.make(decide))
        await asked.wait()
        asking.cancel()
        await asyncio.wait([asking])
        decided.set()
        await decisions.make(_nothing)
        assert asking.cancelled()
        del asking  # which keeps the decision
        gc.collect()
    assert not complaints
    assert [entry["event"] for entry in logs] == ([] if isinstance(error, NotAnInterviewer) else ["decision failed"])


async def _nothing() -> None:
    """The next decision: the one before it has ended."""

"""Whoever subscribes to a log has its events from then on, without a hole, or is told that he is too slow."""

import asyncio
import contextlib
import json

import anyio
import pytest

from collab import log as log_module
from collab.errors import SubscriberTooSlow
from collab.journal import Journal
from collab.log import Entry

pytestmark = pytest.mark.anyio


async def test_a_subscription_has_the_events_from_now_on(journal: Journal) -> None:
    log = await journal.open("log")
    async with journal.transaction() as transaction:
        await transaction.append("log", "before", {})
    async with journal.subscribe("log") as one, journal.subscribe("log") as two:
        journal.append(log, "log", "ada", b"x")
        async with journal.transaction() as transaction:
            await transaction.append("log", "event", {"n": 1}, "ada")
            await transaction.append("other", "event", {"n": 2})
        for subscription in (one, two):
            assert await anext(subscription) == Entry("log", 3, 0, "", "ada", "event", b'{"n":1}')
    async with journal.transaction() as transaction:
        await transaction.append("log", "after", {})
    one.end()
    assert [event async for event in one] == []


async def test_what_was_rolled_back_is_never_told(journal: Journal) -> None:
    async def fail() -> None:
        async with journal.transaction() as transaction:
            await transaction.append("log", "event", {"n": 1})
            raise ZeroDivisionError

    async with journal.subscribe("log") as subscription:
        with pytest.raises(ZeroDivisionError):
            await fail()
        async with journal.transaction() as transaction:
            await transaction.append("log", "event", {"n": 2})
        assert (await anext(subscription)).payload == b'{"n":2}'


async def test_a_subscriber_that_waits_is_woken(journal: Journal) -> None:
    async with journal.subscribe("log") as subscription:
        waiting = asyncio.ensure_future(anext(subscription))
        await anyio.lowlevel.checkpoint()
        async with journal.transaction() as transaction:
            await transaction.append("log", "event", {})
        assert (await waiting).kind == "event"


async def test_too_slow(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_module, "_SUBSCRIPTION_LIMIT", 3)
    async with journal.subscribe("log") as slow, journal.subscribe("log") as fast:
        for number in range(5):
            async with journal.transaction() as transaction:
                await transaction.append("log", "event", {"n": number})
            assert json.loads((await anext(fast)).payload) == {"n": number}
        assert [json.loads((await anext(slow)).payload)["n"] for _ in range(3)] == [0, 1, 2]
        with pytest.raises(SubscriberTooSlow):
            await anext(slow)


async def test_too_slow_leaves_no_hole(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever takes some of what was kept, after more was dropped, must not go on as if nothing were missing."""
    monkeypatch.setattr(log_module, "_SUBSCRIPTION_LIMIT", 2)
    async with journal.subscribe("log") as slow:
        told: list[int] = []
        for number in range(4):
            async with journal.transaction() as transaction:
                await transaction.append("log", "event", {"n": number})
            if number == 2:
                told.append((await anext(slow)).entry)
        with contextlib.suppress(SubscriberTooSlow):
            while True:
                told.append((await anext(slow)).entry)
    assert told == list(range(1, len(told) + 1))


async def test_the_end(journal: Journal) -> None:
    async with journal.subscribe("log") as one, journal.subscribe("log") as two:
        waiting = asyncio.ensure_future(anext(two, None))
        async with journal.transaction() as transaction:
            await transaction.append("log", "event", {})
        assert await waiting is not None
        journal.end_subscriptions()
        assert [event.kind async for event in one] == ["event"]
        assert [event async for event in two] == []

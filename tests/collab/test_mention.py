"""What is told to those who listen now, and not kept."""

from pathlib import Path

import pytest

from collab.clock import Clock
from collab.journal import Journal
from collab.log import Entry
from tests.collab.room import a_database

pytestmark = pytest.mark.anyio


async def test_told_in_order_and_not_kept(tmp_path: Path) -> None:
    async with a_database(tmp_path) as database:
        journal = Journal(database, Clock())
        async with journal.subscribe("log") as subscription:
            async with journal.transaction() as transaction:
                await transaction.append("log", "one", {})
                await transaction.mention("log", "aside", {"who": "Zoë"})
                await transaction.append("log", "two", {})
            journal.end_subscriptions()
            told = [entry async for entry in subscription]
        assert [(entry.entry, entry.kind) for entry in told] == [(1, "one"), (0, "aside"), (2, "two")]
        assert told[1] == Entry("log", 0, 0, "", "", "aside", '{"who":"Zoë"}'.encode())
        assert [entry.kind for entry in await journal.entries("log")] == ["one", "two"]


async def test_not_told_where_the_transaction_fails(tmp_path: Path) -> None:
    async with a_database(tmp_path) as database:
        journal = Journal(database, Clock())

        async def fail() -> None:
            async with journal.transaction() as transaction:
                await transaction.mention("log", "aside", {})
                raise ZeroDivisionError

        async with journal.subscribe("log") as subscription:
            with pytest.raises(ZeroDivisionError):
                await fail()
            journal.end_subscriptions()
            assert [entry async for entry in subscription] == []

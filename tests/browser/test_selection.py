"""What is selected in the room's own editor is on record."""

import asyncio

import pytest

from tests.browser.person import House
from tests.support.api import Api

pytestmark = pytest.mark.anyio


async def test_what_one_selects_is_on_record(house: House, api: Api, interview: str) -> None:
    """A48: a selection by keyboard, emoji and all, and the caret after it; what one types says the rest."""
    cleo = await house.visitor(interview, "Cleo")
    await cleo.type("one 😀 two")
    await cleo.until_saved()
    for keys, wanted in (("Shift+Home", (10, 0)), ("ArrowLeft", (0, 0))):
        await cleo.page.keyboard.press(keys)
        async with asyncio.timeout(20):
            while await selected(api, interview) != wanted:
                pass


async def selected(api: Api, interview: str) -> tuple[int, int] | None:
    """Anchor and head of the last one."""
    found = [each.event for each in await api.entries(interview) if each.kind == "selection"]
    return (found[-1]["anchor"], found[-1]["head"]) if found and found[-1] is not None else None

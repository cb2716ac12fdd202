"""What the page says while the server cannot save (catalogue rows 3 and 4)."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from playwright.async_api import expect

from tests.browser.person import House, Person
from tests.support.api import Api
from tests.support.server import Server
from tests.support.trouble import locked, unwritable

pytestmark = pytest.mark.anyio

UNSAVED = "The server cannot save at the moment."

Trouble = Callable[[Server], AbstractContextManager[None]]


@pytest.mark.parametrize("trouble", [locked, unwritable])
async def test_everybody_is_told_and_goes_on_typing(house: House, api: Api, interview: str, trouble: Trouble) -> None:
    """B2: who has typed nothing too; who comes meanwhile is let in when it is over, without doing anything."""
    cleo = await house.visitor(interview, "Cleo")
    olga = await house.interviewer(interview)
    await cleo.type("before")
    await olga.until_text("before")
    await cleo.until_saved()
    late = await house.window()
    await late.goto(f"{house.server.url}/i/{interview}")
    banners = [person.page.locator(".banner") for person in (cleo, olga)]
    pill = cleo.page.locator(".saved")
    await expect(pill).to_contain_text("Saved")
    with trouble(house.server):
        await cleo.type(", meanwhile")
        for banner in banners:
            await expect(banner).to_contain_text(UNSAVED)
        await expect(pill).to_contain_text("not saved")
        await olga.until_text("before, meanwhile")
        await olga.type("!")
        await late.get_by_label("Your name").fill("Gus")
        await late.get_by_label("a guest").check()
        await late.get_by_role("button", name="Enter the room").click()
        await expect(late.locator("body")).to_contain_text("tries again by itself")
        assert (await cleo.state())["saved"]["kind"] == "saving"
        assert await api.text(interview) == "before"
    for banner in banners:
        await expect(banner).to_be_hidden()
    for person in (cleo, olga):
        await person.until_saved()
    gus = Person(late)
    text = await cleo.text()
    await gus.until_text(text)
    assert sorted(text) == sorted("before, meanwhile!")
    await olga.until_text(text)
    assert await api.text(interview) == await api.replay(interview) == text

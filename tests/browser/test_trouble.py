"""What the page says while the server cannot save, and of a document that it cannot read (catalogue rows 3 and 4)."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path

import pytest
from anyio import to_thread
from playwright.async_api import Browser, expect

from tests.browser.person import House, Person
from tests.support.api import Api
from tests.support.crowd import Crowd
from tests.support.server import Server
from tests.support.trouble import locked, unwritable

pytestmark = pytest.mark.anyio

UNSAVED = "The server cannot save at the moment."
DAMAGED = "was damaged on the server and can only be read"

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


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Server]:
    """Its database may be damaged."""
    server = Server(tmp_path / "data")
    server.start()
    yield server
    server.kill()


async def test_a_damaged_document(browser: Browser, own: Server) -> None:
    """Whose page was open is told, with what it had more to be copied; who comes anew reads what is left."""
    house = House(browser, own)
    async with Api(own) as api:
        interview = await api.create()
        cleo = await house.visitor(interview, "Cleo")
        await cleo.type("what is whole")
        await cleo.until_saved()
        await cleo.type(", and what is not")
        await cleo.until_saved()
        (whole, *_) = [each for each in await api.updates(interview) if each.update is not None][12:]
        own.kill()
        with closing(sqlite3.connect(own.data / "panelroom.db", isolation_level=None)) as database:
            query = "UPDATE entry SET payload = x'01ff' WHERE log = ? AND entry > ? AND kind = 'update'"
            database.execute(query, (interview, whole.entry))
        await to_thread.run_sync(own.start)
        await expect(cleo.page.locator(".banner")).to_contain_text(DAMAGED)
        await expect(cleo.page.locator(".lost-text")).to_have_value(re.compile("what is whole, and what is not"))
        async with Crowd(api, interview) as crowd:
            assert str(await crowd.join("Gus", "guest")) in "what is whole"
    await house.close()

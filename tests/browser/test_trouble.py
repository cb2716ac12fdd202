"""What the page says while the server cannot save, and of a document that it cannot read (catalogue rows 3 and 4)."""

import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager, closing

import pytest
from anyio import to_thread
from playwright.async_api import Browser, expect

from tests.browser.person import House, Person
from tests.browser.test_accessibility import looked_at
from tests.support.api import Api
from tests.support.crowd import Crowd
from tests.support.server import Server
from tests.support.trouble import locked, unwritable

pytestmark = pytest.mark.anyio

UNSAVED = "The server cannot save at the moment."
NO_EVENTS = "if (localStorage.getItem('waits')) window.EventSource = class extends EventTarget { close() {} }"
DAMAGED = "was damaged on the server and can only be read"

Trouble = Callable[[Server], AbstractContextManager[None]]


async def test_everybody_is_told_and_goes_on_typing(house: House, api: Api, interview: str) -> None:
    """B2: who has typed nothing too; who comes meanwhile is let in when it is over, without doing anything."""
    cleo = await house.visitor(interview, "Cleo")
    olga = await house.interviewer(interview)
    await trouble_for(house, api, interview, cleo, olga, locked)
    await olga.page.keyboard.press("Control+a")
    await olga.page.keyboard.press("Delete")
    await cleo.until_text("")
    await trouble_for(house, api, interview, cleo, olga, unwritable)


async def trouble_for(house: House, api: Api, interview: str, cleo: Person, olga: Person, trouble: Trouble) -> None:
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
        if trouble is locked:
            assert not await looked_at(cleo.page)
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


async def test_a_damaged_document(browser: Browser, frail: Server) -> None:
    """B2: a page that has more than the server keeps it, over a reload too, and brings it after the repair."""
    house = House(browser, frail)
    async with Api(frail) as api:
        interview = await api.create()
        page = await house.window()
        await page.add_init_script(NO_EVENTS)
        cleo = await house.visitor(interview, "Cleo", page=page)
        banner = cleo.page.locator(".banner")
        content = cleo.page.locator(".pane-code .cm-editor:not([hidden]) .cm-content")
        await cleo.type("what is whole")
        await cleo.until_saved()
        await cleo.type(", what is not")
        await cleo.until_saved()
        (whole, *_) = [each for each in await api.updates(interview) if each.update is not None][12:]
        frail.kill()
        await cleo.type(", what is new")
        text = "what is whole, what is not, what is new"
        with closing(sqlite3.connect(frail.data / "panelroom.db")) as database:
            lost = "log = ? AND entry > ? AND kind = 'update'"
            query = f"SELECT payload, log, entry FROM entry WHERE {lost}"
            kept = database.execute(query, (interview, whole.entry)).fetchall()
            database.execute(f"UPDATE entry SET payload = x'01ff' WHERE {lost}", (interview, whole.entry))
            database.commit()
        await to_thread.run_sync(frail.start)
        await cleo.until("room.state().connection === 'synchronised'")
        await expect(banner).to_contain_text(DAMAGED)
        await expect(banner).to_contain_text("More of it is here than on the server. This browser keeps it")
        await expect(cleo.page.locator(".saved")).to_have_text("Damaged")
        await expect(content).to_have_attribute("aria-readonly", "true")
        await cleo.until_text(text)
        assert not await looked_at(cleo.page)
        async with Crowd(api, interview) as crowd:
            assert str(await crowd.join("Gus", "guest")) in "what is whole"
        for waits in ("1", ""):  # the denial alone is enough: the events may come later
            await cleo.page.evaluate("(waits) => localStorage.setItem('waits', waits)", waits)
            await cleo.page.reload()
            await expect(banner).to_contain_text("This browser keeps it")
            await cleo.until_text(text)
        await to_thread.run_sync(frail.stop)
        with closing(sqlite3.connect(frail.data / "panelroom.db")) as database:
            database.executemany("UPDATE entry SET payload = ? WHERE log = ? AND entry = ?", kept)
            database.commit()
        await to_thread.run_sync(frail.start)
        await cleo.until_saved()
        await expect(banner).to_be_hidden()
        await expect(cleo.page.locator(".lost-text")).to_have_count(0)
        await cleo.focus()
        await cleo.page.keyboard.press("Control+End")
        await cleo.type("!")
        await cleo.until_saved()
        assert await api.text(interview) == await api.replay(interview) == await cleo.text() == f"{text}!"
    await house.close()

"""The room in real browser windows."""

import asyncio
import time

import pytest
from anyio import to_thread
from playwright.async_api import Browser, expect

from tests.browser.person import House, Person
from tests.support.api import Api
from tests.support.crowd import Crowd
from tests.support.server import Server

pytestmark = pytest.mark.anyio

LINES = 120
# Where on the screen the line with the selection stands.
TOP = "Math.round(getSelection().anchorNode.parentElement.closest('.cm-line').getBoundingClientRect().top)"


async def test_three_people_type_at_once(house: House, api: Api, interview: str) -> None:
    people = {
        "a": await house.visitor(interview, "Cleo"),
        "b": await house.interviewer(interview),
        "c": await house.visitor(interview, "Gus", "guest"),
    }
    await asyncio.gather(*(person.type(f"{letter * 9} " * 6) for letter, person in people.items()))
    for person in people.values():
        await person.until("room.text().length === 180")
        await person.until_saved()
    texts = {await person.text() for person in people.values()}
    assert len(texts) == 1
    text = texts.pop()
    assert all(text.count(letter) == 54 for letter in people)
    assert await api.text(interview) == text
    assert await api.replay(interview) == text
    roster = people["a"].page.get_by_role("list", name="People in this room")
    for name in ("Cleo", "Olga Owner", "Gus"):
        await expect(roster.get_by_text(name)).to_have_count(1)


@pytest.mark.parametrize("away_s", [2, pytest.param(60, marks=pytest.mark.long)])
async def test_who_was_offline_comes_back_with_nothing_lost(
    house: House, api: Api, interview: str, away_s: float
) -> None:
    cleo = await house.visitor(interview, "Cleo")
    olga = await house.interviewer(interview)
    await cleo.type("together ")
    await olga.until_text("together ")
    await cleo.context.set_offline(True)
    await cleo.until("room.state().connection === 'offline'")
    until = time.monotonic() + away_s
    while time.monotonic() < until:
        await cleo.type("away ")
        await olga.type("here ")
    await cleo.until("room.state().saved.kind !== 'saved'")
    assert "away" not in await olga.text()
    await olga.until_saved()
    await cleo.context.set_offline(False)
    await cleo.until_saved()
    text = await cleo.text()
    assert "away" in text
    assert "here" in text
    await olga.until_text(text)
    assert await api.text(interview) == text


async def test_a_browser_meets_peers_of_another_make(house: House, crowd: Crowd, interview: str) -> None:
    cleo = await house.visitor(interview, "Cleo")
    await crowd.join("Gus")
    await crowd.paste("Gus", "naïve 😀\r\n")
    await cleo.until("room.text().includes('naïve')")
    await cleo.page.keyboard.press("Control+End")
    await cleo.type("from a page")
    await cleo.until_saved()
    text = await crowd.settle(strangers=True)
    assert text == await cleo.text()
    assert "from a page" in text


async def test_anothers_typing_moves_neither_scroll_nor_selection(house: House, crowd: Crowd, interview: str) -> None:
    await crowd.join("Gus")
    await crowd.paste("Gus", "".join(f"line {number}\n" for number in range(LINES)))
    cleo = await house.visitor(interview, "Cleo")
    await cleo.until(f"room.text().split('\\n').length === {LINES + 1}")
    line = await select_line(cleo, LINES // 2)
    await cleo.until("getSelection().toString() === argument", f"line {line}")
    await cleo.drawn()
    top = await cleo.page.evaluate(TOP)
    for number in range(20):
        await crowd.type("Gus", f"above {number}\n", at=0)
        await crowd.type("Gus", f"below {number}\n")
    await crowd.delete("Gus", 0, 30)
    await cleo.until("room.text() === argument", str(crowd["Gus"]))
    await cleo.until("getSelection().toString() === argument", f"line {line}")
    await cleo.until(f"Math.abs({TOP} - argument) <= 1", top)  # a line's height is no whole number of pixels
    await cleo.page.keyboard.press("ArrowRight")
    await cleo.type("!")
    await cleo.until("room.text().includes(argument)", f"\nline {line}!\n")


async def select_line(person: Person, wanted: int) -> int:
    """Scrolls to the middle and selects a line with the mouse; its number."""
    line = person.page.get_by_text(f"line {wanted}", exact=True)
    await person.page.locator(".pane-code .cm-content").focus()
    await person.page.keyboard.press("Control+Home")
    for _ in range(LINES):
        if await line.is_visible():  # only what is near is in the page
            break
        await person.page.keyboard.press("PageDown")
    await line.dblclick(position={"x": 4, "y": 4})
    await person.page.keyboard.press("Home")
    await person.page.keyboard.press("Shift+End")
    return wanted


async def test_a_page_outlives_the_crash_of_the_server(browser: Browser, mortal: Server) -> None:
    house = House(browser, mortal)
    async with Api(mortal) as api:
        interview = await api.create()
        cleo = await house.visitor(interview, "Cleo")
        gus = await house.visitor(interview, "Gus", "guest")
        await cleo.type("before ")
        await gus.until_text("before ")
        await cleo.until_saved()
        mortal.kill()
        await cleo.until("room.state().connection === 'offline'")
        await cleo.type("meanwhile ")
        await to_thread.run_sync(mortal.start)
        for person in (cleo, gus):
            await person.until_saved()
        await gus.type("after ")
        for person in (cleo, gus):
            await person.until("room.text().length === 'before meanwhile after '.length")
        await gus.until_saved()
        assert {await cleo.text(), await gus.text()} == {await api.text(interview)}
    await house.close()


async def test_the_last_keys_before_a_tab_closes_are_kept(house: House, api: Api, interview: str) -> None:
    cleo = await house.visitor(interview, "Cleo")
    await cleo.type("x" * 100)
    await cleo.page.close()
    await api.until_text(interview, "x" * 100)


async def test_a_reload_goes_on_where_one_was(house: House, interview: str) -> None:
    cleo = await house.visitor(interview, "Cleo")
    await cleo.type("first\nsecond")
    await cleo.page.keyboard.press("ArrowUp")
    await cleo.page.keyboard.press("End")
    await cleo.until_saved()
    await cleo.page.reload()
    await cleo.until("room.state().connection === 'synchronised'")
    await cleo.type("!")
    await cleo.until_text("first!\nsecond")
    gus = await house.visitor(interview, "Gus", "guest")
    await gus.type("?")
    await cleo.until_text("first!\nsecond?")


async def test_notes_are_typed_beside_the_code(house: House, api: Api, interview: str) -> None:
    olga = await house.interviewer(interview)
    cleo = await house.visitor(interview, "Cleo")
    await olga.page.locator(".pane-notes .cm-content").focus()
    await olga.type("strong on graphs")
    await olga.until("room.notes() === 'strong on graphs'")
    await olga.until_saved()
    await api.until_text(interview, "strong on graphs", document=f"{interview}.notes")
    await expect(cleo.page.locator(".pane-notes")).to_have_count(0)
    assert await cleo.page.evaluate("panelroomRoom.notes()") is None
    assert "graphs" not in await cleo.page.content()


async def test_a_second_device_comes_in_as_the_candidate_knowingly(house: House, interview: str) -> None:
    cleo = await house.visitor(interview, "Cleo")
    page = await house.window()
    await page.goto(cleo.page.url)
    other = page.get_by_label("Somebody is here as Cleo")
    await expect(other).not_to_be_checked()
    await expect(page.get_by_label("a guest")).not_to_be_checked()
    await expect(page.get_by_label("Your name")).to_be_visible()
    await other.check()
    await expect(page.get_by_label("Your name")).to_be_hidden()
    await page.get_by_role("button", name="Enter the room").click()
    second = Person(page)
    await second.until("room.state().connection === 'synchronised'")
    assert (await second.state())["participant_id"] == (await cleo.state())["participant_id"]


async def test_finish_shows_everybody_the_end(house: House, api: Api, interview: str) -> None:
    cleo = await house.visitor(interview, "Cleo")
    olga = await house.interviewer(interview)
    await cleo.type("done")
    await cleo.until_saved()
    await olga.page.get_by_role("button", name="Finish").first.click()
    await olga.page.get_by_role("button", name="Finish for everybody").click()
    for person in (cleo, olga):
        await person.until("room.state().finished")
    assert await api.status(interview) == "finished"
    await cleo.focus()
    await cleo.type("too late")
    assert await cleo.text() == "done"
    await cleo.page.reload()
    await cleo.page.get_by_role("heading", name="finished").wait_for()
    assert await api.text(interview) == "done"

"""The whole room by keyboard alone."""

import pytest
from playwright.async_api import Page

from tests.browser.person import House, Person, wait
from tests.support.api import Api

pytestmark = pytest.mark.anyio

MOST_TABS = 60
FOCUSED = """(() => {
    const element = document.activeElement
    const label = element.labels?.[0]?.innerText
    return (element.getAttribute("aria-label") ?? label ?? element.innerText).trim()
})()"""


async def tab_to(page: Page, name: str, *, back: bool = False) -> None:
    """Tab by tab, until what has that name has the focus; out of the editor as it says itself."""
    for _ in range(MOST_TABS):
        here = await focused(page)
        if here == name:
            return
        if here.startswith("Code"):
            await page.keyboard.press("Escape")
        await page.keyboard.press("Shift+Tab" if back else "Tab")
    raise AssertionError(f"{name!r} cannot be reached: the focus is on {await focused(page)!r}")


async def focused(page: Page) -> str:
    words: str = await page.evaluate(FOCUSED)
    return words


async def until_focused(page: Page, name: str) -> None:
    await wait(page, f"{FOCUSED} === argument", name)


async def test_from_the_form_to_the_chat_and_out_again(house: House, api: Api) -> None:
    """Nobody takes the focus away, and nothing needs a mouse: the candidate."""
    interview = await api.create()
    page = await house.window()
    await page.goto(f"{house.server.url}/i/{interview}")
    await page.keyboard.type("Cleo")
    await tab_to(page, "I am the candidate")
    await tab_to(page, "Enter the room")
    await page.keyboard.press("Enter")
    cleo = Person(page)
    await cleo.until("room.state().connection === 'synchronised'")
    await page.keyboard.type("code")
    await cleo.until_text("code")
    await page.keyboard.press("Escape")
    await tab_to(page, "Message")
    await page.keyboard.type("hello")
    await page.keyboard.press("Enter")
    await page.get_by_role("log").get_by_text("hello").wait_for()
    await until_focused(page, "Message")
    await cleo.until_saved()
    await tab_to(page, "Leave the room", back=True)
    await page.keyboard.press("Enter")
    await page.get_by_role("heading", name="You have left the room").wait_for()
    await tab_to(page, "Come back in")


async def test_an_interviewer_lets_in_moderates_and_finishes(house: House, api: Api) -> None:
    """A35 and the menus: arrows, Escape gives the focus back, a question is answered with Enter."""
    interview = await api.create(lobby=True)
    gus = await house.outside(interview, "Gus", "guest")
    cleo = await house.outside(interview, "Cleo")
    page = await house.window(owner=True)
    await page.goto(f"{house.server.url}/i/{interview}")
    await tab_to(page, "Enter as interviewer")
    await page.keyboard.press("Enter")
    olga = Person(page)
    await olga.says("wait outside")
    await page.keyboard.press("Escape")
    await tab_to(page, "Let everybody in", back=True)
    await page.keyboard.press("Enter")
    for person in (cleo, gus):
        await person.until("room.state().connection === 'synchronised'")
    await page.keyboard.press("Tab")
    await tab_to(page, "Actions for Gus")
    await page.keyboard.press("Enter")
    await until_focused(page, "Mute…")
    await page.keyboard.press("Escape")
    await until_focused(page, "Actions for Gus")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("End")
    await until_focused(page, "Remove from the room…")
    await page.keyboard.press("Home")
    await page.keyboard.press("Enter")
    await page.keyboard.type("noise")
    await page.keyboard.press("Enter")
    await gus.page.locator("[data-own=muted]").wait_for()
    await page.get_by_role("dialog").wait_for(state="detached")
    await tab_to(page, "Chat")
    await page.keyboard.press("Enter")
    await tab_to(page, "Message")
    await page.keyboard.type("hi")
    await page.keyboard.press("Enter")
    await cleo.page.get_by_role("log").get_by_text("hi").wait_for()
    await tab_to(page, "Finish", back=True)
    await page.keyboard.press("Enter")
    await tab_to(page, "Finish for everybody")
    await page.keyboard.press("Enter")
    await page.locator(".notice.finished").wait_for()
    assert await api.status(interview) == "finished"


async def test_a_removal_and_its_undoing_need_no_mouse(house: House, interview: str) -> None:
    """The focus is never lost: from the row that goes to the way back, and from there to the row that comes."""
    gus = await house.visitor(interview, "Gus", "guest")
    olga = await house.interviewer(interview)
    page = olga.page
    await page.keyboard.press("Escape")
    await tab_to(page, "Actions for Gus")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("End")
    await page.keyboard.press("Enter")
    await page.keyboard.type("by mistake")
    await page.keyboard.press("Enter")
    await gus.page.get_by_role("heading", name="You were removed from the room").wait_for()
    await page.get_by_text("Removed (1)").wait_for()
    assert await focused(page) == "Removed (1)"
    await page.keyboard.press("Enter")
    await tab_to(page, "Let back in: Gus")
    await page.keyboard.press("Enter")
    await tab_to(page, "Let back in")
    await page.keyboard.press("Enter")
    await page.locator(".removed").wait_for(state="hidden")
    assert await page.evaluate("document.activeElement.closest('.pane-people') !== null")
    assert await gus.page.evaluate("document.activeElement.innerText") == "You were removed from the room"
    await gus.page.keyboard.press("Tab")
    await tab_to(gus.page, "Try again")
    await gus.page.keyboard.press("Enter")
    await gus.page.get_by_label("Your name").wait_for()

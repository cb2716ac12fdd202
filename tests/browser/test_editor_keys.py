"""The editor under one's own hands: preferences, key maps, and the way out by keyboard."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.person import WAIT_MS, House, Person, wait
from tests.browser.test_accessibility import violations
from tests.support.api import Api
from tests.support.crowd import Crowd

pytestmark = pytest.mark.anyio

LINE_HEIGHT = "document.querySelector('.pane-code .cm-editor:not([hidden]) .cm-line').getBoundingClientRect().height"
BACKGROUND = "getComputedStyle(document.body).backgroundColor"


@pytest.fixture
async def cleo(house: House, interview: str) -> Person:
    return await house.visitor(interview, "Cleo")


async def prefer(page: Page, label: str, value: str) -> None:
    await page.get_by_role("button", name="Preferences").click()
    await page.get_by_label(label).select_option(value)
    await page.get_by_role("button", name="Done").click()
    await page.locator(".pane-code .cm-editor:not([hidden]) .cm-content").focus()


async def test_vim_undoes_only_what_one_has_typed_oneself(cleo: Person, crowd: Crowd) -> None:
    await crowd.join("Gus")
    await cleo.type("one two")
    await prefer(cleo.page, "Keys", "vim")
    await cleo.page.get_by_text("--NORMAL--").wait_for(timeout=WAIT_MS)
    await cleo.type("0dw")
    await cleo.until_text("two")
    await crowd.type("Gus", " of Gus")
    await cleo.until_text("two of Gus")
    await cleo.type("u")
    await cleo.until_text("one two of Gus")
    await cleo.page.keyboard.press("Control+r")
    await cleo.until_text("two of Gus")
    await cleo.type(":undo\n")
    await cleo.until_text("one two of Gus")
    await cleo.type("A!")
    await cleo.page.get_by_text("--INSERT--").wait_for(timeout=WAIT_MS)
    await cleo.until_text("one two of Gus!")


@pytest.mark.parametrize("keys", ["default", "vim", "emacs"])
async def test_no_key_changes_what_one_only_reads(
    cleo: Person, house: House, api: Api, interview: str, keys: str
) -> None:
    """A31, A39: neither in a finished interview nor as an observer, whatever the key map thinks of it."""
    await cleo.type("one two")
    await cleo.until_saved()
    page = await house.window(owner=True)
    await page.goto(cleo.page.url)
    await page.get_by_role("button", name="Observe").click()
    olga = Person(page)
    await olga.until_text("one two")
    await house.interviewer(interview)
    await cleo.page.get_by_text("Running").wait_for(timeout=WAIT_MS)
    await api.finish(interview)
    await cleo.until("room.state().finished")
    for person in (cleo, olga):
        await prefer(person.page, "Keys", keys)
        for key in ("Control+Home", "d", "d", "u", "i", "z", "Escape", "Control+k", "Control+z", "Control+d"):
            await person.page.keyboard.press(key)
        assert await person.text() == "one two"
        assert (await person.page.locator(".pane-code .cm-content").inner_text()).strip() == "one two"


async def test_emacs_keys(cleo: Person) -> None:
    await cleo.type("one two")
    await prefer(cleo.page, "Keys", "emacs")
    await cleo.page.locator(".cm-emacsMode").wait_for(timeout=WAIT_MS)
    for key in ("Control+a", "Control+k", "Control+y", "Control+y"):
        await cleo.page.keyboard.press(key)
    await cleo.until_text("one twoone two")
    await cleo.page.keyboard.press("Control+/")
    await cleo.until("room.text() !== 'one twoone two'")


@pytest.mark.parametrize("keys", ["default", "vim", "emacs"])
async def test_escape_then_tab_leaves_the_editor(cleo: Person, keys: str) -> None:
    page = cleo.page
    hint = page.locator(".cm-editor:not([hidden]) .cm-leave-hint")
    described = page.locator(".pane-code .cm-content[aria-description]")
    await expect(described).to_have_attribute("aria-description", re.compile("Escape, then Tab"))
    if keys != "default":
        await prefer(page, "Keys", keys)
        await page.locator(".cm-vimMode, .cm-emacsMode").wait_for(timeout=WAIT_MS)
    if keys == "vim":
        await cleo.type("i")
    await cleo.type("x")
    await page.keyboard.press("Tab")
    await cleo.until("/^ +x$/.test(room.text())")
    assert await inside(page)
    text = await cleo.text()
    for key in ("Tab", "Shift+Tab"):
        await page.locator(".pane-code .cm-editor:not([hidden]) .cm-content").focus()
        if keys == "vim":
            await cleo.page.keyboard.press("Escape")
            await cleo.type("a")
        await page.keyboard.press("Escape")
        if keys != "vim":
            await expect(hint).to_contain_text("Tab or Shift+Tab leaves the editor now", use_inner_text=True)
        await page.keyboard.press(key)
        assert not await inside(page)
    assert await cleo.text() == text
    await page.locator(".pane-code .cm-editor:not([hidden]) .cm-content").focus()
    await page.keyboard.press("Escape")
    await page.keyboard.press("ArrowLeft")
    if keys != "vim":
        await page.keyboard.press("Tab")
        assert await inside(page)


async def inside(page: Page) -> bool:
    held: bool = await page.evaluate("document.activeElement.closest('.cm-editor') !== null")
    return held


async def test_preferences_hold_at_once_everywhere_and_after_a_reload(cleo: Person, house: House) -> None:
    page = cleo.page
    before = await page.evaluate(LINE_HEIGHT)
    await prefer(page, "Text size", "20")
    await wait(page, f"{LINE_HEIGHT} > argument", before * 1.3)
    await prefer(page, "Theme", "dark")
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    dark = await page.evaluate(BACKGROUND)
    await prefer(page, "Theme", "light")
    await wait(page, f"{BACKGROUND} !== argument", dark)
    await prefer(page, "Tab size", "8")
    await cleo.page.keyboard.press("Tab")
    await cleo.until_text(" " * 8)
    await cleo.until_saved()
    await page.emulate_media(color_scheme="dark")
    await page.reload()
    await cleo.until("room.state().connection === 'synchronised'")
    await wait(page, f"{LINE_HEIGHT} > argument", before * 1.3)
    await wait(page, f"{BACKGROUND} !== argument", dark)
    other = await page.context.new_page()
    await other.goto(page.url)
    await prefer(page, "Theme", "dark")
    await other.wait_for_selector("html[data-theme=dark]", timeout=WAIT_MS)
    await other.close()


async def test_the_code_pane_on_a_phone_and_its_dialogs_have_no_violation(cleo: Person) -> None:
    page = cleo.page
    await page.set_viewport_size({"width": 360, "height": 740})
    found: list[str] = []
    for name in ("module_of_some_length.py", "b.py", "c.py"):
        await page.get_by_role("button", name="New file").click()
        if name == "b.py":
            found += await violations(page)
        await page.get_by_role("textbox", name="Name").fill(name)
        await page.keyboard.press("Enter")
        await page.get_by_role("tab", name=name).wait_for(timeout=WAIT_MS)
    await cleo.type("x = 1")
    shown = """((tab) => tab.left >= 0 && tab.right <= 360)(
        document.querySelector("[role=tab][aria-selected=true]").getBoundingClientRect())"""
    await expect(page.locator("[role=tab][aria-selected=true]")).to_contain_text("c.py")
    await wait(page, shown)
    await wait(page, "document.documentElement.scrollWidth <= 360")
    found += await violations(page)
    await page.get_by_role("button", name="Preferences").click()
    found += await violations(page)
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="File", exact=True).click()
    found += await violations(page)
    await page.get_by_role("menuitem", name="Delete").click()
    await page.get_by_role("button", name="Delete for everybody").click()
    await page.get_by_role("button", name="Undo").wait_for(timeout=WAIT_MS)
    found += await violations(page)
    assert not found, "\n".join(found)


async def test_no_key_is_lost_between_the_answer_to_a_question_and_the_new_file(cleo: Person) -> None:
    """The caret is in it before the browser can hand out another key."""
    page = cleo.page
    await page.get_by_role("button", name="New file").click()
    await page.get_by_role("textbox", name="Name").fill("b.py")
    there = """async (button) => {
        button.click()
        for (let turn = 0; turn < 100; turn++) await null
        return document.activeElement.getAttribute("aria-label")
    }"""
    assert await page.get_by_role("button", name="Add").evaluate(there) == "Code, b.py"

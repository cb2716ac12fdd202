"""The replay's page by the keyboard alone: where the focus stops, and where it goes when its place vanishes."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect

from tests.browser.person import House
from tests.browser.test_replay_hour import review
from tests.support.server import Server

pytestmark = pytest.mark.anyio

MINUTE_MS = 60_000


@pytest.fixture
async def house(hour_door: House) -> AsyncIterator[House]:
    yield hour_door
    await hour_door.close()


async def test_the_list_of_what_happened_is_one_stop(house: House, hour: tuple[Server, str]) -> None:
    """A49: arrows, Home and End go through it, Enter goes there, and Tab leads on to the player."""
    reviewer = await review(house, hour[1])
    page = reviewer.page
    rows = page.locator(".happened-row")
    await expect(page.locator(".happened-row[tabindex='0']")).to_have_count(1)
    await reviewer.seek(30 * MINUTE_MS)
    current = page.locator(".happened-row[aria-current]")
    await expect(current).to_have_attribute("tabindex", "0")
    await page.get_by_role("button", name="Events", exact=True).focus()
    await reviewer.press("Tab")
    await expect(current).to_be_focused()
    await reviewer.press("Home")
    await expect(rows.first).to_be_focused()
    await reviewer.press("ArrowUp")
    await expect(rows.first).to_be_focused()
    await reviewer.press("ArrowDown")
    await expect(rows.nth(1)).to_be_focused()
    await reviewer.press("End", "Enter")
    await expect(rows.last).to_be_focused()
    await expect(rows.last).to_have_attribute("aria-current", "true")
    await reviewer.press("Home", "Tab")
    jump = page.get_by_role("button", name="Jump to now")
    await expect(jump).to_be_focused()
    await reviewer.press("Enter")
    await expect(jump).to_be_hidden()
    await expect(rows.last).to_be_focused()
    await reviewer.press("Tab", "Tab")
    await expect(page.get_by_role("button", name="Play", exact=True)).to_be_focused()


async def test_the_focus_is_never_lost(house: House, hour: tuple[Server, str]) -> None:
    """A49: what takes itself away hands the focus to what stands beside it."""
    reviewer = await review(house, hour[1])
    page = reviewer.page
    only = page.get_by_role("button", name="Only Ben Okafor")
    await only.focus()
    await reviewer.press("Enter")
    await page.get_by_role("button", name="Everybody").focus()
    await reviewer.press("Enter")
    await expect(only).to_be_focused()
    await page.locator(".roster-follow").first.focus()
    await reviewer.press("Enter")
    await page.locator(".follow-chip").focus()
    await reviewer.press("Enter")
    await expect(page.locator(".follow-chip")).to_be_hidden()
    await expect(page.get_by_label("Text at this moment")).to_be_focused()
    await page.get_by_role("button", name="Zoom in").focus()
    await reviewer.press("Enter")
    await page.get_by_role("button", name="Show the whole interview").focus()
    await reviewer.press("Enter")
    await expect(page.get_by_role("button", name="Zoom in")).to_be_focused()


async def test_a_chosen_file_that_is_not_there_yet_is_told(house: House, hour: tuple[Server, str]) -> None:
    """A49: back before a file was made, the page says that it shows another one; the focus stays among the tabs."""
    reviewer = await review(house, hour[1])
    page = reviewer.page
    await reviewer.seek(59 * MINUTE_MS)
    tab = page.get_by_role("tab", name="task.md")
    await tab.focus()
    await reviewer.press("Enter")
    await expect(tab).to_have_attribute("aria-selected", "true")
    absent = page.locator(".replay-absent")
    await expect(absent).to_be_hidden()
    await reviewer.seek(0)
    await expect(absent).to_contain_text("task.md")
    await expect(absent).to_contain_text("does not exist yet at this moment.")
    await expect(page.get_by_role("tab", name="main.py")).to_be_focused()
    await reviewer.seek(59 * MINUTE_MS)
    await expect(absent).to_be_hidden()
    await expect(tab).to_have_attribute("aria-selected", "true")


async def test_a_step_that_leads_nowhere_says_so(house: House, hour: tuple[Server, str]) -> None:
    """A49: the next edit of somebody who never typed."""
    reviewer = await review(house, hour[1])
    await reviewer.seek(30 * MINUTE_MS)
    await reviewer.page.get_by_role("button", name="Only Ida Lund").click()
    await reviewer.press(".")
    await expect(reviewer.page.locator("#announcements")).to_have_text("No edit of \u2068Ida Lund\u2069")
    assert await reviewer.now() == 30 * MINUTE_MS

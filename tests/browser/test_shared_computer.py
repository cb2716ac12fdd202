"""On a computer that others use too: what was typed is nobody else's, and nothing is left of who has gone."""

import pytest
from playwright.async_api import expect

from tests.browser.offline import KEPT_ROWS, go_offline, until_kept
from tests.browser.person import House, Person, wait
from tests.support.api import Api

pytestmark = pytest.mark.anyio


async def test_leaving_and_signing_out_leave_nothing_in_the_browser(house: House, api: Api, interview: str) -> None:
    await house.employ("Mona")
    page = await house.window(member="Mona")
    mona = Person(page)
    for way_out in ("My part is done: leave the room", "Sign out"):
        await page.goto("about:blank")
        await page.goto(f"{house.server.url}/i/{interview}#interviewer")
        await mona.until_saved()
        await mona.focus()
        await mona.type("x")
        await mona.until_saved()
        await until_kept(mona)
        if way_out == "Sign out":
            await page.goto(house.server.url)
        await page.get_by_role("button", name=way_out).click()
        if way_out != "Sign out":
            await page.get_by_role("button", name="Leave the room", exact=True).click()
            await page.get_by_role("heading", name="You have left the room").wait_for()
        else:
            await page.locator("body:not(.page-dashboard)").wait_for()
        await wait(page, f"{KEPT_ROWS} === '0,0' && (await caches.keys()).length === 0")
        assert await page.evaluate("Object.keys(localStorage).filter((key) => key.includes('stay')).length") == 0


async def test_signing_out_loses_nothing_unasked(house: House, api: Api, interview: str) -> None:
    """Asked first; nothing is cleared while the server has not heard of it; then an open room stops too."""
    await house.employ("Moira")
    mona = Person(await house.window(member="Moira"))
    await mona.page.goto(f"{house.server.url}/i/{interview}#interviewer")
    await mona.until_saved()
    await mona.focus()
    await mona.type("base ")
    await mona.until_saved()
    page = await mona.context.new_page()
    await page.goto(house.server.url)
    await page.get_by_role("heading", name="Interviews").wait_for()
    await go_offline(mona)
    await mona.type("unheard")
    await wait(mona.page, f"{KEPT_ROWS}.endsWith(',1')")
    sign_out, dialog = page.get_by_role("button", name="Sign out", exact=True), page.get_by_role("dialog")
    await sign_out.click()
    await expect(dialog.get_by_label("The text")).to_have_value("base unheard")
    await dialog.get_by_role("button", name="Sign out and lose them").click()
    await expect(dialog.get_by_role("heading", name="You are still signed in")).to_be_visible()
    await dialog.get_by_role("button", name="Close").click()
    await mona.page.close()
    mona = Person(await mona.context.new_page())
    await mona.context.set_offline(False)
    await mona.page.goto(f"{house.server.url}/i/{interview}")
    await mona.until_text("base unheard")
    await mona.until_saved()
    assert await api.text(interview) == "base unheard"
    await wait(mona.page, f"{KEPT_ROWS}.endsWith(',0')")
    await sign_out.click()
    await page.locator("body:not(.page-dashboard)").wait_for()
    await expect(mona.page.locator(".ending-words")).to_have_text("You have signed out in another window.")
    await wait(mona.page, f"{KEPT_ROWS} === '0,0' && (await caches.keys()).length === 0")


async def test_the_next_member_at_this_browser_finds_nothing(house: House, interview: str) -> None:
    await house.employ("Maud", "Nina")
    mona = Person(await house.window(member="Maud"))
    nina = await (await house.window(member="Nina")).context.cookies()
    await mona.page.goto(f"{house.server.url}/i/{interview}#interviewer")
    await mona.until_saved()
    await mona.focus()
    await mona.type("x")
    await mona.until_saved()
    await go_offline(mona)
    await mona.type("her own")
    await wait(mona.page, f"{KEPT_ROWS}.endsWith(',1')")
    await mona.page.close()
    page = await mona.context.new_page()
    await mona.context.clear_cookies()
    await mona.context.set_offline(False)
    await page.goto(f"{house.server.url}/i/{interview}")
    await page.get_by_label("Your name").wait_for()
    await wait(page, f"{KEPT_ROWS}.endsWith(',1')")
    await expect(page.get_by_text("her own")).to_have_count(0)
    session = [each for each in nina if "session" in each["name"]]
    url = house.server.url
    await mona.context.add_cookies([{"name": each["name"], "value": each["value"], "url": url} for each in session])
    await page.goto(house.server.url)
    await page.get_by_role("heading", name="Interviews").wait_for()
    await wait(page, f"{KEPT_ROWS} === '0,0' && (await caches.keys()).length === 0")

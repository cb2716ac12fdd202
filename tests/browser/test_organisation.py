"""The page of the organisation."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browser.person import House
from tests.browser.test_accessibility import looked_at
from tests.support.api import Api
from tests.support.server import serving

pytestmark = pytest.mark.anyio


async def test_what_is_saved_holds_for_new_interviews(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path / "data") as server:
        house = House(browser, server)
        await house.sign_in()
        page = await house.window(owner=True)
        await page.goto(f"{server.url}/organisation")
        general, rooms = page.get_by_role("region", name="General"), page.get_by_role("region", name="Rooms")
        await general.get_by_label("Name").fill("Ärzte & Söhne")
        await general.get_by_label("Time zone").select_option("Europe/Berlin")
        await general.get_by_role("button", name="Save").click()
        await expect(general.get_by_role("status")).to_have_text("Saved")
        await expect(page.locator(".topbar-place")).to_have_text("Ärzte & Söhne")
        await rooms.get_by_label("Guests", exact=True).fill("2")
        await rooms.get_by_label("Candidate and guests wait").check()
        await rooms.get_by_role("button", name="Save").click()
        await expect(rooms.get_by_role("status")).to_have_text("Saved")
        await general.get_by_label("Name").fill("  ")
        await general.get_by_role("button", name="Save").click()
        await expect(general.get_by_role("alert")).to_contain_text("Nothing was changed.")
        found = await looked_at(page)
        await page.reload()
        await expect(general.get_by_label("Name")).to_have_value("Ärzte & Söhne")
        await expect(general.get_by_label("Time zone")).to_have_value("Europe/Berlin")
        async with Api(server) as api:
            made = await api.request("POST", "interviews", {})
        assert (made["policy"]["guests"], made["lobby"]) == (2, True)
        await page.get_by_role("button", name="Set up Single sign-on").click()
        await expect(page.get_by_role("dialog").get_by_text("/sign-in/callback")).to_be_visible()
        found += await looked_at(page)
        assert not found, "\n".join(found)
        await house.close()

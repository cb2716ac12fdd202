"""The page of the organisation."""

from pathlib import Path

import pytest
from anyio import to_thread
from playwright.async_api import Browser, expect

from tests.browser.person import House
from tests.browser.test_accessibility import looked_at
from tests.support.api import Api
from tests.support.provider import CLIENT, providing
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
        await general.get_by_label("Time zone").fill("Europe/Berlin")
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
        assert not found, "\n".join(found)
        await house.close()


async def test_single_sign_on_is_set_up_required_and_removed(browser: Browser, tmp_path: Path) -> None:
    """A1, A4: by the owner, on the page; whoever is invited while it is required has no other way in."""
    with serving(tmp_path / "data") as server, providing() as provider:
        await to_thread.run_sync(provider.know, "ada", {"email": "ada@example.org", "email_verified": True})
        house = House(browser, server)
        await house.sign_in()
        page, invited = await house.window(owner=True), await house.window()
        await page.goto(f"{server.url}/organisation")
        methods, dialog = page.get_by_role("region", name="Signing in"), page.get_by_role("dialog")
        await methods.get_by_role("button", name="Set up Single sign-on").click()
        await expect(dialog.get_by_text(f"{server.url}/sign-in/callback")).to_be_visible()
        await dialog.get_by_label("Issuer").fill(f"{provider.issuer}/nothing")
        await dialog.get_by_label("Client id").fill(CLIENT)
        await dialog.get_by_label("Client secret").fill("x")
        await dialog.get_by_label("E-mail domains").fill("example.org, example.net")
        await dialog.get_by_role("button", name="Save").click()
        await expect(dialog.get_by_role("alert")).to_be_visible()
        found = await looked_at(page)
        await dialog.get_by_label("Issuer").fill(provider.issuer)
        await dialog.get_by_label("Required").check()
        await dialog.get_by_role("button", name="Save").click()
        await expect(methods).to_contain_text("Addresses of example.org, example.net at")
        await expect(methods).to_contain_text("Required")

        await page.goto(f"{server.url}/people")
        await page.get_by_role("button", name="Invite").click()
        await dialog.get_by_label("E-mail").fill("ada@example.org")
        await dialog.get_by_role("button", name="Make the invitation").click()
        await invited.goto(await dialog.get_by_label("Invitation link").input_value())
        await expect(invited.get_by_label("Password")).to_have_count(0)
        found += await looked_at(invited)
        await invited.get_by_role("link", name="Accept with your company's account").click()
        await invited.get_by_placeholder("sub").fill("ada")
        await invited.get_by_role("button", name="Authorize").click()
        await expect(invited.get_by_role("link", name="Interviews")).to_be_visible()

        await page.goto(f"{server.url}/organisation")
        await methods.get_by_role("button", name="Remove Single sign-on").click()
        await dialog.get_by_role("button", name="Remove").click()
        await expect(methods.get_by_role("button", name="Set up Single sign-on")).to_be_visible()
        assert not found, "\n".join(found)
        await house.close()

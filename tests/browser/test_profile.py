"""The page of one's own profile."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import expect

from tests.browser.person import House
from tests.browser.test_accessibility import looked_at

pytestmark = pytest.mark.anyio

PASSWORD = "four words make sense"


async def test_name_zone_password_and_sessions_are_ones_own(house: House) -> None:
    """A2: a password that one sets signs in elsewhere; each session is listed, and ends when one ends it."""
    await house.employ("Petra")
    page, other = await house.window(member="Petra"), await house.window()
    await page.goto(f"{house.server.url}/profile")
    you, password, sessions = (page.get_by_role("region", name=name) for name in ("You", "Password", "Sessions"))
    await you.get_by_label("Name").fill("Pétra \u202eProfile")
    await you.get_by_label("Time zone").fill("Asia/Tokyo")
    await you.get_by_role("button", name="Save").click()
    await expect(you.get_by_role("alert")).to_contain_text("Nothing was changed.")
    await you.get_by_label("Name").fill("Pétra Profile")
    await you.get_by_role("button", name="Save").click()
    await expect(you.get_by_role("status")).to_have_text("Saved")
    await expect(page.locator(".topbar-who")).to_have_text("Pétra Profile")
    await password.get_by_label("New password").fill("short")
    await password.get_by_role("button", name="Set password").click()
    await expect(password.get_by_role("alert")).to_contain_text("Nothing was changed.")
    await password.get_by_label("New password").fill(PASSWORD)
    await password.get_by_role("button", name="Set password").click()
    await expect(password.get_by_role("status")).to_contain_text("Saved")
    await expect(password.get_by_role("button", name="Change password")).to_be_visible()
    await expect(password).not_to_contain_text("You have none yet")

    await other.goto(f"{house.server.url}/?return_to=/profile")
    await other.get_by_label("E-mail").fill("petra@example.org")
    await other.get_by_label("Password").fill(PASSWORD)
    await other.keyboard.press("Enter")
    await expect(other.get_by_label("Time zone")).to_have_value("Asia/Tokyo")
    await page.reload()
    await expect(sessions.get_by_role("listitem")).to_have_count(2)
    began = sessions.get_by_role("time").first
    at = datetime.fromisoformat(await began.get_attribute("datetime") or "").astimezone(ZoneInfo("Asia/Tokyo"))
    await expect(began).to_have_text(re.compile(at.strftime("%I:%M %p")))
    found = await looked_at(page)
    await sessions.get_by_role("button", name="End the session").click()
    await expect(sessions.get_by_role("listitem")).to_have_count(1)
    await other.get_by_label("Name").fill("Nobody")
    await other.get_by_role("region", name="You").get_by_role("button", name="Save").click()
    await expect(other.get_by_role("heading", name="Sign in")).to_be_visible()
    assert not found, "\n".join(found)

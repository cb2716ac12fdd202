"""In front of the room: who interviews is a member, and whoever is not is told whom to ask."""

import pytest
from anyio import to_thread
from playwright.async_api import expect

from rooms.member import MemberRole
from tests.browser.person import WAIT_MS, House
from tests.support.api import Api

pytestmark = pytest.mark.anyio


async def test_whom_to_ask(house: House, api: Api) -> None:
    """A30, A52: a visitor is led to the log-in and back; a limited member interviews where it is assigned to him."""
    mine, others = await api.create(interviewers=["lena@example.org"]), await api.create()
    visitor = await house.window()
    await visitor.goto(f"{house.server.url}/i/{others}")
    form = visitor.locator(".lobby-form")
    await expect(form).to_contain_text("ask your admin at My organisation to invite you")
    await form.get_by_role("link", name="Sign in").click()
    await expect(visitor).to_have_url(f"{house.server.url}/?return_to=%2Fi%2F{others}")
    link = await to_thread.run_sync(house.server.add_member, "lena@example.org", "Lena", MemberRole.LIMITED)
    await visitor.goto(link)
    await visitor.wait_for_selector("body.page-dashboard", timeout=WAIT_MS)
    await visitor.goto(f"{house.server.url}/i/{others}")
    await expect(form).to_contain_text("This interview is not assigned to you")
    await expect(form).to_contain_text("Lena")
    await expect(visitor.get_by_role("button", name="Enter as interviewer")).to_have_count(0)
    await visitor.goto(f"{house.server.url}/i/{mine}")
    await visitor.get_by_role("button", name="Enter as interviewer").click()
    await expect(visitor.locator(".pane-notes")).to_be_visible()

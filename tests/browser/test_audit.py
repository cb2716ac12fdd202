"""The page of the audit log."""

import uuid

import pytest
from playwright.async_api import expect

from tests.browser.person import House
from tests.browser.test_accessibility import looked_at
from tests.support.api import Api

pytestmark = pytest.mark.anyio


async def test_what_was_done_is_found_by_what_and_by_whom(house: House, api: Api) -> None:
    """A52: owners and admins read what was changed, narrowed to one kind, one actor, one subject."""
    title = f"Audited {uuid.uuid4().hex}"
    interview = await api.create(title=title)
    await api.request("PATCH", f"interviews/{interview}", {"instructions": "Be <b>kind</b>"})
    page = await house.window(owner=True)
    await page.goto(f"{house.server.url}/audit")
    await expect(page.get_by_role("row", name=f"Changed the interview {title}")).to_be_visible()
    found = await looked_at(page)
    await page.get_by_role("row", name=f"Changed the interview {title}").get_by_role("button", name=title).click()
    rows = page.locator("tbody").get_by_role("row")
    await expect(rows).to_have_count(2)
    await expect(rows.first).to_contain_text("instructions: none → Be <b>kind</b>")
    await expect(rows.last).to_contain_text(f"Created the interview {title}")
    await page.get_by_label("What", exact=True).select_option("Created the interview")
    await expect(rows).to_have_count(1)
    found += await looked_at(page)
    await page.get_by_role("button", name=f"About: {title}").click()
    await expect(page.get_by_role("button", name=f"About: {title}")).to_have_count(0)
    await page.get_by_label("What", exact=True).select_option("Everything")
    await expect(page.get_by_role("row", name=f"Changed the interview {title}")).to_be_visible()
    assert not found, "\n".join(found)

"""The page of keys."""

import pytest
from playwright.async_api import expect

from tests.browser.person import House
from tests.browser.test_accessibility import looked_at
from tests.support.api import Api

pytestmark = pytest.mark.anyio


async def test_a_key_is_described_shown_once_and_revoked(house: House, api: Api) -> None:
    """A63 to A69: it needs a description, is never shown again, says when it was used, and ends when it is revoked."""
    page = await house.window(owner=True)
    await page.goto(f"{house.server.url}/keys")
    await page.get_by_role("button", name="Make a key").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Make the key").click()
    await expect(dialog.get_by_label("Description")).to_be_focused()
    await dialog.get_by_label("Description").fill("Scheduler of the browser's tests")
    found = await looked_at(page)
    await dialog.get_by_label("See all interviews").check()
    await dialog.get_by_role("button", name="Make the key").click()
    key = await dialog.get_by_label("Key", exact=True).input_value()
    await expect(dialog.get_by_role("button", name="Copy")).to_be_focused()
    await dialog.get_by_role("button", name="Done").click()
    row = page.get_by_role("row", name="Scheduler of the browser's tests")
    await expect(row).to_contain_text("Never")
    assert key not in await page.content()

    signed = {"Authorization": f"Bearer {key}"}
    whoami = await api.http.get("/api/v1/whoami", headers=signed)
    assert whoami.json()["scopes"] == ["liveInterview", "liveInterview.company.read"]
    await page.reload()
    await expect(row).to_contain_text("Today")
    await expect(row).not_to_contain_text("Never")
    found += await looked_at(page)
    await row.get_by_role("button", name="Revoke").click()
    await dialog.get_by_role("button", name="Revoke").click()
    await expect(row).to_contain_text("Revoked")
    assert (await api.http.get("/api/v1/whoami", headers=signed)).status_code == 401
    assert not found, "\n".join(found)

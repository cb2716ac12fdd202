"""The page of people: inviting, roles, deactivation, and what is told to whoever may not see it."""

import uuid

import pytest
from playwright.async_api import Page, expect

from tests.browser.person import House
from tests.browser.test_accessibility import looked_at
from tests.support.member import add_members
from tests.support.server import OWNER

pytestmark = pytest.mark.anyio

PASSWORD = "four words make sense"


async def act(page: Page, name: str, item: str) -> None:
    await page.get_by_role("button", name=f"Actions for {name}").click()
    await page.get_by_role("menuitem", name=item).click()


async def test_a_colleague_is_invited_given_a_role_and_deactivated(house: House) -> None:
    """A30, A38, A52: pending, then accepted; each role is shown its places alone; deactivation ends what is open."""
    email = f"ivo-{uuid.uuid4().hex}-of-the-large-family@a-rather-long-name.example.org"
    owner, ivo = await house.window(owner=True), await house.window()
    people = f"{house.server.url}/people"
    await owner.goto(house.server.url)
    await owner.get_by_role("link", name="People").click()
    await owner.get_by_role("button", name="Invite").click()
    dialog = owner.get_by_role("dialog")
    await dialog.get_by_label("E-mail").fill(email)
    await dialog.get_by_label("Limited").check()
    found = await looked_at(owner)
    await dialog.get_by_role("button", name="Make the invitation").click()
    link = await dialog.get_by_label("Invitation link").input_value()
    await dialog.get_by_role("button", name="Done").click()
    invited = owner.get_by_role("row", name=email)
    await expect(invited).to_contain_text("Pending")
    found += await looked_at(owner)

    await ivo.goto(link)
    await expect(ivo.get_by_text(email)).to_be_visible()
    found += await looked_at(ivo)
    await ivo.get_by_label("Your name").fill("Ivo <b>Invited</b>")
    await ivo.get_by_label("Password").fill(PASSWORD)
    await ivo.get_by_role("button", name="Accept the invitation").click()
    places = ivo.get_by_role("navigation", name="Places").get_by_role("link")
    await expect(places).to_have_text(["Interviews"])
    refused = await ivo.goto(people)
    assert refused is not None
    assert refused.status == 403
    await expect(ivo.get_by_role("heading", name="Ask your admin")).to_be_visible()
    found += await looked_at(ivo)

    await expect(invited).to_contain_text("Accepted")  # by itself
    await owner.get_by_role("tab", name="Members").click()
    await owner.get_by_label("Search").fill(email)
    member = owner.get_by_role("row", name=email)
    await expect(member).to_contain_text("Ivo <b>Invited</b>")
    await expect(owner.locator("tbody:visible").get_by_role("row")).to_have_count(1)
    await act(owner, "Ivo", "Change role…")
    await dialog.get_by_label("Admin").check()
    await dialog.get_by_role("button", name="Change role").click()
    await expect(member).to_contain_text("Admin")
    await ivo.goto(people)
    await expect(places).to_have_text(["Interviews", "People", "Keys", "Audit log", "Organisation"])
    # An admin is given no way to change owners.
    await ivo.get_by_label("Search").fill(OWNER)
    await expect(ivo.get_by_role("row", name="Ivo")).to_have_count(0)
    await expect(ivo.get_by_role("row", name=OWNER)).to_be_visible()
    await expect(ivo.get_by_role("row", name=OWNER).get_by_role("button")).to_have_count(0)

    await act(owner, "Ivo", "Deactivate…")
    await dialog.get_by_role("button", name="Deactivate").click()
    await expect(member).to_contain_text("Deactivated")
    found += await looked_at(owner)
    await ivo.get_by_label("Search").fill("anybody")
    await expect(ivo.get_by_role("heading", name="Sign in")).to_be_visible()
    assert ivo.url.endswith("/?return_to=%2Fpeople")
    assert not found, "\n".join(found)


async def test_many_members_come_page_by_page(house: House) -> None:
    mark = f"zz{uuid.uuid4().hex[:8]}"
    await add_members(house.server, [f"{mark}-{number:02}" for number in range(60)])
    page = await house.window(owner=True)
    await page.goto(f"{house.server.url}/people")
    await page.get_by_label("Search").fill(mark.upper())
    rows, more = page.get_by_role("row", name=mark), page.get_by_role("button", name="Show more")
    await expect(rows).to_have_count(50)
    await more.focus()
    await page.keyboard.press("Enter")
    await expect(rows).to_have_count(60)
    await expect(more).to_be_hidden()
    await expect(page.get_by_role("button", name=f"Actions for {mark}-50")).to_be_focused()
    await page.get_by_label("Search").fill(f"{mark} nobody")
    await expect(page.get_by_text(f"Nobody’s name or e-mail has “{mark} nobody” in it.")).to_be_visible()

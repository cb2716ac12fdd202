"""Interviews made, shared, changed and deleted from the list."""

import re
import sqlite3
import uuid
from contextlib import closing

import pytest
from anyio import to_thread
from playwright.async_api import expect

from tests.browser.desk import Desk, hold
from tests.browser.person import House, Person
from tests.browser.test_accessibility import looked_at
from tests.support.api import Api
from web.panelroom import DATABASE_NAME

pytestmark = pytest.mark.anyio


async def inside(desk: Desk) -> None:
    """Until the window is in a room."""
    await desk.page.wait_for_url("**/i/*")
    await Person(desk.page).until("room.state().connection === 'synchronised'")


async def test_new_interview_is_one_click_to_an_open_room(house: House, api: Api) -> None:
    """A12, A6, A9: the name may be empty; then it is renamed from its row, and Run opens it with no chooser."""
    desk = await Desk.open(house)
    await desk.button("New Interview").click()
    await inside(desk)
    interview = desk.page.url.partition("/i/")[2].partition("#")[0]
    made = await api.request("GET", f"interviews/{interview}")
    assert made["title"].startswith("Interview of ")
    await desk.page.goto(house.server.url)
    name = f"Renamed {uuid.uuid4().hex}"
    row = desk.page.locator(f"tr[data-id='{interview}']")
    await row.get_by_role("link", name="Run").focus()
    await desk.press("F2")
    await expect(desk.dialog.get_by_label("Title")).to_have_value(made["title"])
    await desk.page.keyboard.type("x" * 200 + "y")
    await expect(desk.dialog.get_by_label("Title")).to_have_value("x" * 200)
    await desk.dialog.get_by_label("Title").fill("\u202egnorw")
    await desk.press("Enter")
    await expect(desk.dialog.get_by_role("alert")).to_contain_text("control characters")
    await desk.dialog.get_by_label("Title").fill(name)
    await desk.press("Enter")
    await expect(desk.row(name)).to_be_visible()
    await expect(row.get_by_role("link", name="Run")).to_be_focused()
    await desk.press("Enter")
    await inside(desk)


async def test_create_with_the_candidate_s_name_and_share_the_link(house: House, api: Api) -> None:
    """A45, A25, A26, A38: Save shows the row and the URL, Copy focused; the row warns of who cannot come yet."""
    mark = uuid.uuid4().hex[:10]
    desk = await Desk.open(house)
    await desk.tab("Finished").click()
    await desk.page.evaluate("window.marked = true")
    await desk.button("Create Interview").click()
    await expect(desk.dialog.get_by_label("Candidate’s name")).to_be_focused()
    await desk.page.keyboard.type(f"Žofie {mark}")
    await desk.dialog.get_by_text("Time, interviewers and more").click()
    await desk.dialog.get_by_label("Interviewers").fill("olga ow")
    await expect(desk.dialog.locator("datalist option[value='owner@example.org']")).to_have_count(1)
    await desk.dialog.get_by_label("Interviewers").fill(f"owner@example.org, new.{mark}@example.org")
    await desk.dialog.get_by_label("Time zone").fill("Mars/Olympus")
    await desk.dialog.get_by_label("Start").fill("2031-07-01T10:00")
    await desk.button("Save").click()
    await expect(desk.dialog.get_by_label("Time zone")).to_be_focused()
    await desk.dialog.get_by_label("Time zone").fill("Europe/Berlin")
    await expect(desk.dialog.get_by_text(re.compile("08:00 AM UTC"))).to_be_visible()
    assert not await looked_at(desk.page)
    await desk.dialog.get_by_label("Candidate’s name").press("Enter")
    title = f"Interview with Žofie {mark}"
    await expect(desk.tab("Pending")).to_have_attribute("aria-selected", "true")
    row = desk.row(title)
    await expect(row).to_contain_text(f"new.{mark}@example.org: has not been invited")
    await expect(row).to_contain_text("Olga Owner")
    await expect(row).to_contain_text("10:00 AM in Europe/Berlin")
    ready = desk.page.locator(".ready")
    await expect(ready.get_by_role("button", name="Copy")).to_be_focused()
    url = await desk.copies(ready.get_by_role("button", name="Copy"))
    await expect(ready.get_by_label("The interview’s link")).to_have_value(url)
    assert not await looked_at(desk.page)
    await desk.press("Escape")
    await expect(ready).to_be_hidden()
    assert await desk.copies(row.get_by_role("button", name="Copy the link")) == url
    made = await api.request("GET", f"interviews/{url.rpartition('/')[2]}")
    assert (made["status"], made["scheduled_at"]) == ("pending", "2031-07-01T08:00:00.000Z")
    await api.request("POST", "interviews", {"title": "another"})  # the row stays as it is while others come
    await desk.choose(title, "Interviewers…")
    await expect(desk.dialog.get_by_role("listitem").first).to_contain_text("Olga Owner: member")
    assigned = desk.dialog.get_by_label("Interviewers")
    await expect(assigned).to_have_value(f"owner@example.org,new.{mark}@example.org")
    await assigned.fill("owner@example.org")
    await desk.press("Enter")
    await expect(row.locator(".list-warning")).to_have_count(0)
    assert await desk.page.evaluate("window.marked === true"), "the page was loaded anew"


async def test_a_row_says_whether_its_interviewers_have_accepted(house: House, api: Api) -> None:
    """A38: not invited, invited (the row says so by itself), expired, accepted; until then the row warns."""
    email = f"ines.{uuid.uuid4().hex[:8]}@example.org"
    title = f"Interviewed by {email}"
    await api.create(title=title, interviewers=[email])
    desk = await Desk.open(house)
    row = desk.row(title).locator(".list-interviewers")
    await expect(row).to_contain_text(f"{email}: has not been invited")
    invited = await desk.page.request.post(
        f"{house.server.url}/api/v1/invitations",
        data={"email": email, "name": "Ines", "role": "member"},
        headers={"Origin": house.server.url},
    )
    assert invited.status == 201, await invited.text()
    await expect(row).to_contain_text("Ines: invited, has not accepted")
    with closing(sqlite3.connect(house.server.data / DATABASE_NAME)) as database, database:
        database.execute("UPDATE invitation SET expires_at_ms = 1 WHERE email = ?", (email,))
    await desk.page.reload()
    await expect(row).to_contain_text("Ines: the invitation has expired")
    await desk.choose(title, "Interviewers…")
    await expect(desk.dialog.get_by_role("listitem")).to_contain_text("the invitation has expired")
    await expect(desk.dialog.get_by_role("link", name="invite them under People")).to_be_visible()
    await desk.press("Escape")
    await to_thread.run_sync(house.server.add_member, email, "Ines")
    await desk.page.reload()
    await expect(row).to_have_text("Ines")
    await expect(row.locator(".list-warning")).to_have_count(0)


async def test_links_for_later_and_blocks(house: House, api: Api) -> None:
    """A16, A34: a pending interview without its room, then how to invite; one candidate, a link for each block."""
    desk = await Desk.open(house)
    ready = desk.page.locator(".ready")
    await desk.button("Create Link for Later").click()
    await expect(ready.get_by_role("button", name="Copy")).to_be_focused()
    url = await ready.get_by_label("The interview’s link").input_value()
    mail = await ready.get_by_role("link", name="E-mail it").get_attribute("href") or ""
    assert mail.startswith("mailto:?subject=")
    assert url.rpartition("/")[2] in mail
    assert await api.status(url.rpartition("/")[2]) == "pending"
    await expect(desk.page).to_have_url(re.compile(r"/#pending$"))
    mark = uuid.uuid4().hex[:10]
    await desk.button("Create Interview").click()
    await desk.dialog.get_by_label("Candidate’s name").fill(mark)
    await desk.dialog.get_by_text("Time, interviewers and more").click()
    await desk.dialog.get_by_label("Start").fill("2031-01-01T10:00")
    await desk.dialog.get_by_label("Time zone").fill("Asia/Kolkata")
    await desk.dialog.get_by_label("Blocks").select_option("3 blocks")
    await expect(desk.dialog.get_by_label("Start of block 3")).to_have_value("2031-01-01T12:00")
    for number, email in enumerate(("owner@example.org", "b@example.org", "c@example.org"), 1):
        await desk.dialog.get_by_label(f"Interviewers of block {number}").fill(email)
    assert not await looked_at(desk.page)
    await desk.button("Save").click()
    await expect(ready.get_by_role("heading", name="3 blocks are ready")).to_be_visible()
    urls = [await field.input_value() for field in await ready.get_by_role("textbox").all()]
    made = [await api.request("GET", f"interviews/{each.rpartition('/')[2]}") for each in urls]
    assert [each["series"]["block"] for each in made] == [1, 2, 3]
    assert [each["scheduled_at"][11:16] for each in made] == ["04:30", "05:30", "06:30"]
    assert [each["interviewers"] for each in made] == [["owner@example.org"], ["b@example.org"], ["c@example.org"]]
    assert {each["candidate"]["name"] for each in made} == {mark}
    assert len(set(urls)) == 3
    await expect(desk.page.locator("tbody tr", has_text=mark)).to_have_count(3)
    copied = await desk.copies(ready.get_by_role("button", name="Copy all links"))
    assert all(each in copied for each in urls)
    # Nobody copies the link of what is deleted.
    await desk.row(made[0]["title"]).get_by_role("link", name="Run").focus()
    await desk.press("Delete")
    await desk.dialog.get_by_role("button", name=re.compile("^Delete")).press("Enter")
    await expect(ready.get_by_role("heading", name="2 blocks are ready")).to_be_visible()
    assert [await field.input_value() for field in await ready.get_by_role("textbox").all()] == urls[1:]


async def test_duplicate_and_reschedule_without_a_mouse(house: House, api: Api) -> None:
    """A20: reached by keyboard; another link, the same settings, nobody's name; a new time in its zone."""
    title = f"Original {uuid.uuid4().hex}"
    original = await api.create(
        title=title,
        candidate={"name": "Ada"},
        scheduled_at="2031-03-01T10:00:00Z",
        language="go",
        instructions="Think.",
    )
    desk = await Desk.open(house, member="Tessa")
    own = await desk.page.request.patch(
        f"{house.server.url}/api/v1/profile", data={"time_zone": "Asia/Tokyo"}, headers={"Origin": house.server.url}
    )
    assert own.ok, await own.text()
    await desk.page.reload()
    row = desk.page.locator(f"tr[data-id='{original}']")
    await row.get_by_role("checkbox").focus()
    await desk.press("Tab", "Tab", "Tab", "Tab", "Enter")
    await expect(desk.page.get_by_role("menuitem", name="Rename")).to_be_focused()
    await desk.press("r", "ArrowDown", "Enter")
    await expect(desk.dialog.get_by_role("heading")).to_contain_text(title)
    await desk.dialog.get_by_label("Start").fill("2031-03-02T23:30")
    await desk.dialog.get_by_label("Time zone").fill("America/New_York")
    await desk.press("Enter")
    await expect(row).to_contain_text("11:30 PM in America/New_York")
    await expect(row).to_contain_text("Mar 3, 2031, 01:30 PM")
    changed = await api.request("GET", f"interviews/{original}")
    assert (changed["scheduled_at"], changed["time_zone"]) == ("2031-03-03T04:30:00.000Z", "America/New_York")
    await row.get_by_role("link", name="Run").focus()
    await desk.command("Duplicate")
    ready = desk.page.locator(".ready")
    await expect(ready.get_by_role("button", name="Copy")).to_be_focused()
    url = await ready.get_by_label("The interview’s link").input_value()
    copy = await api.request("GET", f"interviews/{url.rpartition('/')[2]}")
    assert copy["id"] != original
    assert (copy["language"], copy["instructions"]) == ("go", "Think.")
    assert copy["candidate"] == {"name": None, "email": None}
    await expect(desk.page.locator("tbody tr", has_text=title)).to_have_count(2)


async def test_several_are_deleted_and_what_fails_is_told_row_by_row(house: House, api: Api) -> None:
    """A21: tick, Delete, a confirmation; links say cancelled, sockets close; what was finished meanwhile is named."""
    mark = uuid.uuid4().hex[:10]
    ids = {name: await api.create(title=f"{name} {mark}") for name in ("one", "two", "three", "four")}
    candidate = await house.visitor(ids["two"], "Cleo")
    desk = await Desk.open(house)
    for name in ("one", "two", "three"):
        await desk.row(f"{name} {mark}").get_by_role("checkbox").press("Space")
    bar = desk.page.get_by_role("region", name="Ticked interviews")
    await expect(bar).to_contain_text("3 ticked")
    await bar.get_by_role("button", name="Delete").press("Enter")
    await expect(desk.dialog.get_by_role("listitem")).to_have_count(3)
    assert not await looked_at(desk.page)
    await desk.press("Escape")
    await expect(bar).to_contain_text("3 ticked")
    await desk.row(f"one {mark}").get_by_role("link", name="Run").focus()
    await desk.press("Delete")
    await hold(api, ids["three"])
    await desk.dialog.get_by_role("button", name="Delete 3").press("Enter")
    told = desk.page.get_by_role("alert").filter(has_text="2 interviews are deleted. This one is not:")
    await expect(told.get_by_role("listitem")).to_have_count(1)
    await expect(told.get_by_role("listitem")).to_contain_text(f"three {mark}: ")
    await expect(desk.row(f"one {mark}")).to_have_count(0)
    await expect(desk.row(f"two {mark}")).to_have_count(0)
    await expect(desk.row(f"four {mark}")).to_be_visible()
    await expect(candidate.page.get_by_text("cancelled").first).to_be_visible()
    await desk.page.goto(f"{house.server.url}/i/{ids['one']}")
    await expect(desk.page.get_by_text("cancelled").first).to_be_visible()


async def test_every_command_has_a_name(house: House, api: Api) -> None:
    """A45 to A47: the palette finds commands and interviews by their names; "/" can be switched off."""
    title = f"Palette {uuid.uuid4().hex}"
    interview = await api.create(title=title)
    desk = await Desk.open(house)
    await expect(desk.row(title)).to_be_visible()
    await desk.page.get_by_role("button", name="Commands").click()
    await expect(desk.dialog.get_by_role("combobox")).to_be_focused()
    assert not await looked_at(desk.page)
    await desk.press("ArrowUp", "Escape")
    await expect(desk.page.get_by_role("button", name="Commands")).to_be_focused()
    await desk.command("Show Finished")
    await expect(desk.tab("Finished")).to_have_attribute("aria-selected", "true")
    await desk.command("Create Interview")
    await expect(desk.dialog.get_by_label("Candidate’s name")).to_be_focused()
    await desk.press("Escape")
    await desk.command("Keyboard shortcuts")
    assert not await looked_at(desk.page)
    await desk.dialog.get_by_role("checkbox").uncheck()
    await desk.press("Escape", "/")
    await expect(desk.search).not_to_be_focused()
    await desk.command("Search interviews")
    await expect(desk.search).to_be_focused()
    await desk.press("ControlOrMeta+k")
    await desk.page.keyboard.type(title)
    await expect(desk.page.get_by_role("option", selected=True)).to_contain_text(f"Run: {title}")
    await desk.press("Enter")
    await inside(desk)
    assert interview in desk.page.url

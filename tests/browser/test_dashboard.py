"""The list of interviews: who opens it, where an interview stands, and how one is found."""

import uuid

import pytest
from playwright.async_api import Page, expect

from rooms.member import MemberRole
from tests.browser.desk import TABS, Desk, hold
from tests.browser.person import House
from tests.browser.test_accessibility import looked_at
from tests.support.api import Api
from tests.support.crowd import Crowd

pytestmark = pytest.mark.anyio


async def counts(page: Page) -> list[int]:
    shown = await page.get_by_role("tab").locator(".count").all_text_contents()
    return [int(count) for count in shown]


async def until_listed(page: Page, titles: dict[str, str]) -> list[int]:
    """Until each interview is under its tab, and under no other; the counts then."""
    for tab in TABS:
        await page.get_by_role("tab", name=tab).click()
        for title, place in titles.items():
            await expect(page.get_by_role("row", name=title)).to_have_count(1 if place == tab else 0, timeout=10_000)
    return await counts(page)


async def test_an_interview_is_under_exactly_one_tab(house: House, api: Api) -> None:
    """A39 to A44: pending until both have been in, not together and in any order; finished only by Finish."""
    mark = uuid.uuid4().hex
    one, two = f"one {mark}", f"two {mark}"
    first = await api.create(title=one, scheduled_at="2031-01-01T10:00:00Z")
    second = await api.create(title=two)
    page = await house.window(owner=True)
    await page.goto(house.server.url)
    pending, active, finished = await until_listed(page, {one: "Pending", two: "Pending"})
    for interview, order in ((first, ("interviewer", "candidate")), (second, ("candidate", "interviewer"))):
        for role in order:
            async with Crowd(api, interview) as crowd:
                await crowd.join(role, role)
    assert await until_listed(page, {one: "Active", two: "Active"}) == [pending - 2, active + 2, finished]
    await api.finish(first)
    assert await until_listed(page, {one: "Finished", two: "Active"}) == [pending - 2, active + 1, finished + 1]
    await page.get_by_role("tab", name="Finished").click()
    await expect(page.get_by_role("row", name=one).get_by_role("link", name="View Replay")).to_be_visible()


async def test_counts_and_rows_move_by_themselves(house: House, api: Api) -> None:
    """A39 to A44, A45: as the server tells, and by asking again where its events cannot be had; nothing is reloaded."""
    desks = [await Desk.open(house), await Desk.open(house, member="Dora")]
    without = desks[1].page
    await without.route("**/api/v1/events", lambda route: route.abort())
    await without.reload()
    await desks[1].listed()
    for desk in desks:
        await desk.page.evaluate("window.marked = true")
    before = await counts(desks[0].page)
    title = f"moves {uuid.uuid4().hex}"
    interview = await api.create(title=title)
    for desk in desks:
        await expect(desk.row(title)).to_be_visible()
        await expect(desk.tab("Pending").locator(".count")).to_have_text(str(before[0] + 1))
    await desks[0].row(title).get_by_role("button", name="Copy").focus()
    async with Crowd(api, interview) as crowd:
        await crowd.join("Cleo", "candidate")
        await crowd.join("Olga", "interviewer")
        for desk in desks:
            await expect(desk.row(title)).to_have_count(0)
            await expect(desk.tab("Active").locator(".count")).to_have_text(str(before[1] + 1))
    assert await desks[0].page.evaluate("document.activeElement !== document.body"), "the focus went with the row"
    await api.cancel(interview)
    for desk in desks:
        await expect(desk.tab("Active").locator(".count")).to_have_text(str(before[1]))
        assert await desk.page.evaluate("window.marked === true"), "the page was loaded anew"


async def test_the_search_looks_everywhere_and_says_where(house: House, api: Api) -> None:
    """A46, A47, A49: without case and accents, in all stages, and it says which, and where in an interview."""
    mark = f"x{uuid.uuid4().hex[:10]}"
    pending = await api.create(title=f"Zweite Runde {mark}", candidate={"name": "Ada Lovelace"})
    finished = await api.create(candidate={"name": f"José Núñez {mark}", "email": f"jn.{mark}@example.com"})
    await hold(api, finished)
    desk = await Desk.open(house)
    await desk.tab("Active").click()
    await desk.press("/")
    await expect(desk.search).to_be_focused()
    await desk.find(f"JOSE nunez {mark.upper()}")
    row = desk.row("José Núñez")
    await expect(row).to_have_count(1)
    await expect(row).to_contain_text("Finished")
    await expect(row).to_contain_text("Found in the title, the candidate’s name, and the candidate’s e-mail")
    await expect(row.locator("mark").first).to_have_text("José")
    assert await counts(desk.page) == [0, 0, 1]
    await desk.find(mark)
    await expect(desk.page.locator("tbody tr")).to_have_count(2)
    await expect(desk.row("Zweite Runde")).to_contain_text("Pending")
    await expect(desk.tab("Pending").locator(".count")).to_have_text("1")
    assert not await looked_at(desk.page)
    await desk.tab("Pending").click()
    await expect(desk.page.locator("tbody tr")).to_have_count(1)
    await expect(desk.row("Zweite Runde")).to_have_count(1)
    await desk.page.reload()
    await expect(desk.search).to_have_value(mark)
    await expect(desk.page.locator("tbody tr")).to_have_count(2)
    await desk.row("José Núñez").get_by_role("link", name="View Replay").click()
    await desk.page.wait_for_url(f"**/i/{finished}/replay")
    await desk.page.locator("[data-ready]").wait_for()
    await desk.page.go_back()
    await expect(desk.search).to_have_value(mark)
    await desk.search.fill(f"{mark} nobody")
    await expect(desk.page.get_by_text(f"Nothing matches “{mark} nobody” in any stage.")).to_be_visible()
    await desk.press("Escape")
    await expect(desk.tab("Pending")).to_have_attribute("aria-selected", "true")
    assert pending


async def test_many_interviews_come_in_pages(house: House, api: Api) -> None:
    """A22: fifty at a time, to and fro by keyboard; what happens meanwhile moves nobody to another page."""
    mark = f"x{uuid.uuid4().hex[:10]}"
    for number in range(8):
        blocks = [{"title": f"{mark} {number:02}-{block:02}"} for block in range(12 if number else 1)]
        await api.request("POST", "interviews/blocks", {"blocks": blocks}, expect=201)
    desk = await Desk.open(house)
    await desk.find(mark)
    rows, pager = desk.page.locator("tbody tr"), desk.page.get_by_role("navigation", name="Pages")
    await expect(pager).to_contain_text("1–50 of 85")
    await desk.button("Older").focus()
    await desk.press("Enter")
    await expect(pager).to_contain_text("51–85 of 85")
    await expect(rows).to_have_count(35)
    await expect(desk.row(f"{mark} 00-00")).to_be_visible()
    await expect(desk.button("Newer")).to_be_focused()
    first = await rows.first.text_content() or ""
    await api.create(title=f"{mark} late")
    await expect(pager).to_contain_text("52–86 of 86")
    await expect(rows.first).to_have_text(first)
    await desk.page.get_by_label("Tick all on this page").check()
    await expect(desk.page.get_by_text("35 ticked")).to_be_visible()
    assert not await looked_at(desk.page)
    await desk.button("Newer").press("Enter")
    await expect(desk.row(f"{mark} late")).to_be_visible()
    await expect(desk.page.get_by_role("region", name="Ticked interviews")).to_be_hidden()


async def test_a_limited_member_is_shown_what_is_his(house: House, api: Api) -> None:
    """A52: those that are assigned to him; what he may not do is not there."""
    email = f"lim.{uuid.uuid4().hex[:8]}@example.org"
    mine, other = f"mine {uuid.uuid4().hex}", f"other {uuid.uuid4().hex}"
    await api.create(title=mine, interviewers=[email])
    await api.create(title=other)
    page = await house.window()
    await page.goto(house.server.add_member(email, "Lim", MemberRole.LIMITED))
    desk = Desk(page)
    await expect(desk.row(mine).get_by_role("link", name="Run")).to_be_visible()
    await expect(desk.page.locator("tbody tr")).to_have_count(1)
    await expect(desk.button("New Interview")).to_have_count(0)
    await expect(desk.row(mine).get_by_role("checkbox")).to_have_count(0)
    await expect(desk.button(f"More for {mine}")).to_have_count(0)
    await desk.press("ControlOrMeta+k")
    await page.keyboard.type("new interview")
    await expect(desk.dialog).to_contain_text("No command and no interview is called so.")
    await desk.press("Escape")
    await desk.tab("Finished").click()
    await expect(desk.page.get_by_text("You see those that are assigned to you.")).to_be_visible()

"""The list of interviews: who opens it and where an interview stands."""

import uuid

import pytest
from playwright.async_api import Page, expect

from tests.browser.person import House
from tests.support.api import Api
from tests.support.crowd import Crowd

pytestmark = pytest.mark.anyio

TABS = ("Pending", "Active", "Finished")


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

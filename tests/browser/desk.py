"""The dashboard, as one who looks at it finds things."""

import asyncio

from playwright.async_api import Locator, Page, expect

from tests.browser.person import House, wait
from tests.support.api import Api
from tests.support.crowd import Crowd

TABS = ("Pending", "Active", "Finished")
WITHIN_S = 15


async def hold(api: Api, interview: str) -> None:
    """A candidate and an interviewer have been in, and the interview is finished."""
    async with Crowd(api, interview) as crowd, asyncio.timeout(WITHIN_S):
        await crowd.join("Cleo", "candidate")
        await crowd.join("Olga", "interviewer")
        while await api.status(interview) != "active":
            pass
        await api.finish(interview)


class Desk:
    """One window on the list of interviews."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @classmethod
    async def open(cls, house: House, *, member: str | None = None) -> "Desk":
        """Of a member, or of the owner; its clipboard may be read."""
        if member is not None:
            await house.employ(member)
        page = await house.window(owner=member is None, member=member)
        await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await page.goto(house.server.url)
        desk = cls(page)
        await desk.listed()
        return desk

    @property
    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog")

    @property
    def search(self) -> Locator:
        return self.page.get_by_role("searchbox")

    def row(self, title: str) -> Locator:
        return self.page.locator("tbody").get_by_role("row", name=title)

    def tab(self, name: str) -> Locator:
        return self.page.get_by_role("tab", name=name)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    async def listed(self) -> None:
        """Until the list has come, empty or not."""
        await expect(self.page.locator(".empty", has_text="Loading…")).to_be_hidden()

    async def find(self, query: str) -> None:
        await self.search.fill(query)
        await expect(self.page.locator(".interviews.with-stage")).to_be_visible()

    async def choose(self, title: str, item: str) -> None:
        """From the menu of a row."""
        await self.button(f"More for {title}").click()
        await self.page.get_by_role("menuitem", name=item, exact=True).click()

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)

    async def command(self, name: str) -> None:
        """From the palette, by its name."""
        await self.press("ControlOrMeta+k")
        await self.page.keyboard.type(name)
        await expect(self.page.get_by_role("option", selected=True)).to_contain_text(name)
        await self.press("Enter")

    async def copies(self, button: Locator) -> str:
        """What is in the clipboard after the button was pressed."""
        await self.page.evaluate("navigator.clipboard.writeText('')")
        await button.press("Enter")
        await wait(self.page, "(await navigator.clipboard.readText()) !== ''")
        text: str = await self.page.evaluate("navigator.clipboard.readText()")
        return text

"""A short interview, by three people at real windows: who does what, and when."""

import asyncio
import random

from playwright.async_api import Locator, expect

from tests.browser.person import House, Person

TASK = """# When is the room taken?

bookings = [(9, 11), (10, 12), (14, 15)]

Write busy(bookings): what overlaps becomes one,
and the hours come out in order.

busy(bookings) == [(9, 12), (14, 15)]
"""

FIRST = """def busy(bookings):
    merged = []
    for start, end in sorted(bookings):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged"""

TESTS = """from main import busy

assert busy([(9, 11), (10, 12), (14, 15)]) == [(9, 12), (14, 15)]
assert busy([(9, 17), (10, 11)]) == [(9, 17)]
"""

FINAL = """def busy(bookings):
    # the hours in which the room is taken, in order
    merged = []
    for start, end in sorted(bookings):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged"""


class Hands:
    """Of one person, at the keyboard and the mouse, with the rhythm of somebody who thinks."""

    def __init__(self, person: Person, key_ms: int, seed: int, pace: float) -> None:
        self.person, self.page = person, person.page
        self._key_ms = key_ms
        self._pace = pace
        self._chance = random.Random(seed)

    async def think(self, seconds: float) -> None:
        await asyncio.sleep(seconds * self._chance.uniform(0.8, 1.2) / self._pace)

    async def write(self, text: str) -> None:
        """The editor closes brackets and indents by itself, as for anybody."""
        for number, line in enumerate(text.split("\n")):
            if number:
                await self.page.keyboard.press("Enter")
                await self._pause("\n")
                await self._indent(line)
            for key in line.lstrip():
                await self.page.keyboard.type(key)
                await self._pause(key)

    async def _indent(self, line: str) -> None:
        wanted = len(line) - len(line.lstrip())
        there = len(await self._line.evaluate("(line) => line.textContent"))
        if line.strip():
            for _ in range(there, wanted):
                await self.page.keyboard.type(" ")
            await self.erase((there - wanted) // 4)

    async def _pause(self, key: str) -> None:
        pause = self._key_ms * self._chance.lognormvariate(0, 0.4)
        if key in "\n:=":
            pause += self._chance.lognormvariate(6, 0.7)
        await asyncio.sleep(min(3_000, pause) / 1000 / self._pace)

    @property
    def _line(self) -> Locator:
        return self.page.locator(".pane-code .cm-editor:not([hidden]) .cm-activeLine")

    async def go(self, words: str) -> None:
        """To the end of the line with these words."""
        editor = self.page.locator(".pane-code .cm-editor:not([hidden])")
        await editor.locator(".cm-line", has_text=words).last.click()
        await self.page.keyboard.press("End")
        await self.think(0.8)

    async def left(self, keys: int, *, selecting: bool = False) -> None:
        for _ in range(keys):
            await self.page.keyboard.press("Shift+ArrowLeft" if selecting else "ArrowLeft")
            await self._pause(" ")

    async def erase(self, keys: int) -> None:
        for _ in range(keys):
            await self.page.keyboard.press("Backspace")
            await self._pause(" ")

    async def open(self, name: str) -> None:
        await self.page.get_by_role("tab", name=name).click()
        await self.think(1)

    async def add(self, name: str) -> None:
        await self.page.get_by_role("button", name="New file").click()
        await self.think(1)
        for key in name:
            await self.page.keyboard.type(key)
            await self._pause(key)
        await self.page.keyboard.press("Enter")
        await self.page.get_by_role("tab", name=name).wait_for()

    async def note(self, text: str) -> None:
        show = self.page.locator(".side-head").get_by_role("button", name="Notes")
        if await show.is_visible():
            await show.click()
        await self.page.locator(".pane-notes .cm-content").click()
        await self.page.keyboard.press("Control+End")
        await self.write(text)

    async def say(self, words: str, *, privately: bool = False) -> None:
        await self.think(len(words) * self._key_ms / 1000)
        await self.person.say(words, privately=privately)
        if privately:
            await self.page.get_by_label("To", exact=True).select_option("all")


async def hold(house: House, interview: str, pace: float = 1) -> None:
    """The whole interview, some five minutes of it, up to its finish; faster by ``pace``, to try it."""
    ada = Hands(await house.member(interview, "Ada Lindqvist"), 105, 1, pace)
    task = asyncio.create_task(_set_task(ada))
    await ada.think(9)
    cleo = Hands(await house.visitor(interview, "Cleo Marsh"), 95, 2, pace)
    await cleo.think(2)
    await cleo.say("Hello!")
    await task
    await ada.say("Hi Cleo, nice to meet you. The task is in task.md: take your time, and think aloud if you like.")
    await cleo.open("task.md")
    await cleo.think(9)
    await cleo.say("May the bookings come in any order?")
    await ada.say("Yes, any order.")
    await cleo.page.get_by_role("tab").first.click()
    await cleo.person.focus()
    noting = asyncio.create_task(ada.note("Cleo asked about the order before writing anything.\n"))
    await cleo.write(FIRST)
    await noting
    ben = Hands(await house.member(interview, "Ben Okafor"), 130, 3, pace)
    await ben.say("Sorry, my other call took longer.", privately=True)
    await ada.page.get_by_role("tab").first.click()
    await ada.go("merged[-1] = (")
    await ada.left(4, selecting=True)
    await ada.say("Here: what comes out for (9, 17) and (10, 11)?")
    await cleo.think(22)
    await cleo.say("Oh. The short one ends the long one too early.")
    await cleo.go("merged[-1] = (")
    await cleo.left(1)
    await cleo.erase(3)
    await cleo.write("max(merged[-1][1], end)")
    await cleo.think(2)
    await cleo.say("I'll write that down as a test.")
    noting = asyncio.create_task(ada.note("Found the contained booking after a hint, and fixed it with max().\n"))
    await cleo.add("test_busy.py")
    await cleo.write(TESTS)
    await noting
    await ben.open("test_busy.py")
    await ben.say("And an empty list? I'll add it, if I may.")
    await ben.go("(10, 11)")
    await ben.page.keyboard.press("Control+End")
    await cleo.page.get_by_role("tab").first.click()
    await cleo.go("def busy")

    async def at_once() -> None:
        await cleo.write("\n    # the hours in which the room is taken, in order")

    await asyncio.gather(at_once(), ben.write("assert busy([]) == []\n"))
    await ben.say("What does it cost for a million bookings?")
    await cleo.go("for start, end")
    await cleo.left(1)
    await cleo.left(16, selecting=True)
    await cleo.say("The sorting is what costs: n log n. The rest is one pass.")
    await ben.note("\nBen: clear about the cost, tests before being asked. Yes from me.\n")
    await ada.say("That was all, thank you! Do you have a question for us?")
    await cleo.think(4)
    await cleo.say("Not now. Thank you both, that was fun.")
    await cleo.person.until_text(FINAL)
    for person in (ada, ben, cleo):
        await person.person.until_saved()
    await ada.think(4)
    await ada.page.get_by_role("button", name="Finish").click()
    await ada.page.get_by_role("button", name="Finish for everybody").click()
    await expect(cleo.page.locator(".notice.finished")).to_be_visible()


async def _set_task(ada: Hands) -> None:
    await ada.think(2)
    await ada.add("task.md")
    await ada.write(TASK.rstrip("\n"))

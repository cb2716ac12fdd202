"""A live room watched from its start, in a real browser window, while three people type."""

import asyncio
import random
import re
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.person import House, wait
from tests.support.api import Api
from tests.support.crowd import Crowd
from tests.support.server import OWNER

pytestmark = pytest.mark.anyio

NAMES = {"Cleo": "candidate", "Olga": "interviewer", "Gus": "guest"}
UP_TO = re.compile(r"^Text verified up to \d+:\d\d$")
ALL_CHECKS = re.compile(r"^Text verified up to \d+:\d\d against the record: (\d+) of \1 checks$")
PASTED = re.compile(r"Cleo\W* inserted 412 characters at once")
LOOK = """() => {
    const { at_ms } = panelroomReplay.position()
    const texts = Object.fromEntries(panelroomReplay.roots().map((root) => [root, panelroomReplay.text(root)]))
    return { at_ms, entry: panelroomReplay.entry(), texts }
}"""


async def type_some(crowd: Crowd, chance: random.Random, edits: int) -> None:
    for _ in range(edits):
        await crowd.scribble(chance)
        await asyncio.sleep(0)  # the others' frames, and the page's, come between


async def as_recorded(page: Page, api: Api, interview: str) -> dict[str, Any]:
    """What the page has of the moment at which it stands is what the record says of it."""
    look: dict[str, Any] = await page.evaluate(LOOK)
    _, files = await api.text_at(interview, int(look["at_ms"]))
    assert look["texts"].get("source", "") == files.get("source", ""), look["at_ms"]
    return look


@pytest.mark.parametrize("rounds", [pytest.param(4, id="some"), pytest.param(60, id="many", marks=pytest.mark.long)])
async def test_a_live_room_is_watched_from_its_start(
    house: House, crowd: Crowd, api: Api, interview: str, rounds: int
) -> None:
    """A72, B5: whoever watches from the start stays where he is while more is typed, and then catches up."""
    chance = random.Random(rounds)
    for name, role in NAMES.items():
        await crowd.join(name, role)
    await type_some(crowd, chance, 60)
    page = await house.window(owner=True)
    await page.goto(f"{house.server.url}/i/{interview}/replay")
    await wait(page, "window.panelroomReplay")
    await page.evaluate("panelroomReplay.seek(0)")
    assert (await as_recorded(page, api, interview))["texts"].get("source", "") == ""
    for _ in range(rounds):
        at_ms = await page.evaluate("panelroomReplay.position().at_ms")
        await type_some(crowd, chance, 40)
        await crowd.settle()
        await wait(page, "panelroomReplay.entry() >= argument", (await api.recording(interview))["entries"])
        assert await page.evaluate("panelroomReplay.position().at_ms") == at_ms  # nobody is pulled along
        end_ms = await page.evaluate("panelroomReplay.end_ms()")
        for instant in (end_ms, *(chance.randint(0, end_ms) for _ in range(5))):
            await page.evaluate(f"panelroomReplay.seek({instant})")
            await as_recorded(page, api, interview)
    await page.evaluate("panelroomReplay.seek(0)")
    await page.locator(".live-button").click()
    await expect(page.locator(".live-button")).to_have_attribute("aria-pressed", "true")
    await type_some(crowd, chance, 40)
    text = await crowd.settle()
    await wait(page, "panelroomReplay.text() === argument", text)  # followed to the live end
    await wait(page, "panelroomReplay.shown().text === argument", text)
    assert await page.evaluate("panelroomReplay.verify().then(({ failedEntry }) => failedEntry)") is None
    await api.finish(interview)
    await expect(page.locator(".replay-notice")).to_contain_text("finished")
    assert await page.evaluate("panelroomReplay.text()") == text


async def test_what_comes_is_told_as_it_comes(house: House, crowd: Crowd, api: Api, interview: str) -> None:
    """A49, A72: notes, pastes and checks of a running interview, and the undoing of its finish."""
    await crowd.join("Cleo", "candidate")
    await crowd.join("Olga", "interviewer")
    await crowd.type("Cleo", "def f():\n")
    await crowd.settle()
    page = await house.window(owner=True)
    await page.goto(f"{house.server.url}/i/{interview}/replay")
    badge = page.locator(".verified[data-mood=good]")
    await expect(badge).to_have_text(UP_TO)
    await page.keyboard.press("n")
    await page.locator(".roster-follow").filter(has_text="Olga").click()
    await expect(page.locator(".follow-chip")).to_contain_text("not in the code now")
    async with Crowd(api, interview, notes=True) as notes:
        await notes.open("Olga", crowd.admitted["Olga"])
        await notes.type("Olga", "a good start")
        await notes.settle()
        await page.locator(".live-button").click()
        await expect(page.locator(".replay-notes .cm-content")).to_have_text("a good start")
        await expect(page.locator(".follow-chip")).to_contain_text("in the notes")
    await crowd.paste("Cleo", "x" * 412)
    text = await crowd.settle()
    await expect(page.locator(".happened")).to_contain_text(PASTED)
    await wait(page, "panelroomReplay.shown().text === argument", text)
    await expect(badge).to_have_attribute("aria-label", ALL_CHECKS)
    await expect(badge).to_have_text(UP_TO)
    await api.finish(interview)
    await expect(page.get_by_role("button", name="Undo finish")).to_be_visible()
    await expect(badge).to_have_text("Text verified")
    await expect(page.locator(".replay-notice")).to_contain_text("has just finished")
    await api.request("POST", f"interviews/{interview}/reopen", {"on_behalf_of": OWNER})
    await expect(page.locator(".replay-state")).to_have_text("Live")
    await expect(page.locator(".replay-notice")).to_be_hidden()
    await expect(page.get_by_role("button", name="Undo finish")).to_have_count(0)

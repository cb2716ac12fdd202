"""A browser's clock may say what it likes (row 10): the room asks it for nothing that matters."""

import pytest
from playwright.async_api import expect

from tests.browser.person import House, Person
from tests.support.api import Api

pytestmark = pytest.mark.anyio

DAY_MS = 86_400_000
# Ahead of its machine by what a test says; also after the page is loaded anew.
AHEAD = """{
    const Machine = Date
    const ahead = () => Number(localStorage.getItem('ahead_ms'))
    globalThis.Date = class extends Machine {
        constructor(...given) { given.length ? super(...given) : super(Machine.now() + ahead()) }
        static now() { return Machine.now() + ahead() }
    }
}"""


async def set_clock(person: Person, ahead_ms: int) -> None:
    await person.page.evaluate("(ahead_ms) => localStorage.setItem('ahead_ms', ahead_ms)", ahead_ms)


async def a_wrong_clock(house: House, interview: str, name: str, role: str, ahead_ms: int) -> Person:
    page = await house.window()
    await page.add_init_script(AHEAD)
    await page.add_init_script(f"localStorage.ahead_ms ??= {ahead_ms}")
    person = await house.visitor(interview, name, role, page=page)
    machine_ms = await person.page.evaluate("performance.timeOrigin + performance.now()")
    assert await person.page.evaluate("Date.now()") == pytest.approx(machine_ms + ahead_ms, abs=DAY_MS / 24)
    return person


async def test_clocks_that_are_wrong_and_are_set(house: House, api: Api, interview: str) -> None:
    """One a day ahead, one a day behind, then the other way round, and back again over a reload."""
    cleo = await a_wrong_clock(house, interview, "Cleo", "candidate", DAY_MS)
    gus = await a_wrong_clock(house, interview, "Gus", "guest", -DAY_MS)
    text = ""
    for ahead_ms in (0, -DAY_MS, DAY_MS):
        if ahead_ms:
            await set_clock(cleo, ahead_ms)
            await set_clock(gus, -ahead_ms)
        if ahead_ms > 0:
            await gus.page.reload()
            await gus.until("room.state().connection === 'synchronised'")
            await gus.focus()
        for one, other in ((cleo, gus), (gus, cleo)):
            await one.page.keyboard.press("Control+End")
            await one.type("word ")
            text += "word "
            await other.until_text(text)
            await one.until_saved()
        await expect(gus.page.locator(".cm-editor:not([hidden]) .cm-remote-caret")).to_have_count(1)
    assert await api.text(interview) == text
    at_ms = [entry.at_ms for entry in await api.entries(interview)]
    assert at_ms == sorted(at_ms)
    assert at_ms[-1] < DAY_MS / 24

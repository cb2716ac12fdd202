"""A page whose connection is refused or denied: it says what was lost, starts from the server's state, and goes on."""

import pytest
from playwright.async_api import expect

from tests.browser.line import Line
from tests.browser.person import House, Person
from tests.support.api import Api

pytestmark = pytest.mark.anyio


@pytest.fixture
async def cleo(house: House, interview: str, line: Line) -> Person:
    """The candidate, with one line that is saved and one that nobody gets to see."""
    page = await house.window()
    await line.lay(page)
    person = await house.visitor(interview, "Cleo", page=page)
    await person.type("kept\n")
    await person.until_saved()
    line.swallows = True
    await person.type("unheard")
    await person.until("room.text() === 'kept\\nunheard'")
    return person


async def goes_on(cleo: Person, api: Api, interview: str) -> None:
    """What is typed from now on is saved, and what was lost does not come back."""
    await cleo.page.locator(".pane-code .cm-content").click()
    await cleo.page.keyboard.press("Control+End")
    await cleo.type("new")
    await cleo.until_saved()
    assert await cleo.text() == "kept\nnew"
    assert await api.text(interview) == "kept\nnew"


@pytest.mark.parametrize(
    ("code", "words"), [(4400, "a fault of the page and not yours"), (4413, "more than this room takes")]
)
async def test_after_a_refusal(cleo: Person, line: Line, api: Api, interview: str, code: int, words: str) -> None:
    await line.refuse(code, "structs that wait on each other")
    notice = cleo.page.get_by_role("alert").filter(has_text="was not accepted")
    await expect(notice).to_contain_text(words, use_inner_text=True)
    assert "structs" not in await notice.inner_text()
    await expect(notice.get_by_label("The text")).to_have_value("unheard")
    await cleo.until_text("kept\n")
    await notice.get_by_role("button", name="Put away").click()
    await goes_on(cleo, api, interview)
    assert len(line.sockets) == 2


async def test_after_a_denial(cleo: Person, line: Line, api: Api, interview: str) -> None:
    line.deny("you may read this document, but not write in it")
    notice = cleo.page.get_by_role("alert").filter(has_text="was not accepted")
    await expect(notice).to_contain_text("You may read this document, but not write in it.", use_inner_text=True)
    await expect(notice.get_by_label("The text")).to_have_value("unheard")
    await cleo.until_text("kept\n")
    await goes_on(cleo, api, interview)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (1012, "The server is restarting."),
        (4508, "too slow for a moment"),
        (4510, "has missed something and fetches it again"),
        (4529, "wait some seconds"),
    ],
)
async def test_after_what_is_not_final_nothing_is_lost(
    cleo: Person, line: Line, api: Api, interview: str, code: int, words: str
) -> None:
    await cleo.context.set_offline(True)
    await line.refuse(code)
    banner = cleo.page.get_by_role("status").filter(has_text=words)
    await expect(banner).to_contain_text("Keep this page open", use_inner_text=True)
    assert await cleo.text() == "kept\nunheard"
    await cleo.context.set_offline(False)
    await cleo.until_saved()
    assert await cleo.text() == "kept\nunheard"
    await api.until_text(interview, "kept\nunheard")
    assert await cleo.page.get_by_role("alert").filter(has_text="was not accepted").count() == 0

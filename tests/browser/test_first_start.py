"""A server that was just set up, by what its first start has printed."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browser.person import WAIT_MS, House, Person, wait
from tests.support.sample_session import FINAL
from tests.support.server import Server, serving

pytestmark = pytest.mark.anyio


@pytest.fixture
async def new(browser: Browser, tmp_path: Path) -> AsyncIterator[House]:
    """Nobody has signed in to it yet."""
    with serving(tmp_path / "data") as server:
        house = House(browser, server)
        yield house
        await house.close()


def printed(server: Server, words: str) -> str:
    (line,) = (line for line in server.log if words in line)
    return line.rpartition(" ")[2]


async def test_the_owner_sees_a_replay_and_tries_a_room(new: House) -> None:
    """A51, A48, A49: the sample plays; practice goes from its beginning to its replay, and counts nowhere."""
    owner = await new.window()
    await owner.goto(printed(new.server, "Sign in as the owner"))
    await owner.wait_for_selector("body.page-dashboard", timeout=WAIT_MS)
    await owner.get_by_role("link", name="Watch a sample replay").click()
    await wait(owner, "window.panelroomReplay")
    await expect(owner.locator(".verified")).to_contain_text("Text verified")
    await owner.keyboard.press("End")
    await wait(owner, "panelroomReplay.text('source') === argument", FINAL)
    await expect(owner.get_by_text("Ada Lindqvist finished the interview")).to_be_visible()
    await owner.goto(new.server.url)
    await owner.get_by_role("button", name="Try a practice interview").click()
    await owner.get_by_text("This is a practice room.").wait_for()
    interview = owner.url.rpartition("/")[2]
    await owner.get_by_role("button", name="Enter as interviewer").click()
    await Person(owner).until("room.state().connection === 'synchronised'")
    cleo = await new.visitor(interview, "Cleo")
    await cleo.type("print('hello')")
    await cleo.until_saved()
    await owner.get_by_role("button", name="Finish").click()
    await owner.get_by_role("button", name="Finish for everybody").click()
    await owner.get_by_role("link", name="Open the replay").click()
    await wait(owner, "window.panelroomReplay")
    await owner.keyboard.press("End")
    await wait(owner, "panelroomReplay.text('source') === argument", "print('hello')")
    await cleo.page.goto(f"{new.server.url}/i/{interview}/replay")
    await expect(cleo.page.get_by_role("heading", name="This interview is finished")).to_be_visible()
    await owner.goto(new.server.url)
    for stage in ("Pending", "Active", "Finished"):
        await expect(owner.get_by_role("tab", name=re.compile(stage))).to_have_text(re.compile("0$"))
    await expect(owner.get_by_role("button", name="Try a practice interview")).to_be_visible()

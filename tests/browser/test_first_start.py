"""A server that was just set up, by what its first start has printed."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

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


async def test_a_tour_of_an_interview_from_the_first_link_to_the_replay(new: House) -> None:
    """A12, A25, A38, A47, A48, A49, A52: by what the first start has printed, and by nothing else."""
    owner = await new.window()
    await owner.goto(printed(new.server, "Sign in as the owner"))
    await owner.get_by_role("link", name="Say who you are").click()
    await owner.get_by_label("E-mail").fill("ada@example.org")
    await owner.get_by_label("Name", exact=True).fill("Ada Lindqvist")
    # A password that is typed already stays: there is no other way back in once the link is used.
    await owner.get_by_label("New password").fill("four words make sense")
    await owner.get_by_role("button", name="Save").click()
    await expect(owner.get_by_role("definition").filter(has_text="ada@example.org")).to_be_visible()
    await expect(owner.get_by_role("region", name="You").get_by_role("status")).to_have_text("Saved")
    await expect(owner.get_by_label("New password")).to_have_value("four words make sense")
    await expect(owner.locator(".topbar-who")).to_have_text("Ada Lindqvist")
    ben = await invited(new, owner, "Ben Okafor", "ben@example.org")
    await owner.get_by_role("link", name="Interviews").click()
    await owner.get_by_role("button", name="Create Interview").click()
    await owner.get_by_label("Candidate’s name").fill("José Núñez")
    await owner.keyboard.press("Enter")
    await expect(owner.locator(".ready-copy")).to_be_focused()
    link = await owner.locator(".ready input").input_value()
    candidate = await new.visitor(link.rpartition("/")[2], "José Núñez")
    for page in (owner, ben):
        await page.get_by_role("row", name="José Núñez").get_by_role("link", name="Run").click()
        await Person(page).until("room.state().connection === 'synchronised'")
    await candidate.type("print('hello')")
    await candidate.until_saved()
    await owner.get_by_role("button", name="Finish").click()
    await expect(owner.get_by_role("dialog")).to_contain_text("Ben Okafor")
    await owner.get_by_role("button", name="Finish for everybody").click()
    await expect(candidate.page.locator(".notice.finished")).to_be_visible()
    await owner.goto(new.server.url)
    for number in (1, 2, 3):
        await owner.get_by_role("button", name="Create Link for Later").click()
        await expect(owner.get_by_role("tab", name="Pending")).to_have_text(re.compile(f"{number}$"))
    await owner.get_by_role("checkbox").first.check()
    await owner.get_by_role("button", name="Delete", exact=True).click()
    await owner.get_by_role("button", name="Delete 3").click()
    await expect(owner.get_by_role("tab", name="Pending")).to_have_text(re.compile("0$"))
    await owner.get_by_role("searchbox").fill("jose nunez")
    await owner.get_by_role("link", name="View Replay").click()
    await wait(owner, "window.panelroomReplay")
    await owner.keyboard.press("End")
    await wait(owner, "panelroomReplay.text('source') === argument", "print('hello')")


async def invited(house: House, owner: Page, name: str, email: str) -> Page:
    """The window of a colleague who has accepted."""
    await owner.get_by_role("link", name="People").click()
    await owner.get_by_role("button", name="Invite").click()
    dialog = owner.get_by_role("dialog")
    await dialog.get_by_label("E-mail").fill(email)
    await dialog.get_by_label("Name").fill(name)
    await dialog.get_by_role("button", name="Make the invitation").click()
    link = await dialog.get_by_role("textbox", name="Invitation link").input_value()
    await owner.keyboard.press("Escape")
    page = await house.window()
    await page.goto(link)
    await page.get_by_role("button", name="Accept the invitation").click()
    await page.wait_for_selector("body.page-dashboard", timeout=WAIT_MS)
    return page

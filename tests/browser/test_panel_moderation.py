"""What interviewers do about somebody, and how it is told to him: by whom, and why."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.line import Line
from tests.browser.person import House, Person
from tests.support.api import Api

pytestmark = pytest.mark.anyio

FIREFOX = "Mozilla/5.0 (Android 15; Mobile; rv:144.0) Gecko/144.0 Firefox/144.0"

# The first stream of a page is closed before it has told anything.
DEAF = """
const listen = EventSource.prototype.addEventListener
EventSource.prototype.addEventListener = function (kind, listener) {
    if (this.url.includes("after=")) listen.call(this, kind, listener)
    else if (kind === "snapshot") listen.call(this, kind, listener, { once: true })
}
"""


async def test_who_is_muted_is_told_by_whom_and_why(house: House, interview: str) -> None:
    gus = await house.visitor(interview, "Gus", "guest")
    olga = await house.interviewer(interview)
    await gus.type("a")
    await olga.until_text("a")
    await olga.act("Gus", "Mute", "Please listen for a moment")
    notice = gus.page.locator("[data-own=muted]")
    await notice.get_by_text("Olga Owner has muted you").wait_for()
    await notice.get_by_text("Reason: Please listen for a moment").wait_for()
    await gus.page.get_by_text("Read only").wait_for()
    await gus.focus()
    await gus.type("b")
    await expect(gus.page.get_by_label("Message", exact=True)).to_be_disabled()
    await gus.page.reload()
    await gus.until("room.state().connection === 'synchronised'")
    await notice.get_by_text("Reason: Please listen for a moment").wait_for()
    await olga.page.locator(".roster-row").filter(has_text="Gus").get_by_text("muted").wait_for()
    await olga.act("Gus", "Unmute")
    await notice.wait_for(state="detached")
    await gus.page.get_by_text("Olga Owner has unmuted you").first.wait_for()
    await gus.page.get_by_text("Read only").wait_for(state="hidden")
    await gus.focus()
    await gus.page.keyboard.press("Control+End")
    await gus.type("c")
    await olga.until_text("ac")


async def test_an_interviewer_who_is_made_observer_loses_the_notes_and_not_the_room(house: House, api: Api) -> None:
    """A11, A30, A31: told in words, without a reload, and back again."""
    interview = await api.create()
    olga = await house.interviewer(interview)
    ada = await house.member(interview, "Ada")
    await olga.page.locator(".pane-notes .cm-content").focus()
    await olga.type("strong on graphs")
    await ada.until("room.notes() === 'strong on graphs'")
    await ada.say("not yet", privately=True)
    await ada.focus()
    await ada.type("code")
    await ada.until_saved()
    await ada.stays()
    await olga.act("Ada", "Make observer", "You know her well")
    await ada.page.get_by_text("Olga Owner has made you an observer").first.wait_for()
    await ada.page.get_by_text("Reason: You know her well").first.wait_for()
    await ada.until("room.state().role === 'observer' && room.notes() === null")
    assert "graphs" not in await ada.page.content()
    assert await ada.page.locator(".chat-form").get_attribute("data-to") == "all"
    await expect(ada.page.get_by_role("button", name="Finish")).to_be_hidden()
    await ada.focus()
    await ada.type("!")
    assert await ada.text() == "code"
    await olga.act("Ada", "Make interviewer")
    await ada.until("room.notes() === 'strong on graphs'")
    await ada.focus()
    await ada.page.keyboard.press("Control+End")
    await ada.type("?")
    await olga.until_text("code?")
    assert await ada.stayed()


async def test_a_decision_is_told_also_when_the_page_knows_it_before_the_event(house: House, api: Api) -> None:
    """A30: the page has come in anew before it is told why; and decisions end no session, however many."""
    interview = await api.create()
    olga = await house.interviewer(interview)
    ada = await house.member(interview, "Ada")
    for _ in range(3):
        await olga.act("Ada", "Make observer")
        await ada.until("room.state().role === 'observer'")
        await olga.act("Ada", "Make interviewer")
        await ada.until("room.state().role === 'interviewer' && room.notes() === ''")
    await ada.page.add_init_script(DEAF)
    await ada.page.reload()
    await ada.until("room.notes() === ''")
    await olga.act("Ada", "Make observer", "You know her well")
    await ada.until("room.state().role === 'observer'")
    await ada.page.get_by_text("Olga Owner has made you an observer").first.wait_for()
    await ada.page.get_by_text("Reason: You know her well").first.wait_for()


@pytest.mark.parametrize("is_denied", [False, True])
async def test_unsaved_notes_are_kept_for_who_is_made_observer(
    house: House, api: Api, line: Line, *, is_denied: bool
) -> None:
    """A30: what had not reached the server, and no other line of notes that are closed to him now."""
    interview = await api.create()
    olga = await house.interviewer(interview)
    await house.employ("Ada")
    page = await house.window(member="Ada")
    await line.lay(page)
    await page.goto(f"{house.server.url}/i/{interview}#interviewer")
    ada = Person(page)
    await page.locator(".pane-notes .cm-content[contenteditable=true]").focus()
    await ada.type("strong on graphs\n")
    await olga.until("room.notes() === 'strong on graphs\\n'")
    await page.locator(".saved").get_by_text("Saved", exact=True).wait_for()
    line.swallows = True
    await ada.type("ask about queues")
    await ada.until("room.notes() === 'strong on graphs\\nask about queues'")
    if is_denied:
        line.deny("you may read this document, but not write in it")
        line.swallows = True
        await ada.until("room.notes() === ''")
    await olga.act("Ada", "Make observer")
    await ada.until("room.state().role === 'observer' && room.notes() === null")
    notice = page.get_by_role("alert").filter(has_text="Your last changes to the notes did not reach the server.")
    await expect(notice.get_by_label("The text")).to_have_value("ask about queues")
    assert "graphs" not in await page.content()


async def test_who_is_removed_is_told_and_cannot_come_back(house: House, interview: str) -> None:
    """A30: by whom, and why, also after a reload."""
    gus = await house.visitor(interview, "Gus", "guest")
    olga = await house.interviewer(interview)
    await olga.act("Gus", "Remove from the room", "Wrong interview")
    await gus.page.get_by_role("heading", name="You were removed from the room").wait_for()
    await gus.page.get_by_text("Olga Owner has removed you from the room. Reason: Wrong interview").first.wait_for()
    await olga.page.locator(".roster-row").filter(has_text="Gus").wait_for(state="detached")
    await gus.page.reload()
    await gus.page.get_by_role("heading", name="You were removed from the room").wait_for()
    await gus.page.get_by_text("Olga Owner removed you").first.wait_for()
    await gus.page.get_by_text("Wrong interview").first.wait_for()


async def test_a_removal_is_undone_by_another_interviewer(house: House, interview: str) -> None:
    """A30: whoever was removed by mistake is told what to do, and comes in again by himself."""
    gus = await house.visitor(interview, "Gus", "guest")
    olga = await house.interviewer(interview)
    ada = await house.member(interview, "Ada")
    grace = await house.member(interview, "Grace", "observer")
    await olga.act("Gus", "Remove from the room", "Wrong interview")
    removed = ada.page.locator(".removed")
    await removed.get_by_text("Removed (1)").click()
    await removed.get_by_text("Removed by Olga Owner. Reason: Wrong interview").wait_for()
    await removed.get_by_role("button", name="Let back in: Gus").click()
    await ada.page.get_by_role("dialog").get_by_role("button", name="Let back in").click()
    for person in (olga, ada):
        await person.page.locator(".removed").wait_for(state="hidden")
    assert not await grace.page.locator(".removed").is_visible()
    await gus.page.get_by_role("button", name="Try again").click()
    await gus.page.get_by_label("a guest").check()
    await gus.page.get_by_role("button", name="Enter the room").click()
    await gus.until("room.state().connection === 'synchronised'")
    await gus.focus()
    await gus.type("back")
    await olga.until_text("back")


async def test_a_device_of_the_candidate_is_removed_and_the_candidate_stays(house: House, interview: str) -> None:
    """B1: neither an impostor nor a dead laptop locks the candidate out; a wrong one is let back in."""
    cleo = await house.visitor(interview, "Cleo")
    olga = await house.interviewer(interview)
    page = await house.window(user_agent=FIREFOX)
    await page.goto(cleo.page.url)
    await page.get_by_label("Somebody is here as Cleo").check()
    await page.get_by_role("button", name="Enter the room").click()
    second = Person(page)
    await second.until("room.state().connection === 'synchronised'")
    row = olga.page.locator(".roster-row").filter(has_text="Cleo")
    await row.get_by_text("2 devices").wait_for()
    await olga.page.get_by_role("button", name="Actions for Cleo").click()
    items = [" ".join(each.split()) for each in await olga.page.get_by_role("menuitem").all_inner_texts()]
    for item, words in zip(items, ("1… Chrome on Linux", "2… Firefox on Android"), strict=True):
        assert re.fullmatch(f"Remove device {words}, since \\d\\d:\\d\\d", item), item
    await olga.page.keyboard.press("Escape")
    await olga.act("Cleo", "Remove device 2", "Is it you?")
    await page.get_by_role("heading", name="You were removed from the room").wait_for()
    await page.get_by_text("Is it you?").first.wait_for()
    await row.get_by_text("2 devices").wait_for(state="detached")
    await cleo.type("still here")
    await olga.until_text("still here")
    await olga.page.get_by_text("Removed (1)").click()
    await olga.page.get_by_text("This device only: Firefox on Android").wait_for()
    await olga.page.get_by_role("button", name="Let back in: a device of Cleo (Firefox on Android)").click()
    await olga.page.get_by_role("dialog").get_by_role("button", name="Let back in").click()
    await olga.page.locator(".removed").wait_for(state="hidden")
    await page.get_by_role("button", name="Try again").click()
    await page.get_by_label("Somebody is here as Cleo").check()
    await page.get_by_role("button", name="Enter the room").click()
    await second.until_text("still here")


async def test_only_the_candidate_is_removed_by_device(house: House, interview: str) -> None:
    """Anybody else goes as a whole: the menu does not promise anything else."""
    olga = await house.interviewer(interview)
    await house.member(interview, "Ada")
    await house.member(interview, "Ada")
    await olga.page.locator(".roster-row").filter(has_text="Ada").get_by_text("2 devices").wait_for()
    await olga.page.get_by_role("button", name="Actions for Ada").click()
    await olga.page.get_by_role("menuitem", name="Remove from the room").wait_for()
    assert await olga.page.get_by_role("menuitem", name="device").count() == 0


async def test_a_menu_stays_open_when_its_row_moves(house: House, interview: str) -> None:
    """Whoever is choosing what to do about somebody is not interrupted by his coming and going."""
    olga = await house.interviewer(interview)
    ada = await house.member(interview, "Ada")
    await olga.page.get_by_role("button", name="Actions for Ada").click()
    await ada.page.close()
    await olga.says("Nobody else is here.")
    item = olga.page.get_by_role("menuitem", name="Make observer")
    await expect(item).to_be_visible()
    await olga.page.keyboard.press("Escape")
    await olga.page.locator(".roster-row").filter(has_text="Ada").get_by_text("away").wait_for()

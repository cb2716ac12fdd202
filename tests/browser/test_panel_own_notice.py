"""What one is told of what was decided about oneself."""

import pytest
from playwright.async_api import expect

from tests.browser.line import Line
from tests.browser.person import House
from tests.support.api import Api

pytestmark = pytest.mark.anyio


async def test_a_newer_decision_replaces_the_older_one(house: House, api: Api) -> None:
    """A30: one notice about oneself at a time, and at the end of the interview none."""
    interview = await api.create()
    await house.visitor(interview, "Cleo")
    olga = await house.interviewer(interview)
    ada = await house.member(interview, "Ada")
    own = ada.page.locator("[data-own]")
    for item, reason, words in (
        ("Mute", "Listen", "Olga Owner has muted you"),
        ("Unmute", "Speak", "Olga Owner has unmuted you"),
        ("Mute", "Listen again", "Olga Owner has muted you"),
        ("Make observer", "Watch", "Olga Owner has made you an observer"),
        ("Make interviewer", "Come back", "Olga Owner has made you an interviewer: you are still muted."),
        ("Unmute", "Write", "Olga Owner has unmuted you: you can write again."),
        ("Make observer", "Watch", "Olga Owner has made you an observer"),
        ("Make interviewer", "Write", "Olga Owner has made you an interviewer: you can write."),
    ):
        await olga.act("Ada", item, reason)
        await own.get_by_text(words).wait_for()
        await own.get_by_text(f"Reason: {reason}", exact=True).wait_for()
        await expect(own).to_have_count(1)
    await olga.says("Cleo and Ada are here.")
    await api.finish(interview)
    await ada.page.locator(".notice.finished").wait_for()
    await expect(own).to_have_count(0)


async def test_what_still_holds_comes_back_when_the_newer_notice_is_put_away(house: House, interview: str) -> None:
    olga = await house.interviewer(interview)
    ada = await house.member(interview, "Ada")
    await olga.act("Ada", "Mute", "Listen")
    await olga.act("Ada", "Make observer")
    own = ada.page.locator("[data-own]")
    await own.get_by_text("Olga Owner has made you an observer").wait_for()
    await own.get_by_role("button", name="Put away").click()
    await own.get_by_text("Olga Owner has muted you").wait_for()
    await expect(own).to_have_count(1)


async def test_who_was_writing_when_muted_sees_why_and_goes_on_writing_afterwards(
    house: House, interview: str, line: Line
) -> None:
    """A30: on a phone too; what was not taken stays below, and says nothing that holds no more."""
    page = await house.window()
    await line.lay(page)
    gus = await house.visitor(interview, "Gus", "guest", page=page)
    await page.set_viewport_size({"width": 360, "height": 740})
    olga = await house.interviewer(interview)
    await gus.focus()
    await gus.type("kept ")
    await gus.until_saved()
    line.swallows = True
    await gus.type("lost")
    await olga.act("Gus", "Mute", "Please listen for a moment")
    own = page.locator("[data-own]")
    await own.get_by_text("Reason: Please listen for a moment").wait_for()
    line.deny("you may read this document, but not write in it")
    lost = page.locator(".notice.lost")
    await expect(lost.get_by_label("The text")).to_have_value("kept lost")
    await lost.get_by_text("You may read this document").wait_for()
    in_sight = """(own) => {
        const notice = own.getBoundingClientRect(), notices = own.closest(".notices").getBoundingClientRect()
        return notice.top >= notices.top && notice.bottom <= notices.bottom
    }"""
    assert await own.evaluate(in_sight)
    await gus.until_text("kept ")
    await olga.act("Gus", "Unmute")
    await own.get_by_text("Olga Owner has unmuted you").wait_for()
    await lost.get_by_text("You may read this document").wait_for(state="detached")
    await expect(lost.get_by_label("The text")).to_have_value("kept lost")
    await page.get_by_text("Read only").wait_for(state="hidden")
    await gus.type("again")
    await olga.until_text("kept again")

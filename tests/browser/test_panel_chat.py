"""Chat beside the code."""

import pytest
from playwright.async_api import expect

from tests.browser.line import Line
from tests.browser.person import House
from tests.support.api import Api

pytestmark = pytest.mark.anyio


async def test_what_is_said_among_interviewers_reaches_no_other_page(house: House, api: Api) -> None:
    """A11: not in the page of candidate or guest, nor after a reload."""
    interview = await api.create()
    cleo = await house.visitor(interview, "Cleo")
    gus = await house.visitor(interview, "Gus", "guest")
    olga = await house.interviewer(interview)
    ada = await house.member(interview, "Ada")
    await olga.say("ask about graphs", privately=True)
    await ada.say("agreed", privately=True)
    await olga.page.get_by_label("To", exact=True).select_option("all")
    await olga.say("Welcome!")
    for person in (cleo, gus):
        log = person.page.get_by_role("log")
        await log.get_by_text("Welcome!").wait_for()
        assert "graphs" not in await person.page.content()
        await expect(person.page.get_by_label("To", exact=True)).to_be_hidden()
        await person.page.reload()
        await log.get_by_text("Welcome!").wait_for()
        assert "graphs" not in await person.page.content()
    await ada.page.reload()
    await ada.page.locator(".side-head").get_by_role("button", name="Chat").click()
    await ada.page.get_by_role("log").get_by_text("ask about graphs").wait_for()


async def test_a_message_is_counted_and_takes_nothing_away_from_who_types(house: House, interview: str) -> None:
    cleo = await house.visitor(interview, "Cleo")
    olga = await house.interviewer(interview)
    await olga.type("ab")
    await cleo.say("hello " + "x" * 300)
    await cleo.say("سلام שלום <b>bold</b>")
    badge = olga.page.locator(".side-head .unread")
    await badge.get_by_text("2").wait_for()
    await olga.type("cd")
    await olga.until_text("abcd")
    await olga.page.locator(".side-head").get_by_role("button", name="Chat").click()
    await badge.wait_for(state="detached")
    await olga.page.get_by_role("log").get_by_text("<b>bold</b>").wait_for()
    assert await olga.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    log = await olga.page.locator(".chat-log").evaluate("(log) => log.scrollWidth <= log.clientWidth")
    assert log


async def test_who_says_too_much_keeps_the_words_that_were_not_sent(house: House, api: Api) -> None:
    interview = await api.create()
    cleo = await house.visitor(interview, "Cleo")
    box = cleo.page.get_by_label("Message", exact=True)
    await cleo.page.route("**/chat", lambda route: route.abort())
    await box.fill("unheard")
    await box.press("Enter")
    await cleo.page.get_by_text("Not sent.").wait_for()
    await expect(box).to_have_value("unheard")
    await cleo.page.unroute("**/chat")
    await box.press("Enter")
    await cleo.page.get_by_role("log").get_by_text("unheard").wait_for()
    await expect(box).to_have_value("")


async def test_a_message_that_was_not_sent_is_told_as_long_as_that_is_so(house: House, api: Api, line: Line) -> None:
    interview = await api.create()
    await house.interviewer(interview)
    page = await house.window()
    await line.lay(page)
    cleo = await house.visitor(interview, "Cleo", page=page)
    box = cleo.page.get_by_label("Message", exact=True)
    problem = cleo.page.get_by_text("Not sent.")
    for _ in range(2):
        await line.cut()
        await box.fill("unheard")
        await box.press("Enter")
        await problem.wait_for()
        await cleo.context.set_offline(False)
        await problem.wait_for(state="hidden")
    await line.cut()
    await box.press("Enter")
    await problem.wait_for()
    await api.finish(interview)
    await cleo.context.set_offline(False)
    await cleo.page.get_by_text("Not sent. The interview is finished.").wait_for()
    await expect(box).to_have_value("unheard")

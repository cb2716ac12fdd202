"""Chat beside the code."""

import re

import anyio
import pytest
from playwright.async_api import Route, expect

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


async def test_what_is_unread_is_what_one_may_read(house: House, interview: str) -> None:
    """A change of one's role makes nothing unread."""
    olga = await house.interviewer(interview)
    ada = await house.member(interview, "Ada")
    await ada.page.set_viewport_size({"width": 360, "height": 740})
    badge = ada.page.locator(".pane-bar .unread")
    await olga.say("to all")
    await olga.say("between us", privately=True)
    await expect(badge).to_have_text("2 unread")
    await olga.act("Ada", "Make observer")
    await expect(badge).to_have_text("1 unread")
    await olga.say("between the others", privately=True)
    await olga.act("Ada", "Make interviewer")
    said = ada.page.locator(".chat-said .chat-text")
    await expect(said).to_have_text(["to all", "between us", "between the others"])
    await expect(badge).to_have_text("1 unread")
    await ada.page.locator(".pane-bar").get_by_role("button", name="Chat").click()
    await expect(badge).to_have_count(0)


async def test_what_was_not_sent_keeps_its_words_until_somebody_decides(house: House, api: Api) -> None:
    interview = await api.create()
    cleo = await house.visitor(interview, "Cleo", page=await house.window(worker=False))
    box = cleo.page.get_by_label("Message", exact=True)
    unsent, said = cleo.page.locator(".chat-outbox"), cleo.page.locator(".chat-said")
    await cleo.page.route("**/chat", lambda route: route.abort())
    for words in ("unheard", "better not"):
        await box.fill(words)
        await box.press("Enter")
        await expect(box).to_have_value("")
        await expect(unsent.get_by_text(words)).to_be_visible()
    await expect(unsent.get_by_text("Not sent.")).to_have_count(2)
    await expect(unsent.locator(".chat-text")).to_have_text(["unheard", "better not"])
    await cleo.page.unroute("**/chat")
    await unsent.get_by_role("button", name="Remove").last.click()
    await expect(box).to_be_focused()
    await expect(unsent.locator(".chat-text")).to_have_text(["unheard"])
    await unsent.get_by_role("button", name="Try again").press("Enter")
    await expect(box).to_be_focused()
    await expect(said.locator(".chat-text")).to_have_text(["unheard"])
    await expect(unsent.locator(".chat-message")).to_have_count(0)


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
        await expect(page.locator(".saved")).to_have_text("Offline, 1 not saved")
        await expect(page.locator(".banner")).to_contain_text("1 change not saved yet")
        await cleo.context.set_offline(False)
        await cleo.until("room.state().connection === 'synchronised'")
        await problem.wait_for(state="hidden")
    await expect(cleo.page.locator(".chat-said .chat-text")).to_have_text(["unheard", "unheard"])
    await expect(cleo.page.locator(".chat-outbox .chat-message")).to_have_count(0)
    await line.cut()
    await box.fill("the last words")
    await box.press("Enter")
    await problem.wait_for()
    await api.finish(interview)
    await cleo.context.set_offline(False)
    await cleo.page.get_by_text("Not sent. The interview is finished.").wait_for()
    await expect(cleo.page.get_by_role("button", name="Try again")).to_have_count(0)
    await expect(cleo.page.locator(".chat-outbox .chat-text")).to_have_text(["the last words"])


async def test_what_was_not_sent_goes_out_by_itself_after_a_reload(house: House, interview: str) -> None:
    cleo = await house.visitor(interview, "Cleo", page=await house.window(worker=False))
    box = cleo.page.get_by_label("Message", exact=True)
    await cleo.page.route("**/chat", lambda route: route.abort())
    for words in ("once", "and again"):
        await box.fill(words)
        await box.press("Enter")
    await expect(cleo.page.get_by_text("Not sent.")).to_have_count(2)
    await cleo.page.unroute("**/chat")
    await cleo.page.reload()
    await expect(cleo.page.locator(".chat-said .chat-text")).to_have_text(["once", "and again"])
    await expect(cleo.page.locator(".chat-outbox .chat-message")).to_have_count(0)


async def test_on_a_slow_network_all_that_is_said_arrives_once_and_in_order(house: House, interview: str) -> None:
    cleo = await house.visitor(interview, "Cleo", page=await house.window(worker=False))
    gus = await house.visitor(interview, "Gus", "guest")
    answer = anyio.Event()

    async def slow(route: Route) -> None:
        await answer.wait()
        await route.continue_()

    await cleo.page.route("**/chat", slow)
    box = cleo.page.get_by_label("Message", exact=True)
    words = ["one", "two", "two", "three"]
    await box.focus()
    for each in words:
        await cleo.type(each)
        await box.press("Enter")
        await expect(box).to_have_value("")
    await expect(cleo.page.locator(".chat-outbox .chat-text")).to_have_text(words)
    await expect(cleo.page.get_by_text("sending…")).to_have_count(4)
    await cleo.type("a draft")
    answer.set()
    for person in (cleo, gus):
        await expect(person.page.locator(".chat-said .chat-text")).to_have_text(words)
    await expect(cleo.page.locator(".chat-outbox .chat-message")).to_have_count(0)
    await expect(box).to_have_value("a draft")


async def test_what_arrived_is_not_called_unsent_because_its_answer_was_lost(house: House, interview: str) -> None:
    cleo = await house.visitor(interview, "Cleo", page=await house.window(worker=False))

    async def lose(route: Route) -> None:
        await route.fetch()
        await route.abort()

    await cleo.page.route("**/chat", lose)
    box = cleo.page.get_by_label("Message", exact=True)
    for words in ("once", "and again"):
        await box.fill(words)
        await box.press("Enter")
    await expect(cleo.page.locator(".chat-said .chat-text")).to_have_text(["once", "and again"])
    await expect(cleo.page.locator(".chat-outbox .chat-message")).to_have_count(0)


async def test_what_arrived_before_a_reload_is_not_said_again(house: House, interview: str) -> None:
    """B2: the page has heard neither an answer nor an event of it when it is loaded again, and others have spoken."""
    gus = await house.visitor(interview, "Gus", "guest")
    cleo = await house.visitor(interview, "Cleo", page=await house.window(worker=False))
    arrived = anyio.Event()

    async def lose(route: Route) -> None:
        await cleo.page.context.set_offline(True)
        await route.fetch()
        arrived.set()
        await route.abort()

    await cleo.page.route("**/chat", lose)
    box = cleo.page.get_by_label("Message", exact=True)
    await box.fill("only once")
    await box.press("Enter")
    await arrived.wait()
    await expect(gus.page.locator(".chat-said .chat-text")).to_have_text(["only once"])
    await gus.page.get_by_label("Message", exact=True).fill("only once")
    await gus.page.get_by_label("Message", exact=True).press("Enter")
    await cleo.page.unroute("**/chat")
    await cleo.page.context.set_offline(False)
    await cleo.page.reload()
    for person in (cleo, gus):
        await expect(person.page.locator(".chat-said .chat-text")).to_have_text(["only once"] * 2)
    await expect(cleo.page.locator(".chat-outbox .chat-message")).to_have_count(0)
    assert await cleo.page.evaluate("Object.keys(sessionStorage).filter((key) => key.includes('letters'))") == []


async def test_a_guest_who_comes_with_somebody_elses_name_is_told_apart(house: House, interview: str) -> None:
    """In the chat and at the caret; a long name leaves room for it."""
    cleo = await house.visitor(interview, "Cleo")
    await cleo.page.set_viewport_size({"width": 360, "height": 740})
    olga = await house.interviewer(interview)
    double = await house.visitor(interview, "Olga Owner", "guest")
    name = "Wilhelmina " * 5 + "von W"
    long = await house.visitor(interview, name, "guest")
    for number, person in enumerate((olga, double, long)):
        await person.say(f"message {number}")
        await person.focus()
        await person.type("x")
    heads = cleo.page.locator(".chat-said .chat-head")
    await cleo.page.locator(".pane-bar").get_by_role("button", name="Chat").click()
    await expect(heads).to_have_text(
        [re.compile("^Olga Owner[0-9:]+$"), re.compile("^Olga Ownerguest"), re.compile("guest[0-9:]+$")]
    )
    await expect(heads.last.locator(".chat-from")).to_have_attribute("title", name)
    assert await heads.last.evaluate("(head) => head.scrollWidth <= head.clientWidth")
    await expect(heads.last.locator(".chat-role")).to_be_in_viewport(ratio=1)
    await cleo.page.locator(".pane-bar").get_by_role("button", name="Code").click()
    carets = cleo.page.locator(".cm-editor:not([hidden]) .cm-remote-caret")
    await expect(carets).to_have_count(3)
    labels = await carets.evaluate_all(
        "(all) => all.map((caret) => caret.dataset.name.replace(/[\\u2068\\u2069]/g, '')).sort()"
    )
    assert labels == ["Olga Owner", "Olga Owner · guest", "Wilhelmina Wilhelmina W… · guest"]


async def test_only_a_chat_with_something_in_it_is_a_stop_of_the_tab_key(house: House, interview: str) -> None:
    cleo = await house.visitor(interview, "Cleo")
    log = cleo.page.get_by_role("log")
    await expect(log).not_to_have_attribute("tabindex", re.compile("."))
    await cleo.say("hello")
    await expect(log).to_have_attribute("tabindex", "0")

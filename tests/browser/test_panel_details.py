"""The details of an interview, changed from inside its room, and dialogs whose time is over."""

import re

import pytest
from playwright.async_api import Locator, Route, expect

from tests.browser.person import House, Person
from tests.support.api import Api

pytestmark = pytest.mark.anyio


async def opened(person: Person) -> Locator:
    await person.page.get_by_role("button", name="Details").click()
    dialog = person.page.get_by_role("dialog")
    await dialog.wait_for()
    return dialog


async def test_details_send_only_what_was_changed_in_them(house: House, api: Api) -> None:
    """A36: what another interviewer has changed meanwhile stays, above all the lobby: nobody is let in by a title."""
    interview = await api.create(title="Old title", lobby=False)
    olga = await house.interviewer(interview)
    ada = await house.member(interview, "Ada")
    adas = await opened(ada)
    olgas = await opened(olga)
    await olgas.get_by_label("Title").fill("New title")
    await olgas.get_by_label("Keep candidate and guests waiting").check()
    await olgas.get_by_role("button", name="Save").click()
    await olgas.wait_for(state="detached")
    cleo = await house.outside(interview, "Cleo")
    await adas.get_by_label("Instructions").fill("Bring tea.")
    await adas.get_by_role("button", name="Save").click()
    await adas.wait_for(state="detached")
    await cleo.page.get_by_text("Bring tea.").wait_for()
    kept = await api.request("GET", f"interviews/{interview}")
    assert (kept["title"], kept["instructions"]) == ("New title", "Bring tea.")
    await olga.page.get_by_role("button", name="Let the candidate in").wait_for()
    await expect(cleo.page.locator(".waiting")).to_have_count(1)


async def test_details_close_for_who_may_not_change_them_any_more(house: House, api: Api) -> None:
    """A30, A36: said in words, and what was written in them can be copied."""
    interview = await api.create(title="Old title")
    olga = await house.interviewer(interview)
    ada = await house.member(interview, "Ada")
    dialog = await opened(ada)
    await dialog.get_by_label("Instructions").fill("Bring tea.")
    await olga.act("Ada", "Make observer")
    heading = "Your changes to the details were not saved"
    told = ada.page.get_by_role("dialog", name=heading)
    await told.get_by_text("You are not an interviewer any more.").wait_for()
    await expect(told.get_by_label("Instructions")).to_have_value("Bring tea.")
    await told.get_by_role("button", name="Close").click()
    await expect(ada.page.get_by_role("dialog")).to_have_count(0)
    kept = await api.request("GET", f"interviews/{interview}")
    assert kept["instructions"] != "Bring tea."


async def test_details_close_at_a_finish(house: House, api: Api) -> None:
    """A35: also without anything in them that would be lost: then the notice of the finish says enough."""
    interview = await api.create()
    await house.visitor(interview, "Cleo")
    olga = await house.interviewer(interview)
    ada = await house.member(interview, "Ada")
    await opened(olga)
    await (await opened(ada)).get_by_label("Title").fill("New title")
    await api.finish(interview)
    await olga.page.get_by_text("Olga Owner has finished this interview.").wait_for()
    await expect(olga.page.get_by_role("dialog")).to_have_count(0)
    told = ada.page.get_by_role("dialog", name="Your changes to the details were not saved")
    await told.get_by_text("The interview is finished.").wait_for()


async def test_questions_to_an_interviewer_end_with_his_role(house: House, api: Api) -> None:
    """A30, A35: an observer finishes nothing."""
    interview = await api.create()
    await house.visitor(interview, "Cleo")
    olga = await house.interviewer(interview)
    ada = await house.member(interview, "Ada")
    await olga.says("Cleo and Ada are here.")
    await ada.page.get_by_role("button", name="Finish").click()
    await ada.page.get_by_role("dialog", name="Finish this interview?").wait_for()
    await olga.act("Ada", "Make observer")
    await ada.page.get_by_text("Olga Owner has made you an observer").first.wait_for()
    await expect(ada.page.get_by_role("dialog")).to_have_count(0)
    assert await api.status(interview) == "active"


async def test_who_also_wanted_to_finish_is_told_who_did(house: House, api: Api) -> None:
    """A35: the question is over; and where both say yes at once, that is no error."""
    interview = await api.create()
    await house.visitor(interview, "Cleo")
    olga = await house.interviewer(interview)
    ada = await house.member(interview, "Ada")
    await olga.says("Cleo and Ada are here.")
    yes = re.compile("Finish for everybody")
    for person in (olga, ada):
        await person.page.get_by_role("button", name="Finish", exact=True).click()
        await person.page.get_by_role("button", name=yes).wait_for()
    await olga.page.get_by_role("button", name=yes).click()
    notice = ada.page.locator(".notice.finished")
    await notice.get_by_text("Olga Owner has finished this interview.").wait_for()
    await expect(ada.page.get_by_role("dialog")).to_have_count(0)
    await expect(notice).to_be_focused()


async def test_a_finish_that_came_too_late_is_no_error(house: House, api: Api) -> None:
    """A35: both said yes before either was told."""
    interview = await api.create()
    await house.visitor(interview, "Cleo")
    olga = await house.interviewer(interview, worker=False)
    await olga.says("Cleo is here.")

    async def be_late(route: Route) -> None:
        await api.finish(interview)
        await route.continue_()

    await olga.page.route("**/finish", be_late)
    await olga.page.get_by_role("button", name="Finish").click()
    async with olga.page.expect_response("**/finish") as answer:
        await olga.page.get_by_role("button", name="Finish for everybody").click()
    assert (await answer.value).status == 409
    await olga.page.get_by_text("Olga Owner has finished this interview.").wait_for()
    await olga.page.get_by_role("button", name="Undo finish").click()
    await olga.page.locator(".notice.finished").wait_for(state="detached")
    await expect(olga.page.get_by_role("dialog")).to_have_count(0)

"""The end of an interview, and its undoing."""

from zipfile import ZipFile

import pytest
from playwright.async_api import expect

from tests.browser.line import Line
from tests.browser.person import House
from tests.support.api import Api

pytestmark = pytest.mark.anyio


async def test_a_finish_names_who_is_still_in_and_can_be_undone_in_the_room(house: House, api: Api) -> None:
    """A35, A39 to A44, B12: the candidate takes his code away; after the undoing all go on where they were."""
    interview = await api.create()
    cleo = await house.visitor(interview, "Cleo")
    olga = await house.interviewer(interview)
    await cleo.type("done")
    await cleo.until_saved()
    await olga.says("Cleo is here.")
    await olga.page.get_by_role("button", name="Finish").click()
    await expect(olga.page.get_by_role("dialog")).to_contain_text("Cleo, candidate", use_inner_text=True)
    await olga.page.get_by_role("button", name="Finish for everybody").click()
    await cleo.page.get_by_text("Olga Owner has finished this interview.").wait_for()
    async with cleo.page.expect_download() as download:
        await cleo.page.get_by_role("button", name="Download the code").click()
    with ZipFile(await (await download.value).path()) as files:
        assert [files.read(name) for name in files.namelist()] == [b"done"]
    await expect(cleo.page.get_by_role("button", name="Undo finish")).to_have_count(0)
    for person in (cleo, olga):
        await person.stays()
    undo = olga.page.get_by_role("button", name="Undo finish")
    await expect(undo).to_contain_text(":", use_inner_text=True)
    await undo.click()
    for person in (cleo, olga):
        await person.until("!room.state().finished && room.state().connection === 'synchronised'")
        await person.page.locator(".notice.finished").wait_for(state="detached")
        await person.page.locator(".presence-line").get_by_text("Running").wait_for()
        assert await person.stayed()
    assert await api.status(interview) == "active"
    await cleo.focus()
    await cleo.page.keyboard.press("Control+End")
    await cleo.type(" again")
    await olga.until_text("done again")


async def test_who_is_in_front_of_a_finished_room_comes_back_when_it_is_undone(house: House, api: Api) -> None:
    """A35: who waited, and who had loaded his page anew; each as who he was, without doing anything."""
    interview = await api.create(policy={"guests": 1})
    cleo = await house.visitor(interview, "Cleo")
    gus = await house.visitor(interview, "Gus", "guest")
    hanna = await house.outside(interview, "Hanna", "guest")
    olga = await house.interviewer(interview)
    await cleo.focus()
    await cleo.type("done")
    await cleo.until_saved()
    await olga.says("Cleo and Gus are here.")
    await api.finish(interview)
    over = "This interview is finished"
    await hanna.page.get_by_role("heading", name=over).wait_for()
    for person in (cleo, gus):
        await person.page.locator(".notice.finished").wait_for()
        await person.page.reload()
        await person.page.get_by_role("heading", name=over).wait_for()
        await person.page.get_by_text("Then this page opens the room by itself.").wait_for()
    await olga.page.get_by_role("button", name="Undo finish").click()
    for person, role in ((cleo, "candidate"), (gus, "guest")):
        await person.page.locator(f".room[data-role={role}][data-connection=synchronised]").wait_for()
    await cleo.until_text("done")
    await hanna.page.get_by_text("You are the next one in.").first.wait_for()


async def test_a_finish_keeps_who_had_gone_apart_and_follows_nobody(house: House, api: Api) -> None:
    interview = await api.create()
    await house.visitor(interview, "Cleo")
    gus = await house.visitor(interview, "Gus", "guest")
    olga = await house.interviewer(interview)
    await gus.page.close()
    row = olga.page.locator(".roster-row").filter(has_text="Gus")
    await row.get_by_text("away").wait_for()
    await olga.page.get_by_role("button", name="Cleo", exact=True).click()
    chip = olga.page.locator(".follow-chip")
    await chip.wait_for()
    await api.finish(interview)
    await row.get_by_text("not here at the end").wait_for()
    await expect(olga.page.get_by_text("not here at the end")).to_have_count(1)
    await chip.wait_for(state="hidden")


async def test_a_finish_can_be_undone_from_the_replay(house: House, api: Api) -> None:
    """A35: by an interviewer, who is then in the room again."""
    interview = await api.create()
    await house.visitor(interview, "Cleo")
    olga = await house.interviewer(interview)
    await olga.page.locator(".presence-line").get_by_text("Running").wait_for()
    await api.finish(interview)
    await olga.page.get_by_role("link", name="Open the replay").click()
    await olga.page.get_by_role("button", name="Undo finish").click()
    await olga.page.locator(".room[data-connection=synchronised]").wait_for()
    assert await api.status(interview) == "active"


async def test_details_change_for_everybody_at_once(house: House, api: Api) -> None:
    """A36: instructions and the link to a call."""
    interview = await api.create(title="Old title")
    cleo = await house.visitor(interview, "Cleo")
    olga = await house.interviewer(interview)
    await expect(cleo.page.get_by_role("button", name="Instructions")).to_be_hidden()
    await olga.page.get_by_role("button", name="Details").click()
    dialog = olga.page.get_by_role("dialog")
    await dialog.get_by_label("Title").fill("New title")
    await dialog.get_by_label("Instructions").fill("Bring tea.")
    await dialog.get_by_label("Meeting link").fill("https://meet.example.org/abc")
    await dialog.get_by_role("button", name="Save").click()
    await cleo.page.get_by_role("heading", name="New title").wait_for()
    await cleo.page.get_by_role("link", name="Join the call").wait_for()
    await cleo.page.get_by_role("button", name="Instructions").click()
    await cleo.page.get_by_role("dialog").get_by_text("Bring tea.").wait_for()


async def test_what_came_too_late_is_told_under_the_names_of_the_tabs(house: House, api: Api, line: Line) -> None:
    """On a phone too, where the button that copies it stays in sight."""
    interview = await api.create(language="python")
    await house.interviewer(interview)
    page = await house.window()
    await line.lay(page)
    cleo = await house.visitor(interview, "Cleo", page=page)
    await page.set_viewport_size({"width": 360, "height": 640})
    await cleo.page.get_by_role("button", name="New file").click()
    await cleo.page.get_by_role("dialog").get_by_label("Name").fill("util.py")
    await cleo.page.get_by_role("button", name="Add").click()
    await cleo.type("two")
    await cleo.until_saved()
    await line.cut()
    await cleo.type(" late")
    await cleo.until("room.state().saved.changes > 0")
    await api.finish(interview)
    await cleo.context.set_offline(False)
    lost = cleo.page.locator(".notice.lost")
    await expect(lost.get_by_label("The text")).to_have_value("── main.py ──\n\n\n── util.py ──\ntwo late")
    within = """(copy) => {
        const button = copy.getBoundingClientRect(), notices = copy.closest(".notices").getBoundingClientRect()
        return button.top >= notices.top && button.bottom <= notices.bottom
    }"""
    assert await lost.get_by_role("button", name="Copy").evaluate(within)

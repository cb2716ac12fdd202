"""Seats, as the people at the windows see them: nobody reloads, nobody loses text or caret."""

import pytest
from playwright.async_api import expect

from tests.browser.person import House, Person
from tests.support.api import Api

pytestmark = pytest.mark.anyio


async def seated(person: Person) -> None:
    await person.until("room.state().admission === 'seated'")


async def test_the_fourth_interviewer_observes_and_is_seated_when_one_is_done(house: House, api: Api) -> None:
    """A28, A29, A35: three write, the fourth is told why he may not, and moves up when one's part is done."""
    interview = await api.create()
    await house.employ("Ada", "Bo", "Cy")
    cleo = await house.visitor(interview, "Cleo")
    await cleo.type("one\ntwo\n")
    await cleo.until_saved()
    olga = await house.interviewer(interview)
    ada = await house.member(interview, "Ada")
    bo = await house.member(interview, "Bo")
    cy = await house.member(interview, "Cy")
    await cy.says("You are observing: the room has its 3 interviewers. You are number 1 for a seat.")
    await cy.page.get_by_text("Read only").wait_for()
    row = olga.page.locator(".roster-row").filter(has_text="Cy")
    await row.get_by_text("1st for a seat").wait_for()
    await cy.stays()
    await cy.page.keyboard.press("Control+Home")
    await cy.page.keyboard.press("ArrowDown")
    await cy.type("no")
    still_in = ("Cleo", "Olga Owner", "Ada", "Cy")
    for name in still_in:
        await expect(bo.page.locator(".roster-row").filter(has_text=name)).to_have_count(1)
    await bo.page.get_by_role("button", name="My part is done").click()
    dialog = bo.page.get_by_role("dialog")
    for name in still_in:
        await expect(dialog).to_contain_text(name, use_inner_text=True)
    await dialog.get_by_role("button", name="Leave the room").click()
    await bo.page.get_by_role("heading", name="You have left the room").wait_for()
    await seated(cy)
    await cy.page.get_by_text("You have a seat now").first.wait_for()
    await cy.page.get_by_text("Read only").wait_for(state="hidden")
    await cy.type("!")
    await cy.until_saved()
    assert await cy.text() == "one\n!two\n"
    assert await cy.stayed()
    for person in (cleo, ada):
        await person.until_text("one\n!two\n")
    assert await api.status(interview) == "active"


async def test_who_waits_moves_up_live_and_comes_in_by_himself(house: House, api: Api) -> None:
    """A29: the reason and the place in words, and the room opens without a reload."""
    interview = await api.create(policy={"guests": 1})
    gus = await house.visitor(interview, "Gus", "guest")
    hanna = await house.outside(interview, "Hanna", "guest")
    kim = await house.outside(interview, "Kim", "guest")
    for person in (hanna, kim):
        await person.stays()
        await person.page.get_by_text("The room has its 1 guest.").first.wait_for()
    await kim.page.get_by_text("You are number 2 in the line.").first.wait_for()
    assert "Hanna" not in await kim.page.content()
    await gus.page.get_by_role("button", name="Leave the room").click()
    await seated(hanna)
    await kim.page.get_by_text("You are the next one in.").first.wait_for()
    await hanna.page.get_by_role("button", name="Leave the room").click()
    await seated(kim)
    await kim.until("room.state().connection === 'synchronised'")
    await kim.type("in")
    await kim.until_text("in")
    assert await kim.stayed()


async def test_interviewers_prepare_unseen_until_they_let_the_candidate_in(house: House, api: Api) -> None:
    """A29: the lobby. The candidate is told who lets him in, and gets the room without a reload."""
    interview = await api.create(lobby=True, instructions="Bring tea.")
    cleo = await house.outside(interview, "Cleo")
    await cleo.stays()
    await cleo.page.get_by_text("The interviewers will let you in.").first.wait_for()
    await cleo.page.get_by_text("Bring tea.").wait_for()
    olga = await house.interviewer(interview)
    await olga.says("Cleo waits outside. Nobody outside sees this room yet.")
    await olga.type("secret")
    await olga.until_saved()
    assert "secret" not in await cleo.page.content()
    await olga.page.get_by_role("button", name="Let the candidate in").click()
    await cleo.until_text("secret")
    await cleo.type("!")
    await olga.until_text("secret!")
    assert await cleo.stayed()
    await olga.says("Cleo is here.")
    await expect(olga.page.get_by_role("button", name="Let")).to_be_hidden()


async def test_who_waits_under_a_wrong_name_is_removed_before_anybody_is_let_in(house: House, api: Api) -> None:
    """B1: somebody else under the candidate's name sees nothing; a guest comes in with the candidate."""
    interview = await api.create(lobby=True)
    somebody = await house.outside(interview, "Cleo")
    olga = await house.interviewer(interview)
    await olga.page.get_by_role("button", name="Let the candidate in").wait_for()
    await olga.page.get_by_role("button", name="Actions for Cleo").click()
    await olga.page.get_by_role("menuitem", name="Remove device 1").click()
    dialog = olga.page.get_by_role("dialog")
    await dialog.get_by_text("Cleo has no other device here now, and can come in with another one").wait_for()
    await dialog.get_by_role("button", name="Remove this device").click()
    await somebody.page.get_by_role("heading", name="You were removed from the room").wait_for()
    page = await house.window()
    await page.goto(somebody.page.url)
    await page.get_by_label("Somebody is here as Cleo").check()
    await page.get_by_role("button", name="Enter the room").click()
    await page.locator(".waiting").wait_for()
    gus = await house.outside(interview, "Gus", "guest")
    await olga.page.get_by_role("button", name="Let everybody in").click()
    for person in (Person(page), gus):
        await seated(person)
    await olga.page.get_by_role("button", name="Actions for Cleo").click()
    await olga.page.get_by_role("menuitem", name="Remove device 1").wait_for()


async def test_who_goes_is_not_typing_any_more(house: House, interview: str) -> None:
    page = await house.window(owner=True)
    # Here, typing ends by going alone: not after a pause.
    await page.add_init_script(
        "const set = setTimeout; window.setTimeout = (call, ms, ...more) => (ms === 2500 ? 0 : set(call, ms, ...more))"
    )
    await page.goto(f"{house.server.url}/i/{interview}")
    await page.get_by_role("button", name="Enter as interviewer").click()
    olga = Person(page)
    gus = await house.visitor(interview, "Gus", "guest")
    cleo = await house.visitor(interview, "Cleo")
    for person in (gus, cleo):
        await person.type("x")
    await olga.says("Cleo and Gus are typing…")
    await expect(page.locator(".roster-row.is-typing")).to_have_count(2)
    await gus.page.get_by_role("button", name="Leave the room").click()
    await olga.says("Cleo is typing…")
    await cleo.page.close()
    await expect(page.locator(".line-typing")).to_have_text("")
    await expect(page.locator(".roster-row.is-typing")).to_have_count(0)


async def test_a_caret_in_an_empty_file_stands_at_its_start(house: House, interview: str) -> None:
    cleo = await house.visitor(interview, "Cleo")
    gus = await house.visitor(interview, "Gus", "guest")
    await gus.focus()
    await cleo.page.locator(".cm-remote-caret").wait_for(state="attached")
    left = "(selector) => document.querySelector(`.cm-editor:not([hidden]) ${selector}`).getBoundingClientRect().left"
    await cleo.drawn()
    caret, words = [await cleo.page.evaluate(left, each) for each in (".cm-remote-caret", ".cm-placeholder")]
    assert caret <= words

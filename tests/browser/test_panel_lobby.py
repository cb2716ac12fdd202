"""The form in front of the room."""

import pytest
from playwright.async_api import expect

from tests.browser.person import House, Person
from tests.support.api import Api

pytestmark = pytest.mark.anyio


async def test_one_reads_before_joining_what_is_recorded_and_what_to_do(house: House, api: Api) -> None:
    """B12, A27, A36: who sees it, until when; the call is a link, and looking takes no seat."""
    call = "https://meet.example.org/abc"
    interview = await api.create(title="Round two", instructions="Bring tea.", meeting_url=call)
    page = await house.window()
    await page.goto(f"{house.server.url}/i/{interview}")
    for words in (
        "Every change to the code and every chat message",
        "No camera",
        "can see the recording",
        "It is kept until",
    ):
        await page.get_by_text(words).wait_for()
    await page.get_by_text("Bring tea.").wait_for()
    link = page.get_by_role("link", name="Join the call")
    assert (await link.get_attribute("href"), await link.get_attribute("rel")) == (call, "noopener noreferrer")
    assert (await api.recording(interview))["participants"] == []


async def test_a_lobby_that_was_opened_early_learns_who_the_candidate_is(house: House, api: Api) -> None:
    """A18: nobody becomes the candidate by a form that is out of date."""
    interview = await api.create()
    page = await house.window()
    await page.goto(f"{house.server.url}/i/{interview}")
    await page.get_by_label("Your name").fill("Pia Panelist")
    await expect(page.get_by_label("the candidate")).to_be_checked()
    await api.join(interview, "candidate", "Cleo")
    await page.get_by_role("button", name="Enter the room").click()
    await page.get_by_text("Please say who you are").wait_for()
    other = page.get_by_label("Somebody is here as Cleo")
    await expect(other).not_to_be_checked()
    await page.get_by_label("a guest").check()
    await expect(page.get_by_label("Your name")).to_have_value("Pia Panelist")
    await page.get_by_role("button", name="Enter the room").click()
    pia = Person(page)
    await pia.until("room.state().connection === 'synchronised'")
    assert (await pia.state())["role"] == "guest"


async def test_an_open_lobby_changes_by_itself(house: House, api: Api) -> None:
    """A18: without being sent or loaded anew."""
    interview = await api.create()
    page = await house.window()
    await page.goto(f"{house.server.url}/i/{interview}")
    await expect(page.get_by_label("the candidate")).to_be_checked()
    await api.join(interview, "candidate", "Cleo")
    other = page.get_by_label("Somebody is here as Cleo")
    await other.wait_for()
    await expect(other).not_to_be_checked()


async def test_run_leads_straight_in_and_the_plain_link_asks(house: House, api: Api) -> None:
    """A9, A19, A24, A31: one address; a member comes in as interviewer or observes."""
    interview = await api.create()
    ada = await house.member(interview, "Ada")
    assert (await ada.state())["role"] == "interviewer"
    page = await house.window(member="Ada")
    await page.goto(f"{house.server.url}/i/{interview}")
    await page.get_by_text("You are signed in as Ada").wait_for()
    await page.get_by_role("button", name="Observe").click()
    observer = Person(page)
    await observer.until("room.state().connection === 'synchronised'")
    assert (await observer.state())["role"] == "observer"
    assert await page.locator(".pane-notes").count() == 0
    assert await observer.page.evaluate("panelroomRoom.notes()") is None


async def test_the_lobby_is_switched_in_the_details(house: House, api: Api) -> None:
    """A36: before the interview; whoever waits comes in when it is switched off, and is asked again when on."""
    interview = await api.create()
    olga = await house.interviewer(interview)
    ada = await house.member(interview, "Ada")

    async def switch() -> None:
        await olga.page.get_by_role("button", name="Details").click()
        dialog = olga.page.get_by_role("dialog")
        await dialog.get_by_label("Keep candidate and guests waiting").focus()
        await olga.page.keyboard.press("Space")
        await olga.page.keyboard.press("Enter")
        await dialog.wait_for(state="detached")

    await switch()
    for person in (olga, ada):
        await person.page.get_by_role("button", name="Let the candidate in").wait_for()
        await person.says("Nobody outside sees this room")
    cleo = await house.outside(interview, "Cleo")
    await switch()
    await cleo.until("room.state().connection === 'synchronised'")
    await ada.page.get_by_role("button", name="Let the candidate in").wait_for(state="hidden")
    await olga.page.locator(".presence-line").get_by_text("Running").wait_for()
    await olga.page.get_by_role("button", name="Details").click()
    await olga.page.get_by_role("dialog").get_by_label("Title").wait_for()
    await expect(olga.page.get_by_label("Keep candidate and guests waiting")).to_have_count(0)


async def test_before_a_closed_lobby_nobody_is_told_that_the_room_is_ready(house: House, api: Api) -> None:
    """A29: and the fields stand in the same order for the first visitor and for later ones."""
    interview = await api.create(lobby=True)
    page = await house.window()
    await page.goto(f"{house.server.url}/i/{interview}")
    order = "[...document.querySelectorAll('form input')].map(({ name, value }) => name === 'role' ? value : name)"
    await page.get_by_label("Your name").fill("Cleo")
    await expect(page.get_by_text("The room is ready")).to_have_count(0)
    first = await page.evaluate(order)
    await page.get_by_role("button", name="Enter the room").click()
    await page.locator(".waiting").wait_for()
    later = await house.window()
    await later.goto(f"{house.server.url}/i/{interview}")
    await later.get_by_label("Somebody is here as Cleo").wait_for()
    assert await later.evaluate(order) == first


async def test_who_was_made_observer_is_offered_to_observe(house: House, api: Api) -> None:
    """A30: and nothing that would be refused."""
    interview = await api.create()
    olga = await house.interviewer(interview)
    ada = await house.member(interview, "Ada")
    await olga.act("Ada", "Make observer")
    await ada.until("room.state().role === 'observer'")
    page = await house.window(member="Ada")
    await page.goto(f"{house.server.url}/i/{interview}#interviewer")
    await page.get_by_text("An interviewer has made you an observer").wait_for()
    await expect(page.get_by_role("button", name="Enter as interviewer")).to_have_count(0)
    await page.get_by_role("button", name="Observe").click()
    await Person(page).until("room.state().role === 'observer'")

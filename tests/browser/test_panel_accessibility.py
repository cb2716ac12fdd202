"""axe-core finds nothing in any state of the people's side, light or dark, and nothing is wider than a phone."""

import pytest

from tests.browser.person import House, Person
from tests.browser.test_accessibility import violations
from tests.support.api import Api

pytestmark = pytest.mark.anyio


async def test_no_state_of_the_panel_has_a_violation(house: House, api: Api) -> None:
    found: list[str] = []

    async def look(person: Person, what: str) -> None:
        found.extend(f"{what}: {each}" for each in await violations(person.page))
        await person.page.set_viewport_size({"width": 360, "height": 740})
        await person.drawn()
        if await person.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{what}: wider than 360 px")
        await person.page.set_viewport_size({"width": 1200, "height": 700})

    interview = await api.create(
        lobby=True,
        policy={"interviewers": 1, "guests": 1},
        instructions="Bring tea.\n" * 40,
        meeting_url="https://meet.example.org/abc",
    )
    cleo = await house.outside(interview, "Cleo Carpenter")
    await look(cleo, "waiting in the lobby")
    olga = await house.interviewer(interview)
    await olga.says("waits outside")
    await look(olga, "a lobby that is not open")
    await olga.page.get_by_role("button", name="Let the candidate in").click()
    gus = await house.visitor(interview, "Gus", "guest")
    kim = await house.outside(interview, "Kim", "guest")
    await look(kim, "waiting for a seat")
    ada = await house.member(interview, "Ada")
    await ada.says("You are number 1 for a seat.")
    await cleo.say("hello")
    await olga.say("good question", privately=True)
    await look(cleo, "the candidate")
    await look(olga, "the interviewer")
    await look(ada, "over the limit")
    await olga.page.get_by_role("button", name="Actions for Gus").click()
    await look(olga, "a menu")
    await olga.page.keyboard.press("Escape")
    await olga.page.get_by_role("button", name="Details").click()
    await look(olga, "the details")
    await olga.page.keyboard.press("Escape")
    await olga.act("Gus", "Mute", "noise")
    await gus.page.locator("[data-own=muted]").wait_for()
    await look(gus, "muted")
    await olga.act("Ada", "Make observer")
    await ada.until("room.state().role === 'observer'")
    await look(ada, "made observer")
    await olga.act("Gus", "Remove from the room")
    await gus.page.get_by_role("heading", name="You were removed").wait_for()
    await look(gus, "removed")
    await olga.page.locator(".removed summary").click()
    await look(olga, "whom one has removed")
    await olga.page.get_by_role("button", name="Let back in: Gus").click()
    await look(olga, "asked about letting somebody back in")
    await olga.page.keyboard.press("Escape")
    await olga.page.get_by_role("button", name="Finish").click()
    await look(olga, "asked about the finish")
    await olga.page.get_by_role("button", name="Finish for everybody").click()
    for person in (cleo, olga):
        await person.page.locator(".notice.finished").wait_for()
        await look(person, "finished")
    assert not found, "\n".join(found)


async def test_what_is_chosen_is_seen_so_where_the_system_chooses_the_colours(house: House, interview: str) -> None:
    olga = await house.interviewer(interview)
    page = olga.page
    await page.get_by_role("button", name="New file").click()
    await page.get_by_role("dialog").get_by_label("Name").fill("b.py")
    await page.keyboard.press("Enter")
    await page.get_by_role("tab", name="b.py").wait_for()
    await page.emulate_media(forced_colors="active")
    look = "(all) => all.filter((one) => one.checkVisibility()).map((one) => getComputedStyle(one).backgroundColor)"
    ground = set(await page.locator("body").evaluate_all(look))
    for width, chosen in (
        (1200, ".side-head .segments [aria-pressed=true]"),
        (1200, ".file-tab[aria-selected=true]"),
        (360, ".pane-bar .segments [aria-pressed=true]"),
    ):
        await page.set_viewport_size({"width": width, "height": 740})
        on = set(await page.locator(chosen).evaluate_all(look))
        off = set(await page.locator(chosen.replace("true", "false")).evaluate_all(look))
        assert on, chosen
        assert off, chosen
        assert not on & (off | ground), chosen

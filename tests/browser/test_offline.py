"""Nothing that was typed is lost or comes twice: offline, over reloads, in two tabs, to the end of the room."""

import time

import pytest
from playwright.async_api import Page, expect

from tests.browser.offline import KEPT_ROWS, come_back, go_offline, until_kept, warns
from tests.browser.person import House, Person, wait
from tests.browser.test_accessibility import looked_at
from tests.support.api import Api

pytestmark = pytest.mark.anyio

SMILES = "😀 naïve 👩‍💻 "


async def reload_offline(person: Person) -> None:
    """The page comes back with the text, in the same place, and says how much of it is unsaved."""
    page = person.page
    text = await page.evaluate("panelroomRoom.text('other.py')")
    count = (await person.state())["saved"]["changes"]
    await page.reload()
    await person.until("room.text('other.py') === argument", text)
    await expect(page.locator(".saved")).to_have_text(f"Offline, {count} not saved")
    await expect(page.locator(".banner")).to_contain_text(f"{count} changes not saved yet, also kept")
    await expect(page.get_by_role("tab", name="other.py")).to_have_attribute("aria-selected", "true")
    await expect(page.locator(".chat")).to_contain_text("Offline: what has been said is not known here.")
    await expect(page.locator(".pane-people")).to_contain_text("Offline: who else is here is not known.")
    await expect(page.locator(".presence-line")).to_contain_text("Who else is here is not known now.")
    await expect(page.locator(".presence-line .chip")).to_be_hidden()
    assert not await looked_at(page)
    await person.focus()
    await page.keyboard.press("Control+End")


@pytest.mark.parametrize("away_s", [0, pytest.param(300, marks=pytest.mark.long)])
async def test_offline_with_typing_and_a_reload_in_between(
    house: House, api: Api, interview: str, away_s: float
) -> None:
    """B2: two files, characters beyond the basic plane, somebody else who goes on typing all the while."""
    cleo = await house.visitor(interview, "Cleo")
    gus = await house.visitor(interview, "Gus", "guest")
    await gus.say("Hello.")
    await gus.focus()
    await cleo.type("together\n")
    await cleo.page.get_by_role("button", name="New file").click()
    await cleo.page.get_by_role("dialog").get_by_label("Name").fill("other.py")
    await cleo.page.get_by_role("button", name="Add").click()
    await cleo.type(SMILES)
    await cleo.until_saved()
    await gus.until("room.text('other.py') === argument", SMILES)
    await go_offline(cleo)
    await expect(cleo.page.locator(".chat")).to_contain_text("Offline: what has been said since is not known here.")
    await expect(cleo.page.locator(".banner")).to_contain_text("The connection is lost.")
    assert not await looked_at(cleo.page)
    typed = 0
    for half in range(2):
        end = time.monotonic() + away_s / 2
        while typed < 2 * (half + 1) or time.monotonic() < end:
            await cleo.type(f"{typed} {SMILES}")
            typed += 1
            await gus.type("here ")
        if half == 0:
            await reload_offline(cleo)
    await gus.until_saved()
    assert await gus.page.evaluate("panelroomRoom.text('other.py')") == SMILES
    await come_back(cleo)
    await expect(cleo.page.locator(".chat")).to_contain_text("Hello.")
    await expect(cleo.page.locator(".chat")).not_to_contain_text("Offline")
    wanted = SMILES + "".join(f"{number} {SMILES}" for number in range(typed))
    for person in (cleo, gus):
        await person.until("room.text('other.py') === argument", wanted)
    await gus.until_saved()
    first = await cleo.text()
    assert await gus.text() == first
    _, files = await api.text_at(interview)
    assert sorted(files.values()) == sorted([first, wanted])


async def test_a_tab_that_is_gone_comes_back_with_what_it_had_not_sent(house: House, api: Api, interview: str) -> None:
    """The tab dies without a word; another one, opened offline, has all of it and can go on."""
    cleo = await house.visitor(interview, "Cleo")
    await cleo.type("saved ")
    await cleo.until_saved()
    await go_offline(cleo)
    assert not await warns(cleo)
    await cleo.type("unheard ")
    await wait(cleo.page, f"{KEPT_ROWS}.endsWith(',1')")
    assert await warns(cleo)
    await leave(cleo.page)
    question = cleo.page.get_by_role("dialog")
    await expect(question).to_contain_text("Leaving deletes them in this browser too.")
    await question.get_by_role("button", name="Stay").click()
    url, participant = cleo.page.url, (await cleo.state())["participant_id"]
    page = await house.tab(cleo.context)
    await cleo.page.close()
    await page.goto(url)
    again = Person(page)
    await again.until_text("saved unheard ")
    await again.focus()
    await again.page.keyboard.press("Control+End")
    await again.type("more")
    await come_back(again)
    assert (await again.state())["participant_id"] == participant
    assert await api.text(interview) == "saved unheard more"
    await wait(page, f"{KEPT_ROWS}.endsWith(',0')")


async def test_two_tabs_of_one_participant_do_not_harm_each_other(house: House, api: Api, interview: str) -> None:
    one = await house.visitor(interview, "Cleo")
    await one.type("|")
    await one.until_saved()
    await until_kept(one)
    page = await house.tab(one.context)
    await page.goto(one.page.url)
    two = Person(page)
    await two.until_text("|")
    await two.until_saved()
    await one.context.set_offline(True)
    for tab in (one, two):
        await tab.until("room.state().connection === 'offline'")
    for tab, letter in ((one, "a"), (two, "b")):
        await tab.page.bring_to_front()
        await tab.focus()
        await tab.type(letter * 5)
    await one.page.bring_to_front()
    await one.page.reload()
    await one.until("room.text().includes('aaaaa')")
    await one.context.set_offline(False)
    for tab in (one, two):
        await tab.until("room.text().length === 11")
        await tab.until_saved()
    text = await api.text(interview)
    assert sorted(text) == sorted("|" + "a" * 5 + "b" * 5)
    assert text == await one.text() == await two.text()


DEAF = """() => {
    window.WebSocket = class extends EventTarget {
        static CONNECTING = 0
        static OPEN = 1
        static CLOSING = 2
        static CLOSED = 3
        readyState = 0
        constructor() { super(); window.hasTried = true }
        send() {}
        close() {}
    }
}"""


async def leave_unheard(page: Page) -> None:
    """A page that is left is not offline any more: it may get its words through under its own name."""
    await page.evaluate(DEAF)
    await wait(page, "window.hasTried")
    await page.goto("about:blank")


async def test_what_was_kept_goes_to_nobody_else(house: House, api: Api, interview: str) -> None:
    """Another participant in the same browser neither sees nor sends it; the first one finds it again."""
    cleo = await house.visitor(interview, "Cleo")
    await cleo.type("mine ")
    await cleo.until_saved()
    await go_offline(cleo)
    await cleo.type("secret")
    await wait(cleo.page, f"{KEPT_ROWS}.endsWith(',1')")
    kept = await cleo.page.evaluate("localStorage.getItem('panelroom.stay.' + location.pathname.split('/').at(-1))")
    await cleo.page.evaluate("localStorage.clear()")
    await leave_unheard(cleo.page)
    await cleo.context.set_offline(False)
    gus = await house.visitor(interview, "Gus", "guest", page=cleo.page)
    await gus.until_saved()
    await gus.type("!")
    await gus.until_saved()
    assert "secret" not in await gus.text()
    assert "secret" not in await api.text(interview)
    await gus.page.evaluate(
        "(kept) => localStorage.setItem('panelroom.stay.' + location.pathname.split('/').at(-1), kept)", kept
    )
    await gus.page.reload()
    await cleo.until("room.text().includes('secret')")
    await cleo.until_saved()
    assert await api.text(interview) == await cleo.text()


async def until_in_roster(person: Person, name: str, words: str) -> None:
    rows = "[...document.querySelectorAll('.roster li')]"
    condition = f"{rows}.some(({{ innerText }}) => argument.every((each) => innerText.includes(each)))"
    await wait(person.page, condition, [name, words])


async def test_who_may_only_read_meanwhile_sends_nothing_and_is_shown_it(
    house: House, api: Api, interview: str
) -> None:
    """A guest who is muted, and an interviewer who is made an observer and had written notes too."""
    mona = await house.member(interview, "Mona")
    gus = await house.visitor(interview, "Gus", "guest")
    olga = await house.interviewer(interview)
    await gus.type("before ")
    await gus.until_saved()
    await go_offline(gus)
    await gus.type("unheard")
    await mona.page.locator(".pane-notes .cm-content").focus()
    await mona.type("known to the panel\n")
    await olga.until("room.notes() === 'known to the panel\\n'")
    await expect(mona.page.locator(".saved")).to_have_text("Saved")
    await go_offline(mona)
    await mona.type("kept to herself")
    for person, name, item, told in ((gus, "Gus", "Mute…", "muted"), (mona, "Mona", "Make observer", "Observer")):
        await wait(person.page, f"{KEPT_ROWS}.endsWith(',1')")
        url = person.page.url
        await leave_unheard(person.page)
        await olga.act(name, item)
        await until_in_roster(olga, name, told)
        await person.context.set_offline(False)
        await person.page.goto(url)
        await person.until("room.state().connection === 'synchronised'")
    unsent = mona.page.locator(".notice.lost")
    await expect(unsent).to_contain_text("You may not open the notes any more.")
    await expect(unsent.get_by_label("The text")).to_have_value("kept to herself")
    await expect(mona.page.locator(".pane-notes")).to_have_count(0)
    await olga.until("room.notes() === 'known to the panel\\n'")
    await wait(mona.page, f"{KEPT_ROWS}.endsWith(',1')")
    await unsent.get_by_role("button", name="Put away").click()
    await wait(mona.page, f"{KEPT_ROWS}.endsWith(',0')")
    lost = gus.page.locator(".notice.lost")
    await expect(lost.get_by_label("The text")).to_have_value("before unheard")
    await gus.until_text("before ")
    await gus.until_saved()
    assert await api.text(interview) == "before "
    for _ in range(2):
        await gus.page.reload()
        await gus.until_text("before ")
        await expect(lost.get_by_label("The text")).to_have_value("before unheard")
    await lost.get_by_role("button", name="Put away").click()
    await wait(gus.page, f"{KEPT_ROWS}.endsWith(',0')")
    await gus.page.reload()
    await gus.until_text("before ")
    await gus.until_saved()
    await expect(lost).to_have_count(0)
    assert await api.text(interview) == "before "


async def test_finished_while_one_was_away(house: House, api: Api, interview: str) -> None:
    """The text is shown to be copied until it is put away, also after a reload; then nothing of it is left."""
    cleo = await house.visitor(interview, "Cleo")
    await house.interviewer(interview)
    await cleo.type("done ")
    await cleo.until_saved()
    await go_offline(cleo)
    await cleo.type("late")
    await wait(cleo.page, f"{KEPT_ROWS}.endsWith(',1')")
    await cleo.page.reload()
    await cleo.until_text("done late")
    await api.finish(interview)
    await cleo.context.set_offline(False)
    text = cleo.page.locator(".notice.lost").get_by_label("The text")
    await expect(text).to_have_value("done late")
    assert not await looked_at(cleo.page)
    assert not await warns(cleo)  # it is kept, and shown again
    await leave(cleo.page)
    question = cleo.page.get_by_role("dialog")
    await expect(question).to_contain_text("did not reach the server before the finish. Leaving deletes them")
    await question.get_by_role("button", name="Stay").click()
    await cleo.page.reload()
    await cleo.page.get_by_role("heading", name="finished").wait_for()
    await expect(text).to_have_value("done late")
    assert not await looked_at(cleo.page)
    await cleo.page.get_by_role("button", name="Put away").click()
    await wait(cleo.page, f"{KEPT_ROWS} === '0,0' && (await caches.keys()).length === 0")
    assert await api.text(interview) == "done "


NO_STORAGE = {
    "closed": "Object.defineProperty(window, 'indexedDB', { get() { throw new DOMException('no', 'SecurityError') } })",
    "full": """
        IDBObjectStore.prototype.add = IDBObjectStore.prototype.put = function () {
            throw new DOMException('no', 'QuotaExceededError')
        }""",
    "silent": "IDBFactory.prototype.open = () => new EventTarget()",
}


async def test_without_storage_typing_goes_on_and_the_page_says_what_holds(house: House, api: Api) -> None:
    page = await house.window()
    people: dict[str, tuple[str, Person]] = {}
    for how, script in NO_STORAGE.items():
        tab = await house.tab(page.context)
        await tab.add_init_script(script)
        room = await api.create()
        people[how] = room, await house.visitor(room, how, "guest", page=tab)
        await people[how][1].type(f"{how} ")
        await people[how][1].until_saved()
    await page.context.set_offline(True)
    for how, (_, person) in people.items():
        await person.until("room.state().connection === 'offline'")
        await person.page.bring_to_front()
        await person.focus()
        await person.page.keyboard.press("Control+End")
        await person.type(f"{how}! ")
        words = f"Keep this page open: {len(how) + 2} changes not saved yet, kept nowhere but in this page."
        await expect(person.page.locator(".banner")).to_contain_text(words)
    await page.context.set_offline(False)
    for how, (room, person) in people.items():
        await person.until_saved()
        assert await api.text(room) == f"{how} {how}! "


async def leave(page: Page) -> None:
    await page.get_by_role("button", name="Leave the room").click()


async def test_a_server_that_does_not_answer_is_asked_again(house: House, interview: str) -> None:
    """Join and leave: the page says that it tries again, and does."""
    page = await house.window(worker=False)
    await page.goto(f"{house.server.url}/i/{interview}")
    await page.get_by_label("Your name").fill("Cleo")
    await page.get_by_label("the candidate").check()
    await page.route("**/join", lambda route: route.fulfill(status=503, body="busy"))
    await page.get_by_role("button", name="Enter the room").click()
    await expect(page.get_by_role("alert")).to_contain_text("This page tries again by itself.")
    await page.unroute("**/join")
    cleo = Person(page)
    await cleo.until_saved()
    await page.route("**/leave", lambda route: route.abort())
    await leave(page)
    await page.get_by_role("heading", name="You have left the room").wait_for()
    await expect(page.get_by_role("status").filter(has_text="tries again")).to_be_visible()
    await page.unroute("**/leave")
    await expect(page.get_by_role("status").filter(has_text="tries again")).to_have_count(0)

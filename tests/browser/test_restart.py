"""A server that is killed or restarted while somebody types: the page says so, and comes back by itself."""

import pytest
from anyio import to_thread
from playwright.async_api import Browser, expect

from collab.backup import back_up, restore
from tests.browser.offline import until_kept
from tests.browser.person import House, Person
from tests.support.api import Api
from tests.support.server import Server
from web.panelroom import DATABASE_NAME

pytestmark = pytest.mark.anyio

# The text that was there when the page last said that everything is saved.
WATCH = """() => {
    const room = document.querySelector('.room')
    const note = () => {
        const { saved, connection } = room.dataset
        if (saved === 'saved' && connection === 'synchronised') window.shownSaved = panelroomRoom.text()
    }
    note()
    new MutationObserver(note).observe(room, { attributes: true })
}"""


@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.long)])
async def test_killed_while_somebody_types(browser: Browser, frail: Server, kills: int) -> None:
    """Row 1 in a browser: every word that was shown saved is on the server's disk before the page is back."""
    house = House(browser, frail)
    async with Api(frail) as api:
        interview = await api.create()
        cleo = await house.visitor(interview, "Cleo")
        await cleo.page.evaluate(WATCH)
        typed = ""
        for number in range(kills):
            for word in range(8):
                await cleo.type(f"{number}.{word} ")
                typed += f"{number}.{word} "
                if word == 3:
                    await cleo.until_saved()
            frail.kill()
            await cleo.type("away ")
            typed += "away "
            await cleo.until("room.state().connection === 'offline'")
            shown = await cleo.page.evaluate("window.shownSaved")
            await expect(cleo.page.locator(".banner")).to_contain_text("not saved yet, also kept in this browser")
            await cleo.context.set_offline(True)
            await to_thread.run_sync(frail.start)
            assert (await api.text(interview)).startswith(shown)
            assert typed.startswith(shown)
            assert f"{number}.3 " in shown
            await cleo.context.set_offline(False)
            await cleo.until_saved()
            await cleo.until_text(typed)
        assert await api.text(interview) == typed
    await house.close()


async def test_who_is_unknown_after_a_restore_is_told_to_copy_what_is_unsaved(browser: Browser, frail: Server) -> None:
    house, copy = House(browser, frail), frail.data / "copy"
    async with Api(frail) as api:
        interview = await api.create()
        await to_thread.run_sync(back_up, frail.data / DATABASE_NAME, copy, lambda _what, _part: None)
        cleo = await house.visitor(interview, "Cleo")
        await cleo.type("before ")
        await cleo.until_saved()
        frail.kill()
        await cleo.type("away")
        await cleo.until("room.state().connection === 'offline'")
        await to_thread.run_sync(restore, copy, frail.data / DATABASE_NAME, lambda _what, _part: None)
        await to_thread.run_sync(frail.start)
        await cleo.page.reload()
        notice = cleo.page.locator(".notice.lost")
        await expect(notice).to_contain_text("they cannot be sent: copy them before you come in")
        await expect(notice.get_by_label("The text")).to_have_value("before away")
    await house.close()


async def saved_before(house: House, api: Api) -> tuple[Person, str]:
    """A candidate who has typed "before ", and the interview."""
    interview = await api.create()
    cleo = await house.visitor(interview, "Cleo")
    await cleo.type("before ")
    await cleo.until_saved()
    return cleo, interview


async def test_reloaded_while_the_server_is_gone(browser: Browser, frail: Server) -> None:
    """The page and what is not saved come from the browser; a proxy's 502 is no answer either."""
    house = House(browser, frail)
    async with Api(frail) as api:
        cleo, interview = await saved_before(house, api)
        await until_kept(cleo)
        frail.kill()
        await cleo.type("gone ")
        await cleo.until("room.state().saved.changes > 0")
        await cleo.page.reload()
        await cleo.until_text("before gone ")
        await expect(cleo.page.locator(".banner")).to_contain_text("The server cannot be reached.")
        await cleo.focus()
        await cleo.page.keyboard.press("Control+End")
        await cleo.type("on")
        await to_thread.run_sync(frail.start)
        await cleo.until_saved()
        await expect(cleo.page.locator(".banner")).to_be_hidden()
        assert await api.text(interview) == await cleo.text() == "before gone on"
    await house.close()


async def test_back_soon_after_a_restart(browser: Browser, frail: Server) -> None:
    """Row 23 in a browser: 1012 is said in words, and the page is back as soon as the server is."""
    house = House(browser, frail)
    async with Api(frail) as api:
        cleo, interview = await saved_before(house, api)
        await to_thread.run_sync(frail.stop)
        await expect(cleo.page.locator(".banner")).to_contain_text("The server is restarting.")
        await cleo.type("meanwhile ")
        await to_thread.run_sync(frail.start)
        await cleo.until_saved()
        assert await api.text(interview) == "before meanwhile "
    await house.close()

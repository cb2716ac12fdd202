"""The files of a room in real windows: their tabs, their editors, and who is in them."""

import asyncio
import io
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Download, Locator, Page, expect
from pycrdt import Map

from tests.browser.person import WAIT_MS, House, Person
from tests.support.api import Api
from tests.support.crowd import Crowd
from tests.support.peer import Peer

pytestmark = pytest.mark.anyio

NASTY = {
    "<img src=x onerror=alert(1)>.py": "<img src=x onerror=alert(1)>.py",
    "\u202egnp.exe": "gnp.exe",
    "שלום.py": "שלום.py",
    "👩‍💻 notes.md": "👩‍💻 notes.md",
    "x" * 10_000: "x" * 100,
}

SHOWN = "[role=tab][aria-selected=true] .file-tab-name"
# Of the line with the mark; -1 while it is in no sight.
TOP = """([...document.querySelectorAll('.cm-editor:not([hidden]) .cm-line')]
    .find((line) => line.textContent.includes('mark'))?.getBoundingClientRect().top ?? -1)"""


def editor(person: Person) -> Locator:
    """The one in sight."""
    return person.page.locator(".pane-code .cm-editor:not([hidden]) .cm-content")


def tab(person: Person, name: str) -> Locator:
    return person.page.get_by_role("tab", name=name)


async def names(person: Person) -> list[str]:
    return await person.page.locator(".file-tab-name").all_text_contents()


async def until_names(person: Person, further: list[str]) -> None:
    """Until the tabs behind the first one are these."""
    await expect(person.page.locator(".file-tab-name")).to_have_text([re.compile("."), *further])


async def until_shown(person: Person, name: str) -> None:
    await expect(person.page.locator(SHOWN)).to_have_text(name)


async def until_file(person: Person, name: str, text: str) -> None:
    await person.until("room.text(argument[0]) === argument[1]", [name, text])


async def add(person: Person, name: str) -> None:
    """By the dialog; the caret is in the new file then."""
    await person.page.get_by_role("button", name="New file").click()
    await person.page.get_by_role("textbox", name="Name").fill(name)
    await person.page.keyboard.press("Enter")
    await tab(person, name).wait_for(timeout=WAIT_MS)


async def choose(person: Person, item: str) -> None:
    await person.page.get_by_role("button", name="File", exact=True).click()
    await person.page.get_by_role("menuitem", name=item).click()


async def delete(person: Person) -> None:
    await choose(person, "Delete")
    await person.page.get_by_role("button", name="Delete for everybody").click()


async def put(peer: Peer, files: dict[str, Any]) -> None:
    """Whatever a client may put into the map of files."""
    with peer.document.transaction():
        for file_id, entry in files.items():
            peer.document.get("files", type=Map)[file_id] = entry
    await peer.flush()


@pytest.fixture
async def cleo(house: House, interview: str) -> Person:
    return await house.visitor(interview, "Cleo")


@pytest.fixture
async def olga(house: House, interview: str, cleo: Person) -> Person:
    return await house.interviewer(interview)


async def test_what_one_does_to_a_file_shows_to_the_other_at_once(
    cleo: Person, olga: Person, api: Api, interview: str
) -> None:
    await add(cleo, "helper.py")
    await cleo.type("x = 1")
    await olga.until("document.querySelectorAll('[role=tab]').length === 2")
    await until_file(olga, "helper.py", "x = 1")
    await tab(olga, "helper.py").click()
    await expect(olga.page.get_by_label("Language")).to_have_value("python")
    await olga.page.get_by_label("Language").select_option("javascript")
    await tab(cleo, "helper.js").wait_for(timeout=WAIT_MS)
    await tab(cleo, "helper.js").dblclick()
    await cleo.page.get_by_role("textbox", name="Name").fill("util.rs")
    await cleo.page.get_by_role("button", name="Change").click()
    await tab(olga, "util.rs").wait_for(timeout=WAIT_MS)
    await expect(olga.page.get_by_label("Language")).to_have_value("rust")
    await cleo.until_saved()
    _, files = await api.text_at(interview)
    assert [text for root, text in files.items() if root.startswith("source/")] == ["x = 1"]


async def test_two_type_in_two_files_and_in_the_same(cleo: Person, olga: Person) -> None:
    """A28 for further files."""
    await add(cleo, "b.py")
    await tab(olga, "b.py").wait_for(timeout=WAIT_MS)
    await asyncio.gather(cleo.type("cleo " * 12), olga.type("olga " * 12))
    for person in (cleo, olga):
        await until_file(person, "b.py", "cleo " * 12)
        await person.until_text("olga " * 12)
    await tab(olga, "b.py").click()
    await asyncio.gather(cleo.type("c" * 40), olga.type("o" * 40))
    for person in (cleo, olga):
        await person.until("room.text('b.py').length === 140")
        await person.until_saved()
    texts = [await person.page.evaluate("panelroomRoom.text('b.py')") for person in (cleo, olga)]
    assert texts[0] == texts[1]
    assert (texts[0].count("c"), texts[0].count("o")) == (40 + 12, 40 + 12)


async def test_caret_scroll_and_undo_stay_with_their_file(cleo: Person, crowd: Crowd) -> None:
    await crowd.join("Gus")
    await crowd.paste("Gus", "".join(f"line {number}\n" for number in range(200)))
    await cleo.until("room.text().includes('line 199')")
    await cleo.page.keyboard.press("Control+Home")
    for _ in range(4):
        await cleo.page.keyboard.press("PageDown")
    await cleo.type("mark")
    line = cleo.page.locator(".cm-line", has_text="mark")
    await cleo.drawn()
    top = await cleo.page.evaluate(TOP)
    await add(cleo, "b.py")
    await cleo.type("one two")
    await crowd.type("Gus", "above\n" * 5, at=0)
    await cleo.until("room.text().startsWith('above')")
    first = cleo.page.get_by_role("tab").first
    await first.click()
    await line.wait_for(timeout=WAIT_MS)
    await cleo.until(f"Math.abs({TOP} - argument) <= 2", top)
    await cleo.type("!")
    await cleo.until("room.text().includes('mark!')")
    await tab(cleo, "b.py").click()
    await cleo.type("?")
    await until_file(cleo, "b.py", "one two?")
    await cleo.page.keyboard.press("Control+z")
    await cleo.page.keyboard.press("Control+z")
    await until_file(cleo, "b.py", "")
    assert "mark!" in await cleo.text()
    await first.click()
    await cleo.page.keyboard.press("Control+z")
    await cleo.until("!room.text().includes('mark!')")


async def test_a_deletion_asks_tells_and_can_be_undone(cleo: Person, olga: Person) -> None:
    await add(cleo, "b.py")
    await cleo.type("kept")
    await tab(olga, "b.py").click()
    await olga.type(" by both ")
    await cleo.until("room.text('b.py').includes(' by both ')")
    text = await cleo.page.evaluate("panelroomRoom.text('b.py')")
    await cleo.page.get_by_role("tab", name="b.py here: Olga Owner").wait_for(timeout=WAIT_MS)
    await choose(cleo, "Delete")
    dialog = cleo.page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Olga Owner\u2069 is in it now", use_inner_text=True)
    await dialog.get_by_role("button", name="Keep it").click()
    await delete(cleo)
    for person in (cleo, olga):
        await person.until("document.querySelectorAll('[role=tab]').length === 1")
    notice = olga.page.get_by_role("status").filter(has_text="Somebody has deleted")
    await expect(notice).to_contain_text("You are in", use_inner_text=True)
    await olga.type("typing goes on here")
    await olga.until("room.text().includes('typing goes on here')")
    await olga.page.get_by_role("button", name="Undo").click()
    for person in (cleo, olga):
        await tab(person, "b.py").wait_for(timeout=WAIT_MS)
        await until_file(person, "b.py", text)
    await until_shown(olga, "b.py")


async def test_the_first_file_stays(cleo: Person) -> None:
    await cleo.page.get_by_role("tab").first.focus()
    await cleo.page.keyboard.press("Delete")
    await expect(cleo.page.get_by_role("dialog")).to_contain_text("first file of a room stays", use_inner_text=True)
    await cleo.page.keyboard.press("Escape")
    assert len(await names(cleo)) == 1


async def test_tabs_by_keyboard(cleo: Person) -> None:
    """ARIA's tab pattern: one stop of the Tab key, arrows within, F2 and Delete."""
    for name in ("b.py", "c.py"):
        await add(cleo, name)
    keyboard = cleo.page.keyboard
    await tab(cleo, "c.py").focus()
    walked = []
    for key in ("ArrowRight", "ArrowRight", "End", "Home", "ArrowLeft"):
        await keyboard.press(key)
        assert await cleo.page.evaluate("document.activeElement.getAttribute('aria-selected')") == "true"
        walked.append(await cleo.page.locator(SHOWN).inner_text())
    first = (await names(cleo))[0]
    assert walked == [first, "b.py", "c.py", first, "c.py"]
    assert await cleo.page.locator("[role=tab][tabindex='0']").count() == 1
    await keyboard.press("F2")
    await cleo.page.get_by_role("textbox", name="Name").fill("d.py")
    await keyboard.press("Enter")
    await tab(cleo, "d.py").wait_for(timeout=WAIT_MS)
    await keyboard.press("Delete")
    await cleo.page.get_by_role("button", name="Delete for everybody").press("Enter")
    await cleo.until("document.querySelectorAll('[role=tab]').length === 2")
    await until_shown(cleo, "b.py")
    await keyboard.press("Enter")
    await keyboard.type("in it")
    await until_file(cleo, "b.py", "in it")


async def test_names_of_every_kind(cleo: Person, olga: Person) -> None:
    for name, clean in NASTY.items():
        await cleo.page.get_by_role("button", name="New file").click()
        field = cleo.page.get_by_role("textbox", name="Name")
        await field.fill(name)
        if clean.startswith("x"):
            problem = await field.evaluate("field => field.validationMessage")
            assert problem == "A name has at most 100 characters."
            await field.fill(clean)
        await cleo.page.keyboard.press("Enter")
        await tab(cleo, clean).wait_for(timeout=WAIT_MS)
    await until_names(olga, list(NASTY.values()))
    assert await olga.page.locator("img[src]").count() == 0
    await cleo.page.get_by_role("button", name="New file").click()
    await cleo.page.get_by_role("textbox", name="Name").fill("שלום.PY")
    await cleo.page.keyboard.press("Enter")
    await expect(cleo.page.get_by_role("dialog")).to_be_visible()
    problem = await cleo.page.get_by_role("textbox", name="Name").evaluate("field => field.validationMessage")
    assert problem == "There is already a file of this name."


async def test_what_other_clients_put_into_the_map_breaks_nothing(cleo: Person, crowd: Crowd) -> None:
    await crowd.join("Gus")
    await put(crowd["Gus"], {"a": {"name": "x" * 10_000, "language": "<b>"}, "b": 7, "c": {"name": ["x"]}})
    await until_names(cleo, ["x" * 100, "untitled", "untitled (2)"])
    await cleo.page.get_by_role("tab").nth(1).click()
    await cleo.type("fine")
    await until_file(cleo, "x" * 100, "fine")


async def test_sixty_four_further_files(cleo: Person, crowd: Crowd) -> None:
    await crowd.join("Gus")
    await put(crowd["Gus"], {f"f{number:02}": {"name": f"{number}.py", "language": "python"} for number in range(63)})
    await cleo.until("document.querySelectorAll('[role=tab]').length === 64")
    await add(cleo, "last.py")
    await cleo.type("room for it")
    await cleo.until_saved()
    await expect(cleo.page.get_by_role("button", name="New file")).to_be_disabled()
    await delete(cleo)
    await cleo.until("document.querySelectorAll('[role=tab]').length === 64")
    await add(cleo, "instead.py")
    await cleo.type("of it")
    await until_file(cleo, "instead.py", "of it")
    await cleo.until_saved()


async def test_who_only_reads_sees_the_tabs_and_changes_nothing(cleo: Person, house: House, interview: str) -> None:
    """A31: an observer."""
    await add(cleo, "b.py")
    await cleo.type("x = 1")
    page = await house.window(owner=True)
    await page.goto(cleo.page.url)
    await page.get_by_role("button", name="Observe").click()
    olga = Person(page)
    await olga.until("room.state().connection === 'synchronised'")
    await expect(editor(olga).locator(".cm-placeholder")).to_have_text("Nothing is written here yet.")
    await tab(olga, "b.py").click()
    await expect(editor(olga)).to_have_text("x = 1", use_inner_text=True)
    await expect(page.get_by_role("button", name="New file")).to_be_hidden()
    await expect(page.get_by_label("Language")).to_be_disabled()
    await tab(olga, "b.py").dblclick()
    await tab(olga, "b.py").press("Delete")
    assert await page.get_by_role("dialog").count() == 0
    await page.get_by_role("button", name="File", exact=True).click()
    await expect(page.get_by_role("menuitem")).to_have_text(["Download this file", "Download all files"])


async def test_a_dot_tells_who_is_in_which_file(cleo: Person, olga: Person) -> None:
    await add(cleo, "b.py")
    await cleo.type("x")
    await olga.page.get_by_role("tab", name="b.py here: Cleo").wait_for(timeout=WAIT_MS)
    color = await olga.page.locator(".file-tab-dot").evaluate("dot => getComputedStyle(dot).backgroundColor")
    await tab(olga, "b.py").click()
    caret = olga.page.locator(".cm-editor:not([hidden]) .cm-remote-caret")
    await caret.wait_for(timeout=WAIT_MS)
    await expect(caret).to_have_css("border-left-color", color)
    await olga.type("y")
    await cleo.page.get_by_role("tab", name="b.py here: Olga Owner").wait_for(timeout=WAIT_MS)


async def test_following_goes_across_files_until_one_does_something(cleo: Person, olga: Person) -> None:
    await add(cleo, "b.py")
    await tab(olga, "b.py").wait_for(timeout=WAIT_MS)
    for stop in ("Escape", "x", "wheel"):
        await follow(olga, "Cleo")
        await cleo.page.get_by_role("tab").first.click()
        await cleo.type("a")
        await olga.until("document.querySelector('[role=tab]').getAttribute('aria-selected') === 'true'")
        await tab(cleo, "b.py").click()
        await cleo.type("\n" * 60)
        await cleo.type(f"deep {stop}")
        await olga.page.locator(".cm-editor:not([hidden]) .cm-line", has_text=f"deep {stop}").wait_for(timeout=WAIT_MS)
        await until_shown(olga, "b.py")
        chip = olga.page.get_by_role("button", name="Following Cleo")
        await expect(chip).to_be_visible()
        if stop == "wheel":
            await editor(olga).hover()
            await olga.page.mouse.wheel(0, -200)
        else:
            if stop == "x":
                await editor(olga).focus()
            await olga.page.keyboard.press(stop)
        await chip.wait_for(state="hidden", timeout=WAIT_MS)
    await cleo.page.get_by_role("tab").first.click()
    await cleo.type("gone on")
    await olga.until("room.text().includes('gone on')")
    assert await olga.page.locator(SHOWN).inner_text() == "b.py"


async def follow(person: Person, name: str) -> None:
    """By the name in the roster."""
    people = person.page.get_by_role("list", name="People in this room")
    await people.get_by_role("button", name=name, exact=True).click()


async def test_a_reload_comes_back_to_the_file_one_was_in(cleo: Person) -> None:
    await add(cleo, "b.py")
    await cleo.type("one two")
    await cleo.page.keyboard.press("Home")
    await cleo.until_saved()
    await cleo.page.reload()
    await cleo.until("room.state().connection === 'synchronised'")
    await until_shown(cleo, "b.py")
    await cleo.type("zero ")
    await until_file(cleo, "b.py", "zero one two")


async def test_ones_code_can_be_taken_home(cleo: Person) -> None:
    """B12."""
    await cleo.type("first 😀")
    await add(cleo, "lib/b.py")
    await cleo.type("second")
    saved = await download(cleo.page, cleo, "Download this file")
    assert saved.suggested_filename == "b.py"
    assert Path(await saved.path()).read_text() == "second"
    packed = await download(cleo.page, cleo, "Download all files")
    assert packed.suggested_filename == "A test.zip"
    archive = zipfile.ZipFile(io.BytesIO(Path(await packed.path()).read_bytes()))
    first = (await names(cleo))[0]
    assert {name: archive.read(name).decode() for name in archive.namelist()} == {
        first: "first 😀",
        "lib/b.py": "second",
    }


async def download(page: Page, person: Person, item: str) -> Download:
    async with page.expect_download() as waiting:
        await choose(person, item)
    return await waiting.value

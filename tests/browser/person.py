"""People at real browser windows."""

from typing import Any

from anyio import to_thread
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, StorageState

from tests.support.server import Server

WAIT_MS = 15_000
# What the browser itself says of a connection that is lost, also between its end and the page's hearing of it.
OF_THE_NETWORK = (
    "net::ERR_",
    "WebSocket connection to",
    "WebSocket is already in CLOSING or CLOSED state",
    "the server responded with a status of",
)


async def wait(page: Page, condition: str, argument: Any = None) -> None:
    """Until a JavaScript expression holds. Not by wait_for_function: it evaluates strings, which the CSP forbids."""
    held = await page.evaluate(
        f"""async ([argument, within_ms]) => {{
            const end = performance.now() + within_ms
            while (!({condition})) {{
                if (performance.now() > end) return false
                await new Promise((again) => setTimeout(again, 10))
            }}
            return true
        }}""",
        [argument, WAIT_MS],
    )
    assert held, f"{page.url}: waited {WAIT_MS} ms for {condition} ({argument!r})"


class Person:
    """One window on the room; `text` and `saved` are the page's own words for it."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def context(self) -> BrowserContext:
        return self.page.context

    async def type(self, text: str) -> None:
        await self.page.keyboard.type(text)

    async def focus(self) -> None:
        await self.page.locator(".pane-code .cm-editor:not([hidden]) .cm-content").focus()

    async def text(self) -> str:
        text: str = await self.page.evaluate("panelroomRoom.text()")
        return text

    async def state(self) -> dict[str, Any]:
        state: dict[str, Any] = await self.page.evaluate("panelroomRoom.state()")
        return state

    async def until(self, condition: str, argument: Any = None) -> None:
        """A condition in JavaScript; `room` is the page's probe."""
        await wait(self.page, f"window.panelroomRoom && (room => {condition})(panelroomRoom)", argument)

    async def until_text(self, text: str) -> None:
        await self.until("room.text() === argument", text)

    async def says(self, words: str) -> None:
        """Until the line about who is here says so."""
        await self.page.locator(".presence-line").get_by_text(words).wait_for()

    async def act(self, name: str, item: str, reason: str = "") -> None:
        """An interviewer's menu about somebody, and its question answered with yes."""
        await self.page.get_by_role("button", name=f"Actions for {name}").click()
        await self.page.get_by_role("menuitem", name=item).click()
        dialog = self.page.get_by_role("dialog")
        await dialog.get_by_label("Reason").fill(reason)
        await dialog.get_by_label("Reason").press("Enter")
        await dialog.wait_for(state="detached")

    async def say(self, words: str, *, privately: bool = False) -> None:
        show = self.page.locator(".side-head").get_by_role("button", name="Chat")
        if await show.is_visible():
            await show.click()
        if privately:
            await self.page.get_by_label("To", exact=True).select_option("interviewers")
        box = self.page.get_by_label("Message", exact=True)
        await box.fill(words)
        await box.press("Enter")
        await self.page.locator(".chat-said").get_by_text(words).wait_for()

    async def drawn(self) -> None:
        """Until what is measured is what is seen: the editor scrolls when it is drawn, not when it is changed."""
        await self.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    async def stays(self) -> None:
        """Marks the page: `stayed` tells whether it was loaded anew since."""
        await self.page.evaluate("window.marked = true")

    async def stayed(self) -> bool:
        return bool(await self.page.evaluate("window.marked === true"))

    async def until_saved(self) -> None:
        await self.until("room.state().connection === 'synchronised' && room.state().saved.kind === 'saved'")


class House:
    """One server and the windows on it."""

    def __init__(self, browser: Browser, server: Server) -> None:
        self.browser = browser
        self.server = server
        self.complaints: list[str] = []
        self._owner: StorageState | None = None
        self._members: dict[str, StorageState] = {}
        self._contexts: list[BrowserContext] = []

    async def window(
        self, *, owner: bool = False, member: str | None = None, user_agent: str | None = None, worker: bool = True
    ) -> Page:
        """
        A fresh browser, signed in as the owner, as a member of that name or as nobody. Without `worker` it has no
        service worker: requests that pass through one are not always routed.
        """
        state = self._owner if owner else self._members[member] if member is not None else None
        context = await self.browser.new_context(
            storage_state=state,
            user_agent=user_agent,
            viewport={"width": 1200, "height": 700},
            service_workers="allow" if worker else "block",
        )
        self._contexts.append(context)
        return await self.tab(context)

    async def tab(self, context: BrowserContext) -> Page:
        page = await context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("console", lambda message: self._heard(page, message))
        return page

    def _heard(self, page: Page, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(words in message.text for words in OF_THE_NETWORK):
            self.complaints.append(f"{page.url}: {message.text}")

    async def sign_in(self) -> None:
        """Uses up the one-time link of the owner and keeps the session."""
        page = await self.window()
        await page.goto(self.server.owner_link)
        await page.wait_for_selector("body.page-dashboard", timeout=WAIT_MS)
        self._owner = await page.context.storage_state()
        await self.close()

    async def employ(self, *names: str) -> None:
        """Makes members, once each, and keeps their sessions."""
        for name in names:
            if name in self._members:
                continue
            link = await to_thread.run_sync(
                self.server.add_member, f"{'.'.join(name.lower().split())}@example.org", name
            )
            page = await self.window()
            await page.goto(link)
            await page.wait_for_selector("body.page-dashboard", timeout=WAIT_MS)
            self._members[name] = await page.context.storage_state()
            await page.context.close()

    async def visitor(self, interview: str, name: str, role: str = "candidate", *, page: Page | None = None) -> Person:
        """Somebody without an account, through the form in front of the room."""
        page = page or await self.window()
        await page.goto(f"{self.server.url}/i/{interview}")
        await page.get_by_label("Your name").fill(name)
        await page.get_by_label("the candidate" if role == "candidate" else "a guest").check()
        await page.get_by_role("button", name="Enter the room").click()
        return await self._inside(page)

    async def member(self, interview: str, name: str, role: str = "interviewer") -> Person:
        """Straight in, as Run on the dashboard does."""
        await self.employ(name)
        page = await self.window(member=name)
        await page.goto(f"{self.server.url}/i/{interview}#{role}")
        return await self._inside(page)

    async def outside(self, interview: str, name: str, role: str = "candidate") -> Person:
        """A visitor who has to wait."""
        page = await self.window()
        await page.goto(f"{self.server.url}/i/{interview}")
        await page.get_by_label("Your name").fill(name)
        await page.get_by_label("the candidate" if role == "candidate" else "a guest").check()
        await page.get_by_role("button", name="Enter the room").click()
        await page.locator(".waiting").wait_for()
        return Person(page)

    async def interviewer(self, interview: str, *, worker: bool = True) -> Person:
        page = await self.window(owner=True, worker=worker)
        await page.goto(f"{self.server.url}/i/{interview}")
        await page.get_by_role("button", name="Enter as interviewer").click()
        return await self._inside(page)

    async def close(self) -> None:
        complaints, self.complaints = self.complaints, []
        for context in self._contexts:
            await context.close()
        self._contexts.clear()
        assert not complaints, complaints

    async def _inside(self, page: Page) -> Person:
        person = Person(page)
        await person.until("room.state().connection === 'synchronised'")
        await person.focus()
        return person

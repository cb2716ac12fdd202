"""Signing in, as people do it by hand."""

from collections.abc import Iterator

import pytest
from anyio import to_thread
from playwright.async_api import Browser, expect

from rooms.member import MemberRole
from tests.browser.person import WAIT_MS, House
from tests.browser.test_accessibility import looked_at
from tests.support.api import Api
from tests.support.provider import CLIENT, Provider, providing
from tests.support.server import Server, serving

pytestmark = pytest.mark.anyio

WORD = "correct horse battery"
PEOPLE = {
    "ada": {"email": "ada@example.org", "email_verified": True},
    "gus": {"email": "gus@example.com", "email_verified": True, "hd": "example.com"},
    "home": {"email": "gus@example.com", "email_verified": True},
    "doubt": {"email": "ada@example.org", "email_verified": False},
    "eve": {"email": "eve@example.org", "email_verified": True},
}


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with providing() as running:
        yield running


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of its own: how one signs in is the whole organisation's."""
    with serving(tmp_path_factory.mktemp("company") / "data") as running:
        yield running


async def test_a_password_and_a_providers_word(browser: Browser, company: Server, provider: Provider) -> None:
    """A1 to A4: by a password, wrong and then right; by single sign-on and Google, which the owner has set up. Who is
    not verified, of another company or not invited comes by neither; where single sign-on is required, no
    password opens anything.
    """
    house = House(browser, company)
    await house.sign_in()
    owner = await house.window(owner=True)
    await owner.goto(company.url)

    async def set_up(kind: str, **more: object) -> None:
        status = await owner.evaluate(
            """async ([kind, body]) => (await fetch(`/api/v1/organisation/log-in/${kind}`, {
                method: "PUT", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
            })).status""",
            [kind, {"issuer": provider.issuer, "client_id": CLIENT, "client_secret": "x"} | more],
        )
        assert status == 200

    status = await owner.evaluate(
        """async (password) => (await fetch("/api/v1/profile/password", {
            method: "PUT", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ password }),
        })).status""",
        WORD,
    )
    assert status == 204

    page = await house.window()
    await page.goto(f"{company.url}/?return_to=/i/{'x' * 22}")
    assert await page.get_by_role("link", name="Sign in").count() == 0
    await page.get_by_label("E-mail address").fill("owner@example.org")
    await page.get_by_label("Password").fill("not the right one")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("E-mail address or password is wrong")
    await expect(page.get_by_label("E-mail address")).to_have_value("owner@example.org")
    await expect(page.get_by_label("Password")).to_be_focused()
    assert await looked_at(page) == []
    await page.keyboard.type(WORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/i/{'x' * 22}")
    await page.goto(company.url)
    await expect(page.locator("body.page-dashboard")).to_be_visible()

    await set_up("sso", domains=["example.org"])
    await set_up("google", domains=["example.com"])
    for email in ("ada@example.org", "gus@example.com"):
        await to_thread.run_sync(company.add_member, email, email[:3].title(), MemberRole.MEMBER)
    for known, claims in PEOPLE.items():
        await to_thread.run_sync(provider.know, known, claims)

    for button, subject, words in (
        ("Sign in through your company", "doubt", "has not verified your e-mail address"),
        ("Sign in through your company", "eve", "Ask an admin of your organisation to invite you"),
        ("Sign in through your company", "", "has not let you in"),
        ("Sign in with Google", "home", "accepts no accounts of this domain"),
        ("Sign in through your company", "ada", ""),
        ("Sign in with Google", "gus", ""),
    ):
        page = await house.window()
        await page.goto(company.url)
        await page.get_by_role("link", name=button).focus()
        await page.keyboard.press("Enter")
        if not subject:
            await page.get_by_role("button", name="Deny").click()
        else:
            await page.get_by_placeholder("sub").fill(subject)
            await page.get_by_role("button", name="Authorize").click()
        if words:
            await expect(page.get_by_role("alert")).to_contain_text(words)
            cookies = await page.context.cookies(company.url)
            assert "panelroom_session" not in {each.get("name") for each in cookies}
        else:
            await expect(page.locator("body.page-dashboard")).to_be_visible(timeout=WAIT_MS)
            await expect(page.locator(".topbar-who")).to_contain_text(subject.title())
            await page.get_by_role("button", name="Sign out", exact=True).click()
            await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert await looked_at(page) == []

    await set_up("sso", domains=["example.org"], is_required=True)
    page = await house.window()
    await page.goto(company.url)
    await page.get_by_label("E-mail address").fill("owner@example.org")
    await page.get_by_label("Password").fill(WORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("Passwords are not accepted for this address")
    await house.close()


async def test_a_link_from_a_mail_finds_its_member_signed_in(house: House, api: Api, interview: str) -> None:
    """A2: another site's link to the interview; the cookie is one that comes along, and scripts do not see it."""
    page = await house.window(owner=True)
    await page.route(
        "http://mail.example/",
        lambda route: route.fulfill(
            content_type="text/html", body=f'<a href="{house.server.url}/i/{interview}">your interview</a>'
        ),
    )
    await page.goto("http://mail.example/")
    await page.get_by_role("link").click()
    await expect(page.get_by_role("button", name="Enter as interviewer")).to_be_visible()
    assert "session" not in await page.evaluate("document.cookie")

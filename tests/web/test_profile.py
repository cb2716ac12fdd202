"""What members change of themselves."""

from typing import Any

import pytest

from rooms import password
from rooms.errors import TooBusy
from rooms.session import SESSION_MS
from tests.web.conftest import ORIGIN, OWNER, Site
from tests.web.test_login import RIGHT, Counting, cookie, employ, hasher, settings, sign_in, who

__all__ = ["hasher", "settings"]

pytestmark = pytest.mark.anyio

NEW = "an owl of another feather"


async def put(site: Site, headers: dict[str, str], body: Any) -> int:
    response = await site.call("PUT", "/api/v1/profile/password", body, headers=headers)
    if response.status_code != 204:
        await site.problem(response, response.status_code)
    return response.status_code


async def test_name_and_time_zone(site: Site) -> None:
    headers = await site.session()
    shown = await site.json("GET", "profile", headers=headers)
    assert shown.pop("id")
    assert shown == {"email": OWNER, "name": "Olga", "role": "owner", "time_zone": None, "has_password": False}
    changes = {"name": " Ólga 👩🏽‍💻 ", "time_zone": "Europe/Kyiv"}
    changed = await site.json("PATCH", "profile", changes, headers=headers)
    assert (changed["name"], changed["time_zone"]) == ("Ólga 👩🏽‍💻", "Europe/Kyiv")
    assert (await site.json("PATCH", "profile", {}, headers=headers))["name"] == "Ólga 👩🏽‍💻"
    assert (await site.json("PATCH", "profile", {"time_zone": None}, headers=headers))["time_zone"] is None
    wrongs: list[Any] = [
        {"name": ""},
        {"name": None},
        {"name": "x" * 81},
        {"name": "a\u202eb"},
        {"name": "\u2800"},
        {"name": 5},
        {"time_zone": "Mars/Olympus"},
        {"time_zone": "../../etc/passwd"},
        {"role": "owner"},
        {"email": "x@example.org"},
        [],
    ]
    for wrong in wrongs:
        await site.problem(await site.call("PATCH", "/api/v1/profile", wrong, headers=headers), 422)
    assert (await site.json("GET", "profile", headers=headers))["name"] == "Ólga 👩🏽‍💻"
    await site.problem(await site.call("GET", "/api/v1/profile"), 403)
    await site.problem(await site.call("GET", "/api/v1/profile", headers={}), 401)


async def test_a_password_is_set_and_changed(site: Site, hasher: Counting) -> None:
    """A2: whoever has one has to know it, but for the quarter of an hour after a one-time link; everything that was
    signed in before is not any more, and links that were not used yet are dead.
    """
    headers, elsewhere, link = await site.session(), await site.session(), await site.link()
    assert await put(site, headers, {"password": RIGHT}) == 204
    assert (await site.json("GET", "profile", headers=headers))["has_password"]
    assert await who(site, elsewhere["Cookie"]) is None
    used = await site.app.test_client().post("/sign-in", form={"token": link}, headers={"Origin": ORIGIN})
    assert used.status_code == 410
    signed_in = {"Cookie": cookie(await sign_in(site, OWNER, RIGHT)), "Origin": ORIGIN}
    for wrong in (None, "", NEW, RIGHT + " "):
        assert await put(site, signed_in, {"current": wrong, "password": NEW}) == 403
    assert await put(site, signed_in, {"current": RIGHT, "password": NEW}) == 204
    assert await who(site, headers["Cookie"]) is None
    assert (await sign_in(site, OWNER, RIGHT)).status_code == 401
    assert (await sign_in(site, OWNER, NEW)).status_code == 303
    forgotten = await site.session()
    assert await put(site, forgotten, {"password": RIGHT}) == 204
    late = await site.session()
    site.panelroom.clock._anchor_ns += 16 * 60_000 * 1_000_000
    assert await put(site, late, {"password": NEW}) == 403
    actions = [each["action"] for each in (await site.json("GET", "audit", headers=late))["items"]]
    assert actions.count("password.set") == 3


async def test_what_is_no_password(site: Site, hasher: Counting) -> None:
    headers = await site.session()
    for wrong in ("", "short", "x" * 11, "x" * 300, "aaaaaaaaaaaaaaaa", "abababababababab", OWNER, OWNER.upper()):
        assert await put(site, headers, {"password": wrong}) == 422, wrong
    bodies: list[Any] = [{}, {"password": 5}, {"password": None}, {"password": NEW, "email": "a@b"}, []]
    for body in bodies:
        assert await put(site, headers, body) == 422
    assert not (await site.json("GET", "profile", headers=headers))["has_password"]
    for right in (
        "пароль из многих букв",
        "  spaces at both ends  ",
        "🦉🦊🐻🐼🐨🐯🦁🐮🐷🐸🐵🐔",
        "x\x00y\x00z and more of it",
    ):
        assert await put(site, headers, {"password": right}) == 204
        assert (await sign_in(site, OWNER, right)).status_code == 303


async def test_a_flood_of_passwords_is_refused_and_not_queued(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(password, "_MAX_WAITING", 0)
    with pytest.raises(TooBusy):
        await password.Passwords().matches(None, "x")


async def test_sessions(site: Site, hasher: Counting) -> None:
    """Listed with where they are, and ended one by one or all but this one; nobody ends another's."""
    await employ(site, "ada@example.org")
    firefox = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140"}
    here, there, third = [
        {"Cookie": cookie(await sign_in(site, "ada@example.org", RIGHT, agent)), "Origin": ORIGIN}
        for agent in (firefox, {"User-Agent": "<script>alert(1)</script>"}, {})
    ]
    items = (await site.json("GET", "sessions", headers=here))["items"]
    assert [each["is_current"] for each in items] == [True, False, False]
    assert (items[0]["browser"], items[0]["method"]) == ("Firefox on Linux", "password")
    assert "script" not in str(items)
    assert here["Cookie"].partition("=")[2] not in str(items)
    other = next(each for each in (await site.json("GET", "sessions", headers=there))["items"] if each["is_current"])
    stranger = await site.session()
    path = f"/api/v1/sessions/{other['id']}"
    await site.problem(await site.call("DELETE", path, headers=stranger), 404)
    await site.problem(await site.call("DELETE", path), 403)
    assert (await site.call("DELETE", path, headers=here)).status_code == 204
    assert await who(site, there["Cookie"]) is None
    await site.problem(await site.call("DELETE", path, headers=here), 404)
    assert await site.json("POST", "sessions/end-others", headers=here) == {"ended": 1}
    assert await who(site, third["Cookie"]) is None
    assert await who(site, here["Cookie"]) == "ada@example.org"
    assert await who(site, stranger["Cookie"]) == OWNER
    site.panelroom.clock._anchor_ns += SESSION_MS * 1_000_000
    assert await who(site, here["Cookie"]) is None


async def test_when_a_session_was_seen_is_written_down(site: Site) -> None:
    headers = await site.session()
    site.panelroom.clock._anchor_ns += 3_600_000 * 1_000_000
    (before,) = (await site.json("GET", "sessions", headers=headers))["items"]
    await site.panelroom.rooms.sessions.seen.write()
    (after,) = (await site.json("GET", "sessions", headers=headers))["items"]
    assert before["seen_at"] <= after["seen_at"]
    assert before["seen_at"] > before["created_at"]
    (member,) = (await site.json("GET", "members", headers=headers))["items"]
    assert member["seen_at"] >= before["seen_at"]

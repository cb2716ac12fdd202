"""Signing in by a password: who may, what is said, how often."""

import pytest
from argon2 import PasswordHasher
from quart import Response
from sqlalchemy import select, update

from rooms import password, schema
from rooms.member import MemberRole
from rooms.secret import digest
from tests.web.conftest import ORIGIN, OWNER, Site
from tests.web.test_page import page
from web.settings import Settings

pytestmark = pytest.mark.anyio

RIGHT = "correct horse battery"
WRONG = "correct horse bakery"
HTML = {"Accept": "text/html", "Origin": ORIGIN}


class Counting(PasswordHasher):
    """Quicker than the real one; remembers which hashes it compared with."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.compared: list[str] = []

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]
        self.compared.append(str(hash))
        return super().verify(hash, password)


@pytest.fixture
def hasher(monkeypatch: pytest.MonkeyPatch) -> Counting:
    quick = Counting()
    monkeypatch.setattr(password, "hasher", quick)
    monkeypatch.setattr(password, "NOBODYS", quick.hash("nobody's"))
    return quick


@pytest.fixture
def settings() -> Settings:
    return Settings(joins_per_min=0, sign_ins_per_min=0, wrong_passwords=0)


async def employ(site: Site, email: str, *, has_password: bool = True, role: MemberRole = MemberRole.MEMBER) -> None:
    await site.link(email, role)
    if has_password:
        async with site.panelroom.database.writing() as connection:
            members = schema.members
            new = password.hasher.hash(RIGHT)
            await connection.execute(update(members).where(members.c.email == email).values(password_hash=new))


async def sign_in(site: Site, email: str, word: str, headers: dict[str, str] | None = None, **form: str) -> Response:
    client = site.app.test_client(use_cookies=False)
    return await client.post(
        "/sign-in/password", form={"email": email, "password": word} | form, headers=HTML | (headers or {})
    )


def cookie(response: Response) -> str:
    """As the browser would send it back."""
    return response.headers["Set-Cookie"].partition(";")[0]


async def who(site: Site, cookies: str, host: dict[str, str] | None = None) -> str | None:
    response = await site.call("GET", "/api/v1/whoami", headers={"Cookie": cookies} | (host or {}))
    answer = await response.get_json()
    email: str | None = answer["principal"]["email"] if response.status_code == 200 else None
    return email


async def test_the_right_password_is_a_session(site: Site, hasher: Counting) -> None:
    """A2: from any spelling of the address, on the way to where one wanted to go; kept from scripts and other sites."""
    await employ(site, "ada@example.org")
    response = await sign_in(site, " Ada@Example.org ", RIGHT, return_to="/people?q=1#x")
    assert (response.status_code, response.headers["Location"]) == (303, "/people?q=1#x")
    kept = response.headers["Set-Cookie"]
    assert kept.startswith("panelroom_session=")
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= {part.strip() for part in kept.split(";")}
    assert await who(site, cookie(response)) == "ada@example.org"


async def test_a_hash_of_other_parameters_is_made_anew(
    site: Site, hasher: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A2: when its password comes next, and only then; else those who have it would be told apart by time."""
    await employ(site, "ada@example.org")
    monkeypatch.setattr(password, "hasher", PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    hashes = []
    for word, status in ((WRONG, 401), (RIGHT, 303), (RIGHT, 303)):
        assert (await sign_in(site, "ada@example.org", word)).status_code == status
        async with site.panelroom.database.reading() as connection:
            own = select(schema.members.c.password_hash).where(schema.members.c.email == "ada@example.org")
            hashes.append((await connection.execute(own)).scalar_one())
    assert ["m=16,t=2" in each for each in hashes] == [False, True, True]
    assert hashes[1] == hashes[2]


async def test_whatever_is_wrong_looks_the_same(site: Site, hasher: Counting) -> None:
    """A2: the same words for each, and one hash of the same parameters computed, which is what takes the time."""
    await employ(site, "ada@example.org")
    await employ(site, "bob@example.org", has_password=False)
    await employ(site, "carol@example.org")
    async with site.panelroom.database.writing() as connection:
        members = schema.members
        gone = update(members).where(members.c.email == "carol@example.org").values(deactivated_at_ms=1)
        await connection.execute(gone)
    texts, parameters = set(), set()
    for email, word in (
        ("ada@example.org", WRONG),
        ("ada@example.org", ""),
        ("ada@example.org", RIGHT + "x" * 300),
        ("ada@example.org", "\ud800"),
        ("bob@example.org", ""),
        ("bob@example.org", RIGHT),
        ("carol@example.org", RIGHT),
        ("nobody@example.org", RIGHT),
        ("' OR 1=1 --", RIGHT),
        ("x" * 5_000, RIGHT),
        ("", ""),
    ):
        hasher.compared.clear()
        response = await sign_in(site, email, word.encode("utf-8", "replace").decode())
        text = await response.get_data(as_text=True)
        texts.add((response.status_code, text.replace(f'value="{email}"', 'value=""').replace(" autofocus", "")))
        (compared,) = hasher.compared
        parameters.add(compared.rpartition("$")[0].rpartition("$")[0])
        assert "Set-Cookie" not in response.headers
    assert len({(status, text) for status, text in texts if "OR 1=1" not in text}) == 1
    ((status, _),) = {(status, "") for status, _ in texts}
    assert status == 401
    assert len(parameters) == 1
    answer = await site.app.test_client().post("/sign-in/password", form={}, headers={"Origin": ORIGIN})
    assert (await site.problem(answer, 401))["type"] == "urn:panelroom:password-wrong"


async def test_passwords_are_argon2id(site: Site) -> None:
    """A2: with the parameters of RFC 9106, and those of what is compared where there is nothing are the same."""
    assert not password.hasher.check_needs_rehash(password.NOBODYS)
    assert password.NOBODYS.startswith("$argon2id$v=19$m=65536,t=3,p=1$")
    passwords = password.Passwords()
    made = await passwords.hashed(RIGHT)
    assert not password.hasher.check_needs_rehash(made)
    assert await passwords.matches(made, RIGHT)
    assert not await passwords.matches(made, WRONG)
    assert not await passwords.matches(None, RIGHT)


class TestLimits:
    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(joins_per_min=0, sign_ins_per_min=20, wrong_passwords=3, trusted_proxies="127.0.0.1")

    async def tries(self, site: Site, email: str, word: str, address: str) -> int:
        client = site.app.test_client(use_cookies=False)
        response = await client.post(
            "/sign-in/password",
            form={"email": email, "password": word},
            headers=HTML | {"X-Forwarded-For": address},
            scope_base={"client": ("127.0.0.1", 1)},
        )
        if response.status_code == 429:
            assert int(response.headers["Retry-After"]) > 0
            assert "Try again in" in await response.get_data(as_text=True)
        return response.status_code

    async def test_credential_stuffing_at_one_account(self, site: Site, hasher: Counting) -> None:
        """A2: from however many addresses, also with the right one at last, and whether or not there is such a member.
        Who is signed in somewhere has a count of his own there; and the right password ends the counting.
        """
        await employ(site, "ada@example.org")
        assert await self.tries(site, "ada@example.org", WRONG, "9.9.9.9") == 401
        assert await self.tries(site, "ada@example.org", RIGHT, "9.9.9.9") == 303
        for email in ("ada@example.org", "nobody@example.org"):
            got = [await self.tries(site, email, WRONG, f"8.8.8.{number}") for number in range(5)]
            assert got == [401, 401, 401, 429, 429]
        hasher.compared.clear()
        assert await self.tries(site, "ADA@example.org", RIGHT, "7.7.7.7") == 429
        assert hasher.compared == []
        assert await self.tries(site, "ada@example.org", RIGHT, "9.9.9.9") == 303
        assert await self.tries(site, "ada@example.org", RIGHT, "7.7.7.7") == 303

    async def test_credential_stuffing_at_many_accounts(self, site: Site, hasher: Counting) -> None:
        """A2: from one address, or one network of IPv6; a right one in between does not begin the count anew."""
        await employ(site, "ada@example.org")
        for address in ("6.6.6.6", "2001:db8::{}"):
            got = []
            for number in range(20):
                email, word = ("ada@example.org", RIGHT) if number == 10 else (f"a{number}@example.org", WRONG)
                got.append(await self.tries(site, email, word, address.format(number)))
            assert got == [401] * 10 + [303] + [401] * 9
            assert await self.tries(site, "a21@example.org", WRONG, address.format("abcd")) == 429
        assert await self.tries(site, "a21@example.org", WRONG, "2001:db8:0:1::1") == 401


async def test_planted_sessions(site: Site, hasher: Counting) -> None:
    """Fixation: what the browser had before is never the session, and does not live on; over https what another host
    or a page without https could have set is not even read.
    """
    await employ(site, "ada@example.org")
    await employ(site, "mallory@example.org")
    planted = cookie(await sign_in(site, "mallory@example.org", RIGHT))
    for value in (planted, "panelroom_session=" + "x" * 43):
        response = await sign_in(site, "ada@example.org", RIGHT, {"Cookie": value})
        assert cookie(response) != value
        assert await who(site, cookie(response)) == "ada@example.org"
        assert await who(site, value) is None
    plain = cookie(await sign_in(site, "ada@example.org", RIGHT))
    secure = {"Host": "localhost", "Origin": "https://localhost"}
    client = site.app.test_client(use_cookies=False)
    response = await client.post(
        "/sign-in/password",
        form={"email": "ada@example.org", "password": RIGHT},
        headers=secure,
        scheme="https",
    )
    kept = response.headers["Set-Cookie"]
    assert kept.startswith("__Host-panelroom_session=")
    assert {"HttpOnly", "Secure", "Path=/", "SameSite=Lax"} <= {part.strip() for part in kept.split(";")}
    assert "Domain" not in kept
    seen = await client.get("/api/v1/whoami", headers={"Cookie": plain}, scheme="https")
    assert seen.status_code == 401
    seen = await client.get("/api/v1/whoami", headers={"Cookie": cookie(response)}, scheme="https")
    assert seen.status_code == 200
    assert "max-age=" in seen.headers["Strict-Transport-Security"]


EVIL_PATHS = [
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https://evil.example",
    "https:evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "/\t/evil.example",
    "\t//evil.example",
    "/\n/evil.example",
    "/x\r\nSet-Cookie: a=b",
    " //evil.example",
    "evil.example",
    "@evil.example",
    "",
    "/" + "x" * 3_000,
    "/\x00",
]


async def test_open_redirects(site: Site, hasher: Counting) -> None:
    """Every way of signing in leads to a path of this server, whatever the link to the log-in page says."""
    await employ(site, "ada@example.org")
    client = site.app.test_client(use_cookies=False)
    for path in EVIL_PATHS:
        assert (await sign_in(site, "ada@example.org", RIGHT, return_to=path)).headers["Location"] == "/", path
        token = await site.link("ada@example.org")
        response = await client.post("/sign-in", form={"token": token, "return_to": path}, headers=HTML)
        assert response.headers["Location"] == "/", path
        shown = await client.get("/", query_string={"return_to": path}, headers=HTML)
        assert 'name="return_to" value="/"' in await shown.get_data(as_text=True)
    shown = await client.get("/?return_to=/i/abc", headers=HTML)
    assert 'name="return_to" value="/i/abc"' in await shown.get_data(as_text=True)


async def test_what_is_written_is_shown_as_text(site: Site, hasher: Counting) -> None:
    response = await sign_in(site, '"><script>alert(1)</script>', "x")
    text = await response.get_data(as_text=True)
    assert "<script>alert" not in text
    assert await page(response) == {"methods": ["password", "link"]}
    raw = await site.call(
        "POST",
        "/sign-in/password",
        raw=b"email=%ff%fe&password=\xff\xfe&password=2",
        headers=HTML | {"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert raw.status_code == 401


async def test_a_session_is_kept_as_a_hash_and_noted(site: Site, hasher: Counting) -> None:
    await employ(site, "ada@example.org")
    response = await sign_in(site, "ada@example.org", RIGHT, {"User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/140"})
    secret = cookie(response).partition("=")[2]
    async with site.panelroom.database.reading() as connection:
        sessions = (await connection.execute(select(schema.sessions))).mappings().all()
        noted = (await connection.execute(select(schema.audit).order_by(schema.audit.c.id.desc()))).mappings().first()
    (session,) = [each for each in sessions if each["token_hash"] == digest(secret)]
    assert (session["method"], session["browser"]) == ("password", "Firefox on Linux")
    assert secret not in str([dict(each) for each in sessions])
    assert noted is not None
    assert (noted["action"], noted["subject_name"]) == ("session.begun", "ada")
    assert noted["detail"] == {"method": "password", "browser": "Firefox on Linux"}
    assert OWNER not in str(dict(noted))

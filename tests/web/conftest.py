"""The application without a socket: Quart's test client."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from quart import Quart, Response
from quart.testing.utils import sentinel as NO_JSON  # noqa: N812

from rooms.key import Scope
from rooms.member import MemberRole
from web.app import create_app
from web.panelroom import Panelroom
from web.settings import Settings

ORIGIN = "http://localhost"
OWNER = "olga@example.org"


@dataclass
class Site:
    """A started application; calls go to its own host name unless ``headers`` say otherwise."""

    app: Quart
    key: str

    @property
    def panelroom(self) -> Panelroom:
        panelroom: Panelroom = self.app.extensions["panelroom"]
        return panelroom

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
        raw: bytes | None = None,
    ) -> Response:
        """With the key, unless ``headers`` are given."""
        given = {"Authorization": f"Bearer {self.key}"} if headers is None else dict(headers)
        data = json.dumps(body).encode() if raw is None and body is not None else raw
        if data is not None:
            given.setdefault("Content-Type", "application/json")
        client = self.app.test_client(use_cookies=False)
        return await client.open(path, method=method, headers=given, data=data, json=NO_JSON)

    async def json(self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None) -> Any:
        """The answer of a call that succeeds."""
        response = await self.call(method, f"/api/v1/{path}", body, headers=headers)
        data = await response.get_json()
        assert response.status_code < 300, data
        return data

    async def problem(self, response: Response, status: int) -> dict[str, Any]:
        """The problem that a call ended in."""
        assert (response.status_code, response.content_type) == (status, "application/problem+json")
        body: dict[str, Any] = await response.get_json()
        assert body["status"] == status
        assert body["type"].startswith("urn:panelroom:")
        assert body["title"]
        assert body["detail"]
        return body

    async def create(self, **body: Any) -> str:
        made = await self.json("POST", "interviews", body)
        interview: str = made["id"]
        return interview

    async def join(self, interview: str, role: str, **body: Any) -> Any:
        """As the owner for members' roles, else as a visitor."""
        inside = role in {"interviewer", "observer"}
        more = {"on_behalf_of": OWNER} if inside else {}
        headers: dict[str, str] | None = None if inside else {}
        return await self.json("POST", f"interviews/{interview}/join", {"as": role} | more | body, headers=headers)

    async def activate(self, interview: str) -> None:
        """A candidate and an interviewer enter."""
        for role in ("candidate", "interviewer"):
            ticket = (await self.join(interview, role))["ticket"]
            await self.panelroom.rooms.enter(await self.panelroom.rooms.authorise_socket(interview, ticket))

    async def link(self, email: str = OWNER, role: MemberRole | None = None) -> str:
        """A one-time sign-in token."""
        return await self.panelroom.rooms.people.add_member(email, None, role)

    async def session(self, email: str = OWNER) -> dict[str, str]:
        """The headers of a signed-in member's page."""
        secret = await self.panelroom.rooms.people.sign_in(await self.link(email))
        return {"Cookie": f"panelroom_session={secret}", "Origin": ORIGIN}


async def open_site(app: Quart) -> Site:
    people = app.extensions["panelroom"].rooms.people
    await people.add_member(OWNER, "Olga", MemberRole.OWNER)
    return Site(app, await people.add_key("tests", frozenset(Scope)))


@pytest.fixture
def settings() -> Settings:
    return Settings(joins_per_min=0)


@pytest.fixture
async def site(tmp_path: Path, settings: Settings) -> AsyncIterator[Site]:
    app = create_app(settings, tmp_path)
    async with app.test_app():
        yield await open_site(app)

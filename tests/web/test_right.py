"""A52: who may do what, through HTTP: every call of every right, by every role, by a key and by a visitor."""

import string
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest

from rooms.access import Right
from rooms.member import MemberRole
from tests.rooms.test_access import TABLE
from tests.web.conftest import Site, open_site
from web.app import create_app
from web.settings import Settings

pytestmark = pytest.mark.anyio

KEY, VISITOR = "key", "visitor"
ASKERS = [*MemberRole, KEY, VISITOR]
# A key with every scope reaches interviews, and nothing else.
OF_KEYS = frozenset(
    {
        Right.SEE_ALL_INTERVIEWS,
        Right.CREATE_INTERVIEW,
        Right.CHANGE_INTERVIEW,
        Right.APPOINT_ANYWHERE,
        Right.READ_ALL_NOTES,
    }
)


@dataclass(frozen=True)
class Call:
    """`status` is what whoever has the right is answered; `unseen` whoever has not."""

    method: str
    path: str
    status: int
    body: Any = None
    unseen: int = 403
    for_keys: bool = True


PROVIDER = {"issuer": "nonsense", "client_id": "x"}
CALLS = {
    Right.SEE_ALL_INTERVIEWS: [
        Call("GET", "interviews/{others}", 200, unseen=404),
        Call("GET", "interviews/{others}/recording", 200, unseen=404),
        Call("GET", "interviews/{others}/recording/text?at_ms=0", 200, unseen=404),
        Call("GET", "interviews/{others}/recording/entries", 200, unseen=404),
        Call("GET", "interviews/{others}/recording/file", 200, unseen=404),
    ],
    Right.CREATE_INTERVIEW: [
        Call("POST", "interviews", 201, {}),
        Call("POST", "interviews/blocks", 201, {"blocks": [{}, {}]}),
        Call("POST", "interviews/{assigned}/duplicate", 201),
        Call("POST", "practice", 201, for_keys=False),
    ],
    Right.CHANGE_INTERVIEW: [
        Call("PATCH", "interviews/{assigned}", 200, {"title": "Another"}),
        Call("DELETE", "interviews/{assigned}", 204),
    ],
    Right.APPOINT_ANYWHERE: [Call("PATCH", "interviews/{others}", 200, {"interviewers": ["x@example.org"]})],
    Right.READ_ALL_NOTES: [
        Call("GET", "interviews/{others}/recording/text?at_ms=0&document={others}.notes", 200, unseen=404),
    ],
    Right.SEE_MEMBERS: [Call("GET", "members", 200)],
    Right.INVITE_MEMBER: [
        Call("GET", "invitations", 200),
        Call("POST", "invitations", 201, {"email": "{email}", "role": "admin"}),
        Call("POST", "invitations/{invitation}/renew", 200),
        Call("DELETE", "invitations/{invitation}", 204),
    ],
    Right.CHANGE_MEMBER: [
        Call("PATCH", "members/{member}", 200, {"name": "Another"}),
        Call("PATCH", "members/{member}", 200, {"role": "admin"}),
        Call("POST", "members/{member}/deactivate", 200),
        Call("POST", "members/{member}/reactivate", 200),
        Call("POST", "members/{member}/sign-in-link", 201),
    ],
    Right.CHANGE_OWNER: [
        Call("PATCH", "members/{member}", 200, {"role": "owner"}),
        Call("PATCH", "members/{owner}", 200, {"role": "member"}),
        Call("POST", "members/{owner}/deactivate", 200),
        Call("POST", "members/{owner}/sign-in-link", 201),
        Call("POST", "invitations", 201, {"email": "{email}", "role": "owner"}),
    ],
    Right.CHANGE_ORGANISATION: [
        Call("PATCH", "organisation", 200, {"lobby": False}),
        Call("GET", "organisation/log-in", 200),
    ],
    Right.CHANGE_LOGIN: [
        Call("PUT", "organisation/log-in/sso", 422, PROVIDER),  # it may, and there is no such provider
        Call("DELETE", "organisation/log-in/sso", 404),
    ],
    Right.ENABLE_INTEGRATION: [],  # there is none yet
    Right.MANAGE_KEYS: [
        Call("GET", "keys", 200),
        Call("POST", "keys", 201, {"description": "x", "scopes": ["liveInterview"]}),
        Call("DELETE", "keys/{key}", 204),
    ],
    Right.READ_AUDIT: [Call("GET", "audit", 200)],
}
# Of oneself, of what one may see, or by a ticket: rights of members do not decide about them.
OWN = {
    "principal.whoami",
    "organisation.show",
    "interview.index",
    "interview.cancel_several",
    "agenda_event.events",
    "room.join",
    "room.leave",
    "room.finish",
    "room.reopen",
    "event.events",
    "chat.say",
    "participant.admit",
    "participant.change",
    "participant.remove",
    "participant.readmit",
    "profile.show",
    "profile.change",
    "profile.set_password",
    "session.listed",
    "session.end",
    "session.end_others",
}


class Office:
    """An organisation with a member of each role, who is assigned to one interview."""

    def __init__(self, site: Site, headers: dict[str, dict[str, str]]) -> None:
        self.site = site
        self.headers = headers
        self._number = count()
        self._makers: dict[str, Callable[[str], Awaitable[str]]] = {
            "others": self._others,
            "assigned": self._assigned,
            "email": self._email,
            "member": self._member,
            "owner": self._owner,
            "invitation": self._invitation,
            "key": self._key,
        }

    async def call(self, asker: str, call: Call) -> int:
        """The status; whatever the call is about is fresh."""
        made: dict[str, str] = {}
        body = call.body
        for _, name, _, _ in string.Formatter().parse(call.path):
            if name and name not in made:
                made[name] = await self._makers[name](asker)
        if isinstance(body, dict) and body.get("email") == "{email}":
            body = body | {"email": await self._email(asker)}
        before = await self._noted()
        response = await self.site.call(
            call.method, f"/api/v1/{call.path.format_map(made)}", body, headers=self.headers[asker]
        )
        if response.status_code in {401, 403, 404}:
            assert (await response.get_json())["detail"]
            assert await self._noted() == before, "refused, and something was changed"
        return response.status_code

    async def _noted(self) -> object:
        headers = self.headers[MemberRole.OWNER]
        return (await self.site.json("GET", "audit?limit=1", headers=headers))["items"]

    async def _others(self, _asker: str) -> str:
        return await self.site.create()

    async def _assigned(self, asker: str) -> str:
        return await self.site.create(interviewers=[f"{asker}@example.org"])

    async def _email(self, _asker: str) -> str:
        return f"x{next(self._number)}@example.org"

    async def _member(self, asker: str, role: MemberRole = MemberRole.MEMBER) -> str:
        email = await self._email(asker)
        await self.site.panelroom.rooms.people.add_member(email, None, role)
        found = await self.site.json("GET", f"members?q={email}", headers=self.headers[MemberRole.OWNER])
        return str(found["items"][0]["id"])

    async def _owner(self, asker: str) -> str:
        return await self._member(asker, MemberRole.OWNER)

    async def _invitation(self, asker: str) -> str:
        body = {"email": await self._email(asker), "role": "member"}
        made = await self.site.json("POST", "invitations", body, headers=self.headers[MemberRole.OWNER])
        return str(made["id"])

    async def _key(self, _asker: str) -> str:
        body = {"description": "x", "scopes": ["liveInterview"]}
        return str((await self.site.json("POST", "keys", body, headers=self.headers[MemberRole.OWNER]))["id"])


@pytest.fixture(scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    app = create_app(Settings(joins_per_min=0), tmp_path_factory.mktemp("office"))
    async with app.test_app():
        site = await open_site(app)
        for role in MemberRole:
            await site.link(f"{role}@example.org", role)
        headers: dict[str, dict[str, str]] = {role: await site.session(f"{role}@example.org") for role in MemberRole}
        yield Office(site, headers | {KEY: {"Authorization": f"Bearer {site.key}"}, VISITOR: {}})


def expected(right: Right, asker: str, call: Call) -> int:
    if asker == VISITOR:
        return 401
    if asker == KEY:
        may = right in OF_KEYS and call.for_keys
    else:
        may = dict(zip(MemberRole, TABLE[right], strict=True))[MemberRole(asker)]
        if not may and asker == MemberRole.LIMITED and "{others}" in call.path:
            return 404
    return call.status if may else call.unseen


@pytest.mark.parametrize("asker", ASKERS)
@pytest.mark.parametrize("right", list(Right))
async def test_cell(office: Office, right: Right, asker: str) -> None:
    """A52."""
    answered = [await office.call(asker, call) for call in CALLS[right]]
    assert answered == [expected(right, asker, call) for call in CALLS[right]]


async def test_every_call_has_its_cell(office: Office) -> None:
    """No call of the interface is without a decision about who may make it."""
    adapter = office.site.app.url_map.bind("localhost")
    decided = {
        adapter.match(f"/api/v1/{call.path.partition('?')[0]}", call.method)[0]
        for calls in CALLS.values()
        for call in calls
    }
    there = {rule.endpoint for rule in office.site.app.url_map.iter_rules() if rule.rule.startswith("/api/v1/")}
    assert decided | OWN == there - {"openapi", "static"}
    assert not decided & OWN

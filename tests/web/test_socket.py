"""Whoever is decided about while his connection is being opened."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import anyio
import anyio.abc
import pytest

from collab.live import LiveDocument
from collab.wire import CloseCode
from rooms.member import MemberRole
from tests.support import wire
from tests.support.transport import SOON_S, Call, until
from tests.web.conftest import OWNER, Site
from web.socket import Sockets

pytestmark = pytest.mark.anyio

BEN = "ben@example.org"


@dataclass
class Stage:
    """An interview with olga; ben has joined, and connects."""

    site: Site
    sockets: Sockets
    interview: str
    ben: dict[str, Any]
    tasks: anyio.abc.TaskGroup

    async def decide(self, verb: str, **body: Any) -> None:
        path = f"/api/v1/interviews/{self.interview}/participants/{self.ben['participant_id']}"
        method, path = ("POST", f"{path}/remove") if verb == "remove" else ("PATCH", path)
        answer = await self.site.call(method, path, {"on_behalf_of": OWNER} | body)
        assert answer.status_code < 300

    def call(self, part: str) -> Call:
        call = Call(f"{self.interview}{part}", self.ben["ticket"])
        call.transport.say(wire.sync(wire.STEP_1, b"\0"))
        self.tasks.start_soon(call.run, self.sockets)
        return call


@pytest.fixture
async def stage(site: Site) -> AsyncIterator[Stage]:
    interview = await site.create()
    await site.join(interview, "interviewer")
    await site.link(BEN, MemberRole.MEMBER)
    ben = await site.join(interview, "interviewer", on_behalf_of=BEN)
    async with anyio.create_task_group() as tasks:
        yield Stage(site, Sockets(site.panelroom), interview, ben, tasks)
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("verb", "body", "part", "code"),
    [
        ("remove", {}, "", CloseCode.TICKET),
        ("remove", {}, ".notes", CloseCode.TICKET),
        ("demote", {"role": "observer"}, ".notes", CloseCode.NO_DOCUMENT),
        ("demote", {"role": "observer"}, "", None),
        ("mute", {"muted": True}, "", None),
    ],
)
async def test_decided_while_he_connects(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, verb: str, body: dict[str, Any], part: str, code: CloseCode | None
) -> None:
    """A11, B4: he is told nothing, and may write nothing, by what held before; also while nobody can commit."""
    registry = stage.site.panelroom.registry
    opened = registry.open

    async def slowly(log_id: str, document_id: str) -> LiveDocument:
        live = await opened(log_id, document_id)
        monkeypatch.setattr(registry, "open", opened)
        await stage.decide(verb, **body)
        committing.start()
        return live

    committing = Busy(stage)
    monkeypatch.setattr(registry, "open", slowly)
    call = stage.call(part)
    transport = call.transport
    if code is None:
        await until(lambda: any(frame[:2] == b"\x00\x01" for frame in transport.frames))
        (live,) = registry.opened(stage.interview)
        assert [(peer.may_write, peer.user["role"]) for peer in live.peers] == [
            (False, body.get("role", "interviewer"))
        ]
        assert transport.close_code is None
    else:
        with anyio.fail_after(SOON_S):
            await call.ended.wait()
        assert (transport.frames, transport.close_code) == ([], code)
    assert call.failure is None
    committing.end()


class Busy:
    """Somebody else writes to the database, for as long as it takes."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._is_over = anyio.Event()

    def start(self) -> None:
        self._stage.tasks.start_soon(self._write)

    def end(self) -> None:
        self._is_over.set()

    async def _write(self) -> None:
        async with self._stage.site.panelroom.database.writing():
            await self._is_over.wait()

"""Bytes that no honest client sends: the sender is closed as CONTRACT says, nobody else notices."""

from collections.abc import AsyncIterator

import pytest

from tests.support import wire
from tests.support.api import Api
from tests.support.crowd import Crowd
from tests.support.dialogue import BINARY, CONTINUED, Dialogue, close_code_of, raw_frame
from tests.support.server import Server

pytestmark = pytest.mark.anyio

GARBAGE: dict[str, bytes | str] = {
    "text": "hello",
    "empty": b"",
    "unknown message": b"\x63\x01\x02",
    "unknown sync": b"\0\x07\0",
    "no length": b"\0\2",
    "length beyond the end": b"\0\2\x7f\0\0",
    "bytes behind": wire.sync(wire.UPDATE, b"\0\0") + b"\0",
    "varint too long": b"\0\2" + b"\xff" * 9 + b"\x01",
    "step 1 that is no state vector": wire.sync(wire.STEP_1, b"\x05\x01"),
    "update of noise": wire.sync(wire.UPDATE, bytes(range(40))),
    "awareness of noise": b"\1\x05\x01\x01\x01\x01x",
    "awareness that is no JSON": wire.awareness([])[:1] + wire.write_bytes(b"\x01\x07\x01\x01{"),
}


@pytest.fixture
async def room(mortal: Server) -> AsyncIterator[Crowd]:
    """Two people who type while somebody misbehaves, and afterwards still can."""
    async with Api(mortal) as api, Crowd(api, await api.create()) as crowd:
        for name in ("Ann", "Ben"):
            await crowd.join(name)
        await crowd.type("Ann", "before ")
        await crowd.settle()
        worker = mortal.worker
        yield crowd
        assert mortal.worker == worker, "the server died"
        await crowd.type("Ann", "and ")
        await crowd.type("Ben", "after")
        assert (await crowd.settle()).startswith("before")
        assert {peer.connections for peer in crowd.peers.values()} == {1}
        late = await crowd.join_late("Late")
        assert str(late) == str(crowd["Ann"])


@pytest.mark.parametrize("frame", GARBAGE.values(), ids=GARBAGE)
async def test_garbage_is_closed_with_4400(room: Crowd, frame: bytes | str) -> None:
    attacker = await room.api.join(room.interview, "guest", "Mallory")
    assert await close_code_of(attacker.code, frame) == 4400


async def test_a_message_of_too_many_parts(room: Crowd) -> None:
    attacker = await room.api.join(room.interview, "guest", "Mallory")
    async with Dialogue(attacker.code) as socket:
        await socket.say_raw(raw_frame(BINARY, b"\0", last=False) + raw_frame(CONTINUED, b"", last=False) * 2_000)
        assert await socket.close_code() in {1009, 1006}


async def test_a_refusal_is_one_line_in_the_log(room: Crowd, mortal: Server) -> None:
    attacker = await room.api.join(room.interview, "guest", "Mallory")
    before = len(mortal.log)
    assert await close_code_of(attacker.code, b"\xff") == 4400
    await room.settle()
    assert len(mortal.lines_with("4400", before)) == 1
    assert attacker.ticket not in "".join(mortal.log)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "interviews", b"{", 400),
        ("POST", "interviews", b"[]", 400),
        ("POST", "interviews", b'{"title": 7}', 400),
        ("POST", "interviews", b'{"policy": {"interviewers": -1}}', 400),
        ("POST", "interviews", b'{"title": "' + b"x" * 2**20 + b'"}', 413),
        ("POST", "interviews", b"\xff\xfe", 400),
        ("GET", "interviews/nobody-knows-this", b"", 404),
        ("POST", "interviews/nobody-knows-this/join", b'{"as": "candidate", "name": "Cleo"}', 404),
        ("GET", "no-such-thing", b"", 404),
        ("PUT", "interviews", b"{}", 405),
        ("GET", "interviews?limit=many", b"", 400),
    ],
)
async def test_bad_requests_are_answered_in_words(api: Api, method: str, path: str, body: bytes, status: int) -> None:
    headers = api.signed | {"Content-Type": "application/json"}
    answer = await api.http.request(method, f"/api/v1/{path}", content=body, headers=headers)
    accepted = {400, 422} if status == 400 else {status}
    assert answer.status_code in accepted, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["status"] == answer.status_code
    assert answer.json()["detail"]


@pytest.mark.parametrize("key", ["", "Bearer", "Bearer wrong", "Basic d3Jvbmc6d3Jvbmc="])
async def test_without_a_key_nothing_is_told(api: Api, interview: str, key: str) -> None:
    headers = {"Authorization": key} if key else {}
    for path in (
        "interviews",
        "whoami",
        f"interviews/{interview}/recording",
        f"interviews/{interview}/recording/text?at_ms=0",
    ):
        answer = await api.http.get(f"/api/v1/{path}", headers=headers)
        assert answer.status_code == 401, path
        assert answer.headers["content-type"].startswith("application/problem+json")

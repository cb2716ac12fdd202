"""Connections that end in every way there is: seats, tasks and descriptors are back where they were."""

import asyncio
import random
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support import wire
from tests.support.api import Admitted, Api
from tests.support.crowd import Crowd
from tests.support.dialogue import BINARY, raw_frame
from tests.support.keystroke import keystrokes
from tests.support.line import Line, handshake
from tests.support.server import OWNER, Server, serving
from web.panelroom import DATABASE_NAME

pytestmark = pytest.mark.anyio

SETTINGS = {
    "PANELROOM_SEAT_HOLD_S": "0.5",
    "PANELROOM_EVICT_S": "1",
    "PANELROOM_MAX_FRAME_BYTES": "4096",
    "PANELROOM_HARD_FRAME_BYTES": "8192",
}
AT_ONCE = 20
SETTLED_S = 90
TRY_AGAIN_S = 0.1
ROLES = ("candidate", "guest", "interviewer", "observer")
STEP_1 = wire.sync(wire.STEP_1, b"\0")


@dataclass
class Caller:
    """Somebody with a ticket for an interview."""

    api: Api
    port: int
    interview: str
    person: Admitted
    silent: list[Line]

    @property
    def url(self) -> str:
        return self.person.code

    async def enter(self) -> Line:
        """A connection that has announced itself and is in step."""
        line = await Line.call(self.url)
        line.say_frames(STEP_1, wire.awareness([(random.randrange(2**32), 1, {"user": {}, "cursor": None})]))
        await line.hear()
        return line


Way = Callable[[Caller], Awaitable[None]]


async def never_speak(caller: Caller) -> None:
    (await Line.dial(caller.port)).reset()


async def vanish_in_the_handshake(caller: Caller) -> None:
    line = await Line.dial(caller.port)
    line.say(handshake(caller.url)[:60])
    line.reset()


async def end_in_the_handshake(caller: Caller) -> None:
    line = await Line.dial(caller.port)
    line.say(handshake(caller.url)[:60])
    await line.finish()


async def vanish_before_the_answer(caller: Caller) -> None:
    line = await Line.dial(caller.port)
    line.say(handshake(caller.url))
    await asyncio.sleep(random.uniform(0, 0.02))
    line.reset()


async def speak_before_the_answer(caller: Caller) -> None:
    line = await Line.dial(caller.port)
    line.say(handshake(caller.url))
    line.say_frames(STEP_1, STEP_1)
    line.reset()


async def close(caller: Caller) -> None:
    line = await caller.enter()
    line.close()
    await line.finish()


async def close_and_vanish(caller: Caller) -> None:
    line = await caller.enter()
    line.close()
    line.reset()


async def finish(caller: Caller) -> None:
    await (await caller.enter()).finish()


async def vanish(caller: Caller) -> None:
    (await caller.enter()).reset()


async def type_and_vanish(caller: Caller) -> None:
    line = await caller.enter()
    line.say_frames(*(wire.sync(wire.UPDATE, update) for update in keystrokes("xyz")))
    line.reset()


async def finish_in_a_frame(caller: Caller) -> None:
    line = await caller.enter()
    line.say(raw_frame(BINARY, bytes(100))[:-50])
    await line.finish()


async def vanish_in_a_frame(caller: Caller) -> None:
    line = await caller.enter()
    line.say(raw_frame(BINARY, bytes(100))[:3])
    line.reset()


async def break_the_protocol(caller: Caller) -> None:
    line = await caller.enter()
    line.say(b"\xff\xff\xff\xff")
    await line.hear_end()
    await line.finish()


async def send(caller: Caller, frame: bytes) -> None:
    line = await caller.enter()
    line.say(frame)
    await line.answer_close()


async def send_1009(caller: Caller) -> None:
    line = await caller.enter()
    line.say(raw_frame(BINARY, bytes(9000)))
    await line.hear_end()
    await line.finish()


async def send_4413(caller: Caller) -> None:
    await send(caller, raw_frame(BINARY, bytes(5000)))


async def send_4400(caller: Caller) -> None:
    await send(caller, raw_frame(BINARY, b"\xff"))


async def send_4400_and_vanish(caller: Caller) -> None:
    line = await caller.enter()
    line.say_frames(b"\xff", STEP_1)
    line.reset()


async def send_4400_and_answer_nothing(caller: Caller) -> None:
    """The server gives it up after ten seconds."""
    line = await caller.enter()
    line.say_frames(b"\xff")
    await line.hear_end()
    await line.finish()


async def send_4400_and_come_back(caller: Caller) -> None:
    await send_4400(caller)
    await (await Line.call(caller.url)).finish()


async def knock_4401(caller: Caller) -> None:
    await (await Line.call(caller.url + "x")).finish()


async def knock_4404(caller: Caller) -> None:
    await (await Line.call(caller.url.replace("?", ".other?"))).finish()


async def knock_4403(caller: Caller) -> None:
    await (await Line.call(caller.url, origin="http://evil.example")).finish()


async def leave(caller: Caller) -> None:
    line = await caller.enter()
    await caller.api.request("POST", f"interviews/{caller.interview}/leave", {"ticket": caller.person.ticket})
    await line.answer_close()


async def be_removed(caller: Caller) -> None:
    """And knock once more."""
    guest = await caller.api.join(caller.interview, "guest", "Gus")
    line = await Line.call(guest.code)
    path = f"interviews/{caller.interview}/participants/{guest.participant_id}/remove"
    await caller.api.request("POST", path, {"on_behalf_of": OWNER})
    await line.answer_close()
    await (await Line.call(guest.code)).finish()


async def listen(caller: Caller) -> Line:
    parts = urlsplit(caller.person.events_url)
    line = await Line.dial(caller.port)
    line.say(f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
    return line


async def finish_listening(caller: Caller) -> None:
    line = await listen(caller)
    await line.hear_head()
    await line.finish()


async def stop_listening(caller: Caller) -> None:
    line = await listen(caller)
    await line.hear_head()
    line.reset()


async def vanish_before_the_events(caller: Caller) -> None:
    (await listen(caller)).reset()


async def fall_silent(caller: Caller) -> None:
    """Half open: nothing comes any more, no pong and no FIN."""
    caller.silent.append(await caller.enter())


async def fall_silent_in_the_handshake(caller: Caller) -> None:
    line = await Line.dial(caller.port)
    line.say(handshake(caller.url)[:60])
    caller.silent.append(line)


SOON: tuple[Way, ...] = (
    never_speak,
    vanish_in_the_handshake,
    end_in_the_handshake,
    vanish_before_the_answer,
    speak_before_the_answer,
    close,
    close_and_vanish,
    finish,
    vanish,
    type_and_vanish,
    finish_in_a_frame,
    vanish_in_a_frame,
    break_the_protocol,
    send_1009,
    send_4413,
    send_4400,
    send_4400_and_vanish,
    send_4400_and_answer_nothing,
    send_4400_and_come_back,
    knock_4401,
    knock_4404,
    knock_4403,
    leave,
    be_removed,
    finish_listening,
    stop_listening,
    vanish_before_the_events,
)
REFUSED: tuple[Way, ...] = (  # for a while
    send_4413,
    send_4400,
    send_4400_and_vanish,
    send_4400_and_answer_nothing,
    send_4400_and_come_back,
)
LATE: tuple[Way, ...] = (fall_silent, fall_silent_in_the_handshake)


@dataclass(frozen=True)
class Standing:
    seats: int
    present: int
    tasks: int
    descriptors: int

    def is_back(self, before: "Standing") -> bool:
        return self.seats == self.present == 0 and self.tasks <= before.tasks and self.descriptors <= before.descriptors


async def standing(server: Server) -> Standing:
    async with Api(server) as api:
        text = (await api.http.get("/metrics", headers={"Connection": "close"})).text
    gauges = dict(line.split(" ") for line in text.splitlines() if line.startswith("panelroom_") and "{" not in line)
    database = sqlite3.connect(server.data / DATABASE_NAME)
    (seats,) = database.execute("SELECT count(*) FROM seat").fetchone()
    database.close()
    opened = list(Path(f"/proc/{server.worker}/fd").iterdir())
    # Of the database's there are as many as were ever needed at once.
    descriptors = sum(DATABASE_NAME not in path.readlink().name for path in opened if path.is_symlink())
    return Standing(
        seats, int(float(gauges["panelroom_participants"])), int(float(gauges["panelroom_tasks"])), descriptors
    )


async def until_back(server: Server, before: Standing) -> Standing:
    now = await standing(server)
    try:
        async with asyncio.timeout(SETTLED_S):
            while not now.is_back(before):
                await asyncio.sleep(TRY_AGAIN_S)
                now = await standing(server)
    except TimeoutError:
        raise AssertionError(f"{SETTLED_S} s later {now}, before it was {before}") from None
    return now


async def storm(server: Server, ways: list[Way]) -> None:
    """So many connections, some at once."""
    left = iter(ways)
    silent: list[Line] = []

    async def go_through(api: Api, interview: str) -> None:
        people: dict[str, Admitted] = {}
        refused: set[str] = set()
        for way, role in zip(left, cycle(ROLES), strict=False):
            person = people.get(role)
            if person is None or role in refused:
                person = people[role] = await api.join(
                    interview, role, "Some", resume=person.ticket if person else None
                )
                refused.discard(role)
            await way(Caller(api, server.port, interview, person, silent))
            if way in REFUSED:
                refused.add(role)

    async with Api(server) as api:
        api.http.timeout = SETTLED_S  # how fast it goes is not asked here
        interviews = [await api.create() for _ in range(AT_ONCE)]
        async with asyncio.TaskGroup() as tasks:
            for interview in interviews:
                tasks.create_task(go_through(api, interview))
    for line in silent:
        await line.hear_end()
        line.reset()


@pytest.mark.parametrize(
    ("connects", "ways", "seed"),
    [(2 * len(SOON), SOON, 0), *(pytest.param(1_000, SOON + LATE, seed, marks=pytest.mark.long) for seed in range(10))],
    ids=lambda value: "" if isinstance(value, tuple) else str(value),
)
async def test_all_is_back_where_it_was(tmp_path: Path, connects: int, ways: tuple[Way, ...], seed: int) -> None:
    """B1."""
    with serving(tmp_path / "data", SETTINGS) as server:
        await storm(server, [way for way in SOON if way is not send_4400_and_answer_nothing])
        before = await until_back(server, Standing(0, 0, 10_000, 10_000))
        since = len(server.log)
        some = list(islice(cycle(ways), connects))
        random.Random(seed).shuffle(some)
        await storm(server, some)
        after = await until_back(server, before)
        print(f"{connects} connects: before {before}, after {after}")
        assert not [line for line in server.log[since:] if "level=error" in line]
        async with Api(server) as api, Crowd(api, await api.create()) as crowd:
            await crowd.join("Cleo", "candidate")
            await crowd.join("Olga", "interviewer")
            await crowd.type("Cleo", "as before")
            assert await crowd.settle() == "as before"

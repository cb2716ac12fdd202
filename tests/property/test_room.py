"""Whatever people do in whatever order, they agree in the end, and the journal says how it came about."""

import asyncio
from collections.abc import Coroutine
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from tests.support.api import Api
from tests.support.crowd import Crowd, difference
from tests.support.server import Server

PEOPLE = 4
CHARACTERS = ["a", "b", " ", "\n", "\r\n", "é", "漢", "😀", "👩‍👩‍👧", "𝒳", "\t"]
T = TypeVar("T")

texts = st.lists(st.sampled_from(CHARACTERS), min_size=1, max_size=6).map("".join)
people = st.integers(0, PEOPLE - 1)
places = st.integers(0, 1000)


class Room(RuleBasedStateMachine):
    """Drives a crowd on a real server; positions and people are taken modulo what there is."""

    server: ClassVar[Server]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()

    def run(self, action: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(action)

    def name(self, person: int) -> str:
        names = list(self.crowd.peers)
        return names[person % len(names)]

    @initialize()
    def open(self) -> None:
        if not self.server.alive():
            self.server.start()
        self.api = Api(self.server)
        self.crowd = Crowd(self.api, self.run(self.api.create()))
        self.run(self.crowd.join("Cleo", "candidate"))
        self.run(self.crowd.join("Gus"))

    @rule(person=people, place=places, text=texts)
    def type(self, person: int, place: int, text: str) -> None:
        self.run(self.type_at(self.name(person), place, text))

    @rule(person=people, place=places, length=st.integers(1, 8))
    def delete(self, person: int, place: int, length: int) -> None:
        self.run(self.delete_at(self.name(person), place, length))

    # Places are taken from the text inside of the loop, where nothing can be received in between.

    async def type_at(self, name: str, place: int, text: str) -> None:
        await self.crowd.type(name, text, at=place % (len(str(self.crowd[name])) + 1))

    async def delete_at(self, name: str, place: int, length: int) -> None:
        if text := str(self.crowd[name]):
            start = place % len(text)
            await self.crowd.delete(name, start, min(length, len(text) - start))

    @rule(person=people)
    def undo(self, person: int) -> None:
        self.run(self.crowd.undo(self.name(person)))

    @rule(person=people)
    def delay(self, person: int) -> None:
        self.crowd.delay(self.name(person))

    @rule(person=people)
    def release(self, person: int) -> None:
        self.run(self.crowd.release(self.name(person)))

    @rule(person=people)
    def drop(self, person: int) -> None:
        self.run(self.crowd.drop(self.name(person)))

    @rule(person=people)
    def go_offline(self, person: int) -> None:
        self.run(self.crowd.go_offline(self.name(person)))

    @rule(person=people)
    def rejoin(self, person: int) -> None:
        name = self.name(person)
        if not self.crowd[name].online:
            self.run(self.crowd.rejoin(name))

    @precondition(lambda self: len(self.crowd.peers) < PEOPLE)
    @rule()
    def join_late(self) -> None:
        self.run(self.crowd.join_late(f"Late {len(self.crowd.peers)}"))

    @rule()
    def settle(self) -> None:
        text = self.run(self.crowd.settle())
        replayed = self.run(self.api.replay(self.crowd.interview))
        assert replayed == text, f"the journal differs from the peers{difference(text, replayed)}"

    def teardown(self) -> None:
        try:
            if hasattr(self, "crowd"):
                self.settle()
        finally:
            if hasattr(self, "crowd"):
                self.run(self.crowd.__aexit__(None, None, None))
                self.run(self.api.http.aclose())
            self.runner.close()


class RestartedRoom(Room):
    """The server restarts once, at some moment."""

    restarted = False

    @precondition(lambda self: not self.restarted)
    @rule()
    def restart(self) -> None:
        self.restarted = True
        self.run(asyncio.to_thread(self.server.restart))


@pytest.mark.parametrize(
    ("machine", "examples", "steps"),
    [
        pytest.param(Room, 60, 40, id="short"),
        pytest.param(RestartedRoom, 4, 30, id="restarted"),
        pytest.param(Room, 1000, 80, id="long", marks=pytest.mark.long),
        pytest.param(RestartedRoom, 50, 80, id="restarted-long", marks=pytest.mark.long),
    ],
)
def test_everybody_agrees_and_the_journal_says_how(
    mortal: Server, machine: type[Room], examples: int, steps: int
) -> None:
    Room.server = mortal
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=examples < 50,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

"""What goes on beside a block, or beside those who ask."""

import anyio
import pytest

from collab.task import Inquiry, running

pytestmark = pytest.mark.anyio

LONG_S = 60.0


class Look:
    """Comes back when it may, and fails where it is told to."""

    def __init__(self) -> None:
        self.times = 0
        self.may_end = anyio.Event()
        self.error: Exception | None = None

    async def __call__(self) -> int:
        self.times += 1
        await self.may_end.wait()
        if self.error is not None:
            raise self.error
        return self.times


async def test_one_looks_for_all() -> None:
    look = Look()
    inquiry = Inquiry(look, LONG_S)
    answers: list[int] = []

    async def ask() -> None:
        answers.append(await inquiry.answer())

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(ask)
        await anyio.wait_all_tasks_blocked()
        look.may_end.set()
    assert answers == [1] * 5
    assert await inquiry.answer() == 2


async def test_nobody_waits_for_one_that_does_not_come_back_and_no_other_is_begun() -> None:
    look = Look()
    inquiry = Inquiry(look, 0.01)
    for _ in range(3):
        with anyio.fail_after(10), pytest.raises(TimeoutError):
            await inquiry.answer()
    assert look.times == 1
    look.error = ValueError("nobody hears it")  # nor does the event loop complain of that
    look.may_end.set()
    await anyio.wait_all_tasks_blocked()
    look.error = None
    assert await inquiry.answer() == 2


async def test_it_fails_for_whoever_asks() -> None:
    look = Look()
    look.may_end.set()
    look.error = ValueError("no")
    with pytest.raises(ValueError, match="no"):
        await Inquiry(look, LONG_S).answer()


async def test_who_goes_away_does_not_end_it_for_the_others() -> None:
    look = Look()
    inquiry = Inquiry(look, LONG_S)
    with anyio.move_on_after(0):
        await inquiry.answer()
    look.may_end.set()
    assert await inquiry.answer() == 1


async def test_steps_end_with_the_block() -> None:
    ended: list[int] = []

    async def step(number: int) -> None:
        try:
            await anyio.sleep_forever()
        finally:
            ended.append(number)

    async def block() -> None:
        async with running(step(1), step(2)):
            await anyio.wait_all_tasks_blocked()
            raise ValueError("the block's")

    with pytest.raises(ValueError, match="the block's"):
        await block()
    assert sorted(ended) == [1, 2]

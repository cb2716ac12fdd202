"""Two decide about an interview at the same moment: one outcome each time, and both are told which."""

import asyncio
import random
from typing import Any

import httpx2
import pytest

from tests.support.api import Api
from tests.support.crowd import Crowd
from tests.support.dialogue import Dialogue, close_code_of
from tests.support.server import OWNER, Server

pytestmark = pytest.mark.anyio

BEN = "ben@example.org"
CANCELLED = 4404


async def ask(api: Api, method: str, path: str, body: Any = None, *, signed: bool = True) -> httpx2.Response:
    headers = api.signed if signed else {}
    return await api.http.request(method, f"/api/v1/interviews/{path}", json=body, headers=headers)


async def active(api: Api) -> str:
    interview = await api.create(interviewers=[OWNER, BEN])
    async with Crowd(api, interview) as crowd:
        await crowd.join("Cleo", "candidate")
        await crowd.join("Olga", "interviewer")
        await crowd.settle()
    assert await api.status(interview) == "active"
    return interview


@pytest.mark.parametrize("times", [20, pytest.param(500, marks=pytest.mark.long)])
async def test_two_finish_at_once(api: Api, server: Server, times: int) -> None:
    """One of them has finished it; the other is told who has, and when."""
    server.add_member(BEN, "Ben")
    interview = await active(api)
    won = {"Olga Owner": 0, "Ben": 0}
    for _ in range(times):
        both = [OWNER, BEN]
        answers = await asyncio.gather(
            *(ask(api, "POST", f"{interview}/finish", {"on_behalf_of": email}) for email in both)
        )
        first, second = sorted(answers, key=lambda answer: answer.status_code)
        assert (first.status_code, second.status_code) == (200, 409), (first.text, second.text)
        problem = second.json()
        winner = "Olga Owner" if first is answers[0] else "Ben"
        assert (problem["by"], problem["at"]) == (winner, first.json()["finished_at"])
        won[winner] += 1
        await api.request("POST", f"interviews/{interview}/reopen", {"on_behalf_of": OWNER}, expect=200)
    kinds = [entry.kind for entry in await api.entries(interview)]
    assert (kinds.count("interview.finished"), kinds.count("interview.reopened")) == (times, times)
    print(f"{times} double finishes: {won}")


@pytest.mark.parametrize(("times", "seed"), [(10, 0), pytest.param(500, 1, marks=pytest.mark.long)])
async def test_cancel_against_join(api: Api, times: int, seed: int) -> None:
    """Whoever comes in just before is sent away, whoever comes just after is not let in."""
    chance = random.Random(seed)
    came = 0
    for _ in range(times):
        interview = await api.create()
        inside = await api.join(interview, "guest")
        async with Dialogue(inside.code) as socket:
            asked = ["cancel", "candidate", "guest", "guest", "interviewer"]
            chance.shuffle(asked)
            answers = dict(enumerate(await asyncio.gather(*(cancel_or_join(api, interview, role) for role in asked))))
            assert answers.pop(asked.index("cancel")).status_code == 204
            assert await socket.close_code() == CANCELLED
        for answer in answers.values():
            assert answer.status_code in {200, 404}, answer.text
            if answer.status_code == 404:
                assert answer.json()["type"] == "urn:panelroom:interview-unknown"
                continue
            came += 1
            assert await close_code_of(answer.json()["documents"][0]["url"]) == CANCELLED
            assert (await api.http.get(answer.json()["events_url"])).status_code == 404
        assert (await ask(api, "GET", interview)).status_code == 404
        assert "cancelled" in (await api.http.get(f"/i/{interview}")).text
    print(f"{times} cancels against 4 joins each: {came} came in just before")


async def cancel_or_join(api: Api, interview: str, role: str) -> httpx2.Response:
    if role == "cancel":
        return await ask(api, "DELETE", interview)
    inside = role == "interviewer"
    body = {"as": role} | ({"on_behalf_of": OWNER} if inside else {})
    return await ask(api, "POST", f"{interview}/join", body, signed=inside)


@pytest.mark.parametrize(("times", "seed"), [(5, 0), pytest.param(100, 1, marks=pytest.mark.long)])
async def test_cancel_against_finish(api: Api, server: Server, times: int, seed: int) -> None:
    """It is finished and the other is told by whom, or it is cancelled and there is nothing to finish any more."""
    server.add_member(BEN, "Ben")
    chance = random.Random(seed)
    finished = 0
    for _ in range(times):
        interview = await active(api)
        asked = [ask(api, "POST", f"{interview}/finish", {"on_behalf_of": BEN}), ask(api, "DELETE", interview)]
        turned = chance.random() < 0.5
        answers = await asyncio.gather(*(reversed(asked) if turned else asked))
        finish, cancel = reversed(answers) if turned else answers
        assert (finish.status_code, cancel.status_code) in {(200, 409), (404, 204)}, (finish.text, cancel.text)
        if finish.status_code == 200:
            finished += 1
            assert cancel.json()["by"] == "Ben"
            assert await api.status(interview) == "finished"
        else:
            assert (await ask(api, "GET", interview)).status_code == 404
    print(f"{times} cancels against a finish: {finished} finished")


async def test_two_cancel_at_once(api: Api) -> None:
    """A21: of those that both ticked each is cancelled by one, and the other is told for its row that it is gone."""
    ids = [await api.create() for _ in range(10)]
    answers = await asyncio.gather(*(ask(api, "POST", "cancel", {"ids": order}) for order in (ids, ids[::-1])))
    rows = [row for answer in answers for row in answer.json()["items"]]
    assert sorted(row["id"] for row in rows if row["ok"]) == sorted(ids)
    lost = [row for row in rows if not row["ok"]]
    assert sorted(row["id"] for row in lost) == sorted(ids)
    assert {row["problem"]["type"] for row in lost} == {"urn:panelroom:interview-unknown"}

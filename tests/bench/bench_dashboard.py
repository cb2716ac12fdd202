"""Every call that a dashboard makes, with 10,000 interviews and 200 members; and 200 dashboards that are told.

Prints: python -m pytest -s -m bench tests/bench/bench_dashboard.py
"""

import asyncio
import os
import random
from collections.abc import Iterator
from contextlib import AsyncExitStack
from itertools import cycle
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx2
import pytest
from sqlalchemy import insert, select

from collab.database import Database
from rooms import schema
from rooms.secret import new_id
from rooms.text import fold
from tests.support.api import Api
from tests.support.listener import Listener
from tests.support.member import add_members
from tests.support.server import Server, serving
from web.panelroom import DATABASE_NAME

pytestmark = [pytest.mark.anyio, pytest.mark.bench]

INTERVIEWS, MEMBERS, TIMES = 10_000, 200, int(os.environ.get("TIMES", "100"))
MOST_MS = 150.0
FIRST = "Ada Łucja Zoë Müşerref José Bjørn Chloé Ноэми 伟 Ömer Siân Ana Ben Cem Dee Eva Finn Gül Hana Ivo"
LAST = "Lovelace Hopper Turing Çelik Ångström Dvořák Nuñez Okafor Nguyễn 王 Smith Jones Brown Evans Khan"
STAGES = ("pending", "active", "finished", "finished", "finished", "cancelled")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path) as server:
        yield server


def rows(organisation_id: str, emails: list[str], members: list[str]) -> list[dict[str, Any]]:
    chance = random.Random(7)
    made = []
    for number in range(INTERVIEWS):
        name = f"{chance.choice(FIRST.split())} {chance.choice(LAST.split())}"
        title, email = f"Interview with {name}, round {number % 5}", f"candidate{number}@example.com"
        interviewers, status = chance.sample(emails, 3), chance.choice(STAGES)
        begun = None if status == "pending" else 1_790_000_000_000 + number * 60_000
        made.append(
            {
                "id": new_id(), "organisation_id": organisation_id, "title": title, "status": status,
                "candidate_name": name, "candidate_email": email, "interviewers": interviewers, "language": "python",
                "time_zone": "Europe/Berlin", "scheduled_at_ms": 1_790_000_000_000 + number * 60_000,
                "max_interviewers": 3, "max_observers": 10, "max_guests": 5, "over_limit": "observe", "lobby": False,
                "instructions": "Bring a pen. " * 20, "searched": fold("\n".join((title, name, email, *interviewers))),
                "created_by": chance.choice(members), "created_at_ms": 1_780_000_000_000 + number * 60_000,
                "active_at_ms": begun, "finished_at_ms": begun, "finished_by": "Olga",
            }
        )  # fmt: skip
    return made


async def fill(server: Server) -> list[str]:
    """Interviews of every stage, planned with members. Sign-in links of the members, the last of whom is limited."""
    links = await add_members(
        server, [f"{name}-{number}" for number, name in zip(range(MEMBERS), cycle(FIRST.split()), strict=False)]
    )
    database = await Database.open(server.data / DATABASE_NAME)
    try:
        async with database.writing() as connection:
            members = (await connection.execute(select(schema.members))).mappings().all()
            emails, ids = [row["email"] for row in members], [row["id"] for row in members]
            await connection.execute(insert(schema.interviews), rows(members[0]["organisation_id"], emails, ids))
            lia = schema.members.update().where(schema.members.c.email == emails[-1]).values(role="limited")
            await connection.execute(lia)
    finally:
        await database.close()
    return [links[email] for email in links]


async def signed_in(server: Server, link: str) -> dict[str, str]:
    """The headers of this member's page."""
    async with httpx2.AsyncClient(base_url=server.url, trust_env=False) as http:
        token = link.partition("token=")[2]
        answer = await http.post("/sign-in", data={"token": token}, headers={"Origin": server.url})
        assert answer.status_code == 303, answer.text
        cookie = "; ".join(f"{name}={value}" for name, value in http.cookies.items())
        return {"Cookie": cookie, "Origin": server.url}


def cpu_s(server: Server) -> float:
    """Of the process that serves, all its threads."""
    fields = Path(f"/proc/{server.worker}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


CALLS = {
    "the newest": "interviews",
    "pending": "interviews?status=pending",
    "finished, 200 rows": "interviews?status=finished&limit=200",
    "found, a name that many have": "interviews?q=ada",
    "found, without accents": "interviews?q=celik",
    "found, one of all": "interviews?q=candidate4711",
    "found, nothing": "interviews?q=nobodyiscalledthis",
    "found, an interviewer": "interviews?q=zoe-42",
    "found, four words": "interviews?q=ada+turing+round+3",
    "found, eight letters": "interviews?q=a+e+i+o+u+n+r+d",
    "found, in one stage": "interviews?q=turing&status=pending",
    "who I am": "whoami",
    "members": "members",
    "members, found": "members?q=zoe",
    "invitations": "invitations",
    "keys": "keys",
    "audit": "audit",
    "the organisation": "organisation",
    "my profile": "profile",
    "my sessions": "sessions",
}


async def test_every_call_of_a_dashboard(server: Server) -> None:
    links = await fill(server)
    owner, lia = await signed_in(server, server.owner_link), await signed_in(server, links[-1])
    print(f"\n{INTERVIEWS:,} interviews, {MEMBERS} members, {TIMES} times each; load {os.getloadavg()[0]:.1f}")
    print(f"{'':34}{'p50 ms':>8}{'p95 ms':>8}{'CPU ms':>8}")
    late = []
    async with httpx2.AsyncClient(base_url=f"{server.url}/api/v1/", trust_env=False) as http:

        async def measure(what: str, calls: list[tuple[str, str, Any]], headers: dict[str, str]) -> list[Any]:
            took_ms, answers, begun_cpu = [], [], cpu_s(server)
            for method, path, body in calls:
                begun = perf_counter()
                answer = await http.request(method, path, json=body, headers=headers)
                took_ms.append((perf_counter() - begun) * 1000)
                assert answer.is_success, answer.text
                answers.append(answer.json() if answer.content else None)
            cpu_ms = (cpu_s(server) - begun_cpu) * 1000 / len(calls)
            took_ms.sort()
            p50, p95 = took_ms[len(calls) // 2], took_ms[len(calls) * 95 // 100]
            print(f"{what:34}{p50:8.1f}{p95:8.1f}{cpu_ms:8.1f}")
            if p95 > MOST_MS:
                late.append(what)
            return answers

        for what, path in CALLS.items():
            await measure(what, [("GET", path, None)] * TIMES, owner)
        await measure("a limited member's", [("GET", "interviews", None)] * TIMES, lia)
        await measure("a limited member's, found", [("GET", "interviews?q=ada", None)] * TIMES, lia)
        cursor, pages = "", []
        for _ in range(INTERVIEWS // 200):
            page = (await http.get(f"interviews?limit=200{cursor}", headers=owner)).json()
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
            pages.append(("GET", f"interviews?limit=50{cursor}", None))
        await measure("pages, to the oldest", pages, owner)
        made = await measure("made", [("POST", "interviews", {"title": "T"})] * TIMES, owner)
        ids = [each["id"] for each in made]
        await measure("renamed", [("PATCH", f"interviews/{each}", {"title": "U"}) for each in ids], owner)
        await measure("duplicated", [("POST", f"interviews/{each}/duplicate", None) for each in ids], owner)
        blocks: dict[str, list[dict[str, str]]] = {"blocks": [{}] * 12}
        twelve = await measure("made, twelve blocks", [("POST", "interviews/blocks", blocks)] * (TIMES // 10), owner)
        await measure("cancelled", [("DELETE", f"interviews/{each}", None) for each in ids], owner)
        bulks = [{"ids": [each["id"] for each in made["items"]]} for made in twelve]
        await measure("cancelled, twelve at once", [("POST", "interviews/cancel", bulk) for bulk in bulks], owner)
    assert late == []


async def test_two_hundred_dashboards_are_told(server: Server) -> None:
    """From the answer to whoever made an interview until everybody who looks has heard of it."""
    links = await fill(server)
    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(Api(server))
        ears = [
            await stack.enter_async_context(Listener(f"{server.url}/api/v1/events", await signed_in(server, link)))
            for link in links[:-1]
        ]
        for crowd in (1, 20):
            took_ms, begun_cpu = [], cpu_s(server)
            for _ in range(10):
                made = [await api.create() for _ in range(crowd)]
                begun = perf_counter()
                await asyncio.gather(*(told(ear, made[-1]) for ear in ears))
                took_ms.append((perf_counter() - begun) * 1000)
            took_ms.sort()
            each_ms = (cpu_s(server) - begun_cpu) * 1000 / 10
            last = f"the last after {took_ms[5]:.0f} ms, at most {took_ms[-1]:.0f}"
            print(f"\n{len(ears)} dashboards told of {crowd}: {last}; {each_ms:.0f} ms of CPU")


async def told(ear: Listener, interview: str) -> None:
    await ear.until(lambda: any(interview in each["ids"] for each in ear.all("interviews")), interview)

"""Joins from several processes at the same moment. Imported by each of them: nothing but the standard library."""

import asyncio
import http.client
import json
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context
from threading import Barrier
from types import TracebackType
from typing import Any, Self

TIMEOUT_S = 60

Answer = tuple[int, dict[str, Any]]

_start: Barrier


class Stampede:
    """`with Stampede(4) as stampede`: so many client processes."""

    def __init__(self, processes: int) -> None:
        context = get_context("spawn")
        self._processes = processes
        self._start = context.Barrier(processes + 1)
        self._pool: Executor = ProcessPoolExecutor(processes, context, _prepare, (self._start,))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._start.abort()
        self._pool.shutdown()

    async def join(
        self, port: int, key: str, interview: str, emails: list[str]
    ) -> list["asyncio.Future[list[Answer]]"]:
        """Interviewers on behalf of these members; returns when they are off. Each process has its own share."""
        loop = asyncio.get_running_loop()
        running = [
            loop.run_in_executor(self._pool, _join_all, port, key, interview, emails[number :: self._processes])
            for number in range(self._processes)
        ]
        await asyncio.to_thread(self._start.wait, TIMEOUT_S)
        return running


def _prepare(start: Barrier) -> None:
    global _start  # noqa: PLW0603 - what a pool's processes share comes to them so
    _start = start


def _join_all(port: int, key: str, interview: str, emails: list[str]) -> list[Answer]:
    with ThreadPoolExecutor(len(emails)) as threads:
        _start.wait(TIMEOUT_S)
        return list(threads.map(partial(_join, port, key, interview), emails))


def _join(port: int, key: str, interview: str, email: str) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    body = json.dumps({"as": "interviewer", "on_behalf_of": email})
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    connection.request("POST", f"/api/v1/interviews/{interview}/join", body, headers)
    answer = connection.getresponse()
    joined = json.loads(answer.read())
    connection.close()
    return answer.status, joined

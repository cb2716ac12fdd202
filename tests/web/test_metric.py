"""/metrics: every metric is moved by what it counts, and none says what is nobody's business."""

import ast
import logging
import re
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import anyio.abc
import pytest
import yaml
from sqlalchemy import text
from structlog.testing import capture_logs

from collab.log import Entry
from collab.note import Noted
from collab.wire import CloseCode
from tests.collab.typist import Typist
from tests.support import wire
from tests.support.gauge import Gauge
from tests.support.transport import SOON_S, Call
from tests.web.conftest import ORIGIN, Site, open_site
from web import log
from web.app import create_app
from web.metric import size_of
from web.settings import Settings
from web.socket import Sockets

pytestmark = pytest.mark.anyio

DOCS = Path(__file__).parents[2] / "docs"
OPERATIONS, ALERTS = DOCS / "operations.md", DOCS / "alerts.yml"
Test = Callable[..., Awaitable[None]]
LAG_S = 0.7
FULL = "CREATE TRIGGER full BEFORE INSERT ON entry BEGIN SELECT RAISE(ABORT, 'full'); END"

moved: set[str] = set()


def moves(*names: str) -> Callable[[Test], Test]:
    """The test shows that these are moved by real acts."""
    moved.update(f"panelroom_{name}" for name in names)
    return lambda test: test


@dataclass
class House:
    """A started application, its sockets, and what it says of itself."""

    site: Site
    tasks: anyio.abc.TaskGroup

    async def read(self) -> Gauge:
        response = await self.site.call("GET", "/metrics", headers={})
        assert response.status_code == 200
        return Gauge(await response.get_data(as_text=True))

    async def until(self, condition: Callable[[Gauge], bool]) -> Gauge:
        with anyio.fail_after(SOON_S):
            while not condition(gauge := await self.read()):
                pass
        return gauge

    def call(self, document: str, ticket: str) -> Call:
        call = Call(document, ticket)
        call.transport.say(wire.sync(wire.STEP_1, b"\0"))
        self.tasks.start_soon(call.run, Sockets(self.site.panelroom))
        return call


@pytest.fixture
def settings() -> Settings:
    return Settings(
        joins_per_min=0,
        outbox_bytes=10_000,
        metrics_from="127.0.0.0/8, ::1, 10.0.0.1",
        trusted_proxies="10.0.0.9",
    )


@pytest.fixture
async def house(site: Site) -> AsyncIterator[House]:
    async with anyio.create_task_group() as tasks:
        yield House(site, tasks)
        tasks.cancel_scope.cancel()


async def test_every_metric_is_moved(house: House) -> None:
    assert set((await house.read()).described) == moved


async def test_operations_list_every_metric(house: House) -> None:
    gauge = await house.read()
    table = re.findall(r"^\| `(panelroom_\w+)(?:\{(.+?)\})?` \| (\w+) \| \S", OPERATIONS.read_text(), re.MULTILINE)
    assert len({name for name, *_ in table}) == len(table)
    assert {name: kind for name, _, kind in table} == gauge.described
    labels = {name: set(filter(None, listed.split(","))) for name, listed, _ in table}
    assert {name: labels[name] for name in gauge.labels} == gauge.labels


async def test_alerts_ask_for_metrics_that_exist(house: House) -> None:
    known = {family.name + {"counter": "_total"}.get(family.type, "") for family in (await house.read()).families}
    (group,) = yaml.safe_load(ALERTS.read_text())["groups"]
    names = [rule["alert"] for rule in group["rules"]]
    assert len(set(names)) == len(names) > 5
    for rule in group["rules"]:
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        assert rule["annotations"]["summary"]
        assert rule["labels"]["severity"] in {"page", "ticket"}
        asked = {name.removesuffix("_bucket") for name in re.findall(r"(?:panelroom|process)_\w+", rule["expr"])}
        assert asked <= known, rule["alert"]
        assert asked or rule["expr"].startswith("up{")


@moves("requests_total", "request_seconds", "build_info")
async def test_requests(house: House) -> None:
    await house.site.create()
    gauge = await house.read()
    route = "/api/v1/interviews"
    assert gauge("requests_total", method="POST", route=route, status="201") == 1
    assert gauge("request_seconds_count", route=route) == 1
    assert 0 < gauge("request_seconds_sum", route=route) < SOON_S
    assert gauge.sum("build_info") == 1


@moves("rooms", "documents", "participants", "peers", "seats", "tasks", "joins_total")
async def test_who_is_there(house: House) -> None:
    interview = await house.site.create()
    gus = await house.site.join(interview, "guest", name="Gus")
    olga = await house.site.join(interview, "interviewer")
    before = await house.read()
    assert (before("rooms"), before("documents"), before("participants"), before.sum("peers")) == (0, 0, 0, 0)
    assert before("seats", role="guest", state="seated") == before("seats", role="interviewer", state="seated") == 1
    calls = [house.call(interview, who["ticket"]) for who in (gus, olga, olga)]
    calls.append(house.call(f"{interview}.notes", olga["ticket"]))
    gauge = await house.until(lambda gauge: gauge.sum("peers") == len(calls) and gauge("participants") == 2)
    assert (gauge("rooms"), gauge("documents")) == (1, 2)
    assert (gauge("peers", role="guest"), gauge("peers", role="interviewer")) == (1, 3)
    assert gauge("tasks") > before("tasks")
    for call in calls:
        call.transport.go()
    gauge = await house.until(lambda gauge: gauge.sum("peers") == gauge("participants") == 0)
    assert (gauge("rooms"), gauge("documents")) == (0, 2)
    await house.site.problem(await house.site.call("POST", f"/api/v1/interviews/{'x' * 22}/join", {"as": "guest"}), 404)
    gauge = await house.read()
    assert gauge("joins_total", outcome="seated") == 2
    assert gauge("joins_total", outcome="interview-unknown") == 1


@moves("refusals_total")
async def test_refusals(house: House) -> None:
    interview = await house.site.create()
    gus = await house.site.join(interview, "guest", name="Gus")
    with capture_logs() as lines:
        for call, frame in ((house.call(interview, "nobody's"), b""), (house.call(interview, gus["ticket"]), b"\xff")):
            call.transport.say(frame)
            with anyio.fail_after(SOON_S):
                await call.ended.wait()
    gauge = await house.read()
    rules = ("the-ticket-is-missing-wrong-expired-or-revoked", "unknown-message")
    assert gauge("refusals_total", code="4401", rule=rules[0]) == 1
    assert gauge("refusals_total", code="4400", rule=rules[1]) == 1
    assert gauge.sum("refusals_total") == 2
    refused = [line for line in lines if line["event"] == "peer refused"]
    assert [(line["code"], line["rule"], line["participant"]) for line in refused] == [
        (4401, rules[0], None),
        (4400, rules[1], gus["participant_id"]),
    ]
    assert all(line["document"] == interview and line["address"] == "127.0.0.1" for line in refused)
    assert gus["ticket"] not in str(lines)


def test_reasons_are_fixed_words() -> None:
    """They are the values of a label; of numbers nothing is left there."""
    for path in (path for package in ("collab", "web") for path in (DOCS.parent / package).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"Refused", "Invalid", "TooLarge", "Malformed"}:
                said = node.args[-1]
                told = [ast.unparse(part.value) for part in ast.walk(said) if isinstance(part, ast.FormattedValue)]
                assert told in ([], ["kind"]), (path, ast.unparse(node))  # a number


async def test_refusals_do_not_grow_with_what_people_invent(house: House) -> None:
    for number in range(1_000):
        house.site.panelroom.metrics.refused(CloseCode.INVALID, f"invented {'x' * number}")
        house.site.panelroom.metrics.refused(CloseCode.LIMIT, f"too many: {number}")
    gauge = await house.read()
    assert gauge("refusals_total", code="4413", rule="too-many") == 1_000
    assert gauge("refusals_total", code="4400", rule="other") >= 800


@moves("outbox_drops_total")
async def test_outbox_drops(house: House) -> None:
    interview = await house.site.create()
    slow, fast = [house.call(interview, (await house.site.join(interview, "guest"))["ticket"]) for _ in range(2)]
    await house.until(lambda gauge: gauge.sum("peers") == 2)
    slow.transport.stall()
    with capture_logs():
        for update in Typist(1).type("abcde" * 300):
            fast.transport.say(wire.sync(wire.UPDATE, update))
        gauge = await house.until(lambda gauge: gauge("outbox_drops_total") == 1)
    slow.transport.resume()
    assert gauge.sum("refusals_total", code="4508") == 1


@moves("commit_seconds", "entries_committed_total", "database_bytes")
async def test_commits(house: House) -> None:
    interview = await house.site.create()
    before = await house.read()
    journal = house.site.panelroom.journal
    await journal.reached(journal.append(await journal.open(interview), interview, "ada", bytes(100_000)))
    gauge = await house.read()
    assert gauge("entries_committed_total") == before("entries_committed_total") + 1
    assert gauge("commit_seconds_count") > before("commit_seconds_count")
    assert gauge("commit_seconds_sum") > before("commit_seconds_sum")
    assert gauge("database_bytes") >= before("database_bytes") + 100_000


async def test_sizes_are_of_what_is_used(house: House, tmp_path: Path) -> None:
    """A database that a backup was restored over is not; and SQLite takes its files away at any moment."""
    before = await house.read()
    database = house.site.panelroom.data / "panelroom.db"
    beside = database.with_name(f"{database.name}.before-20260101T000000.000000Z")
    beside.write_bytes(bytes(50_000_000))
    assert (await house.read())("database_bytes") < before("database_bytes") + 50_000_000
    gone = tmp_path / "gone"
    gone.mkdir()
    (gone / "panelroom.db").write_bytes(bytes(10))
    (gone / "panelroom.db-wal").symlink_to("nowhere")
    (gone / "panelroom.db-shm").write_bytes(bytes(5))
    assert size_of(gone / "panelroom.db") == 15


async def test_a_slow_commit_is_said(house: House) -> None:
    with capture_logs() as lines:
        house.site.panelroom.journal.commit_took(0.9)
        house.site.panelroom.journal.commit_took(1.25)
    assert lines == [{"event": "slow commit", "took_s": 1.25, "log_level": "warning"}]


@moves("commit_failures_total", "entries_waiting", "entries_waiting_seconds", "saving")
async def test_commits_that_fail(house: House) -> None:
    interview = await house.site.create()
    database, journal = house.site.panelroom.database, house.site.panelroom.journal
    assert (await house.read())("saving") == 1
    async with database.writing() as connection:
        await connection.execute(text(FULL))
    with capture_logs():
        for _ in range(3):
            journal.append(await journal.open(interview), interview, "ada", b"")
        gauge = await house.until(lambda gauge: gauge("commit_failures_total") > 0)
        assert (gauge("saving"), gauge("entries_waiting")) == (0, 3)
        assert 0 < gauge("entries_waiting_seconds") < SOON_S
        async with database.writing() as connection:
            await connection.execute(text("DROP TRIGGER full"))
        gauge = await house.until(lambda gauge: gauge("saving") == 1)
    assert (gauge("entries_waiting"), gauge("entries_waiting_seconds")) == (0, 0)


@moves("streams")
async def test_streams(house: House) -> None:
    interview = await house.site.create()
    events_url = (await house.site.join(interview, "guest"))["events_url"]
    client = house.site.app.test_client(use_cookies=False)
    async with client.request(events_url.removeprefix(ORIGIN)) as connection:
        await connection.send_complete()
        await connection.receive()
        assert (await house.read())("streams") == 1
        await connection.disconnect()
    await house.until(lambda gauge: gauge("streams") == 0)


@moves("derivations", "cache_bytes")
async def test_derivations(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    interview = await house.site.create()
    await house.site.activate(interview)
    journal = house.site.panelroom.journal
    entries, may_go_on = journal.entries, anyio.Event()

    async def slowly(*arguments: Any, **named: Any) -> list[Entry]:
        await may_go_on.wait()
        return await entries(*arguments, **named)

    monkeypatch.setattr(journal, "entries", slowly)
    house.tasks.start_soon(house.site.json, "GET", f"interviews/{interview}/recording/text?at_ms=0")
    await house.until(lambda gauge: gauge("derivations") == 1)
    may_go_on.set()
    gauge = await house.until(lambda gauge: gauge("derivations") == 0)
    files = house.site.panelroom.data.glob("cache.db*")
    assert gauge("cache_bytes") == sum(path.stat().st_size for path in files) > 0


@moves("documents_quarantined")
async def test_quarantined_documents(tmp_path: Path, settings: Settings) -> None:
    """What ended the server process before this one while it was being loaded, as the supervisor tells."""
    with capture_logs():
        app = create_app(settings, tmp_path, poisons=[(Noted("an-interview", "", 1, b"", 0), "SIGSEGV")])
        async with app.test_app(), anyio.create_task_group() as tasks:
            gauge = await House(await open_site(app), tasks).read()
    assert gauge("documents_quarantined") == 1


@moves("documents_damaged")
async def test_damaged_documents(house: House) -> None:
    interview = await house.site.create()
    journal = house.site.panelroom.journal
    await journal.reached(journal.append(await journal.open(interview), interview, "ada", b"no update"))
    with capture_logs():
        await house.site.panelroom.registry.open(interview, interview)
    assert (await house.read())("documents_damaged") == 1


@moves("disk_free_bytes")
async def test_free_space(house: House) -> None:
    free = shutil.disk_usage(house.site.panelroom.data).free
    assert (await house.read())("disk_free_bytes") == pytest.approx(free, abs=2**30)


@moves("loop_lag_seconds")
async def test_loop_lag(house: House) -> None:
    before = await house.until(lambda gauge: gauge("loop_lag_seconds_count") > 0)
    with capture_logs() as lines:
        time.sleep(LAG_S)  # noqa: ASYNC251 - that is the fault
        gauge = await house.until(lambda gauge: gauge("loop_lag_seconds_count") > before("loop_lag_seconds_count"))
    assert max(line["late_s"] for line in lines if line["event"] == "slow event loop") > LAG_S / 2
    assert gauge("loop_lag_seconds_sum") - before("loop_lag_seconds_sum") > LAG_S / 2


@moves("clock_offset_seconds")
async def test_a_step_of_the_clock(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    assert abs((await house.read())("clock_offset_seconds")) < 1
    wall = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: wall() - 3_600 * 10**9)
    assert (await house.read())("clock_offset_seconds") == pytest.approx(3_600, abs=1)
    with capture_logs() as lines:
        house.site.panelroom.watch.look()
        house.site.panelroom.watch.look()
    (line,) = lines
    assert (line["by_s"], line["ahead_s"]) == (pytest.approx(-3_600, abs=1), pytest.approx(3_600, abs=1))


@moves("log_lines_left_out_total")
async def test_lines_left_out_of_the_log(house: House) -> None:
    before = await house.read()
    for _ in range(70):
        log.valve.filter(logging.LogRecord("a-noisy-one", logging.WARNING, "", 0, "noise", (), None))
    assert (await house.read())("log_lines_left_out_total") == before("log_lines_left_out_total") + 20
    with capture_logs() as lines:
        house.site.panelroom.watch.look()
    assert {"event": "lines left out", "of": "a-noisy-one", "lines": 20, "log_level": "warning"} in lines


async def test_secrets_are_not_told(house: House) -> None:
    interview = await house.site.create(title="A secret title")
    gus = await house.site.join(interview, "guest", name="Gus")
    house.call(interview, gus["ticket"])
    await house.until(lambda gauge: gauge.sum("peers") == 1)
    said = await (await house.site.call("GET", "/metrics", headers={})).get_data(as_text=True)
    for secret in (interview, gus["ticket"], gus["participant_id"], "Gus", "secret"):
        assert secret not in said


@pytest.mark.parametrize(
    ("client", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("10.0.0.1", {}, 200),
        ("10.0.0.2", {}, 403),
        ("127.0.0.1", {"X-Forwarded-For": "198.51.100.7"}, 403),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 403),
        ("10.0.0.9", {"X-Forwarded-For": "198.51.100.7"}, 403),
        ("10.0.0.9", {"X-Forwarded-For": "10.0.0.1"}, 200),
        ("10.0.0.9", {"X-Forwarded-For": "10.0.0.1, 198.51.100.7"}, 403),
    ],
)
async def test_who_may_read_it(site: Site, client: str, headers: dict[str, str], status: int) -> None:
    """Of those who come through a proxy only whom a trusted one names."""
    response = await site.app.test_client(use_cookies=False).get(
        "/metrics", headers=headers, scope_base={"client": (client, 1)}
    )
    assert response.status_code == status
    if status != 200:
        await site.problem(response, status)

"""For whoever runs the server; and the OpenAPI document."""

from typing import Any

import anyio
import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection
from structlog.testing import capture_logs

from collab.database import Database
from tests.support.transport import SOON_S
from tests.web.conftest import Site

pytestmark = pytest.mark.anyio


async def test_ready(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in ("/healthz", "/readyz"):
        assert (await site.call("GET", path, headers={})).status_code == 200

    def silent(_: Database) -> None:
        raise OperationalError("SELECT 1", {}, Exception("disk I/O error"))

    monkeypatch.setattr(Database, "reading", silent)
    await site.problem(await site.call("GET", "/readyz", headers={}), 503)
    assert (await site.call("GET", "/healthz", headers={})).status_code == 200


async def test_a_database_that_does_not_come_back(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its statements cannot be cancelled: nobody waits for them, and a server that cannot save says so at once."""
    execute, may_go_on = AsyncConnection.execute, anyio.Event()
    waiting = 0

    async def hang(connection: AsyncConnection, *arguments: Any, **named: Any) -> Any:
        nonlocal waiting
        waiting += 1
        await may_go_on.wait()
        return await execute(connection, *arguments, **named)

    async def trouble(path: str = "/readyz") -> str:
        with anyio.fail_after(SOON_S):
            answer = await site.call("GET", path, headers={})
        return "" if answer.status_code == 200 else str((await answer.get_json())["type"]).rpartition(":")[2]

    async def ask(path: str, wanted: str) -> None:
        assert await trouble(path) == wanted

    with monkeypatch.context() as patch, capture_logs():
        patch.setattr(AsyncConnection, "execute", hang)
        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(ask, "/readyz", "database-silent")
                tasks.start_soon(ask, "/metrics", "")
        assert await trouble() == "database-silent"
        assert waiting == 2  # one for all who asked
        saving = site.panelroom.journal.saving
        saving.has_failed = True
        assert await trouble() == "not-saving"
        saving.has_failed = False
        may_go_on.set()
    with anyio.fail_after(SOON_S):
        while await trouble():
            pass


async def test_metrics(site: Site) -> None:
    secret = "x" * 22
    await site.call("GET", f"/api/v1/interviews/{secret}")
    text = await (await site.call("GET", "/metrics", headers={})).get_data(as_text=True)
    route = 'method="GET",route="/api/v1/interviews/<interview_id>",status="404"'
    assert f"panelroom_requests_total{{{route}}} 1.0" in text
    assert "panelroom_participants 0.0" in text
    assert "process_resident_memory_bytes" in text
    assert secret not in text


async def test_metrics_do_not_grow_with_what_people_invent(site: Site) -> None:
    for number in range(3):
        for path in ("/healthz", f"/nowhere/{number}"):
            await site.call(f"INVENTED{number}", path, headers={})
    text = await (await site.call("GET", "/metrics", headers={})).get_data(as_text=True)
    assert "INVENTED" not in text
    assert "nowhere" not in text
    assert 'panelroom_requests_total{method="other",route="other",status="404"} 3.0' in text
    assert 'panelroom_requests_total{method="other",route="other",status="405"} 3.0' in text


async def test_the_openapi_document_lists_the_routes_that_exist(site: Site) -> None:
    document = await site.json("GET", "openapi.json")
    assert document["openapi"].startswith("3.1")
    listed = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    existing = {
        (method, rule.rule.replace("<", "{").replace(">", "}"))
        for rule in site.app.url_map.iter_rules()
        for method in rule.methods or ()
        if method not in {"HEAD", "OPTIONS"}
        and (rule.rule.startswith("/api/") or rule.rule in {"/healthz", "/readyz", "/metrics"})
        and not rule.rule.endswith("openapi.json")
    }
    assert listed == existing
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], (method, path)
            assert any(status.startswith("2") for status in operation["responses"]), (method, path)
            assert "default" in operation["responses"]
    assert {"POST", "GET"} <= {method for method, path in listed if path == "/api/v1/interviews"}


async def test_the_openapi_document_has_one_meaning_a_name(site: Site) -> None:
    """Models of the same name in two modules would overwrite each other there."""
    join = (await site.json("GET", "openapi.json"))["components"]["schemas"]
    assert "url" in join["OpenedDocument"]["properties"]
    assert "head_hash" in join["DocumentAnswer"]["properties"]

"""Behind real proxies, with TLS: peers and listeners, while the proxy is reloaded and restarted, and the server too."""

from pathlib import Path

import pytest
from anyio import to_thread

from tests.support.api import Api
from tests.support.crowd import Crowd
from tests.support.listener import Listener
from tests.support.proxy import PROXIES, Fronted, Proxy, in_front

pytestmark = pytest.mark.anyio

ROLES = {"Cleo": "candidate", "Olga": "interviewer", "Gus": "guest"}


async def type_all(crowd: Crowd, words: str) -> None:
    for name in ROLES:
        for letter in f"{name} {words}\n":
            await crowd.type(name, letter)


@pytest.mark.parametrize("kind", PROXIES, ids=lambda kind: kind.name)
async def test_nothing_is_lost_behind_a_proxy(
    kind: type[Proxy], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = kind(tmp_path / kind.name)
    monkeypatch.setenv("SSL_CERT_FILE", str(proxy.certificate))
    with in_front(proxy, tmp_path) as (server, secrets):
        secrets.extend(await live(proxy, server))


async def live(proxy: Proxy, server: Fronted) -> list[str]:
    async with Api(server) as api, Crowd(api, await api.create()) as crowd:
        for name, role in ROLES.items():
            await crowd.join(name, role, faithful=True)
            assert crowd.admitted[name].code.startswith(f"wss://localhost:{proxy.port}/ws/")
        assert (await api.http.get("/metrics")).status_code == 404
        async with Listener(crowd.admitted["Cleo"].events_url) as ear:
            await ear.hear("snapshot")
            await api.join(crowd.interview, "guest", "Hal")
            await ear.hear("participant.joined")
            await type_all(crowd, "first")
            connections = [peer.connections for peer in crowd.peers.values()]
            await to_thread.run_sync(proxy.reload)
            await type_all(crowd, "while it is reloaded")
        await to_thread.run_sync(proxy.stop)
        await crowd.until(lambda: not any(peer.online for peer in crowd.peers.values()), "everybody is away")
        await type_all(crowd, "while it is away")
        await to_thread.run_sync(proxy.start, server.port)
        await crowd.until(lambda: all(peer.synced for peer in crowd.peers.values()), "everybody is back")
        assert [peer.connections for peer in crowd.peers.values()] > connections
        await to_thread.run_sync(server.restart)
        await type_all(crowd, "while the server restarts")
        text = await crowd.settle()
        assert sorted(text) == sorted(
            letter
            for name in ROLES
            for words in ("first", "while it is reloaded", "while it is away", "while the server restarts")
            for letter in f"{name} {words}\n"
        )
        assert await api.replay(crowd.interview) == text
        return [admitted.ticket for admitted in crowd.admitted.values()]

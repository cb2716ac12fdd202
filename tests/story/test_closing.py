"""How a room ends for those inside, and for those who come later."""

import pytest
from anyio import to_thread

from tests.support import wire
from tests.support.api import Api
from tests.support.crowd import Crowd
from tests.support.dialogue import close_code_of, handshake_status
from tests.support.keystroke import keystrokes
from tests.support.server import Server

pytestmark = pytest.mark.anyio


async def active(crowd: Crowd) -> None:
    """A candidate, an interviewer and an observer are in, and something is written."""
    await crowd.join("Cleo", "candidate")
    await crowd.join("Olga", "interviewer")
    await crowd.type("Cleo", "the end")
    await crowd.settle()


async def test_active_once_both_have_entered(crowd: Crowd, api: Api, interview: str) -> None:
    assert await api.status(interview) == "pending"
    await api.join(interview, "candidate", "Cleo")
    await crowd.join("Olga", "interviewer")
    assert await api.status(interview) == "pending"
    await crowd.leave("Olga")
    await crowd.join("Cleo", "candidate")
    await crowd.type("Cleo", "x")
    await crowd.until(lambda: crowd["Cleo"].settled, "her text is durable")
    assert await api.status(interview) == "active"


async def test_finish_closes_everybody_with_4423(crowd: Crowd, api: Api, interview: str) -> None:
    await active(crowd)
    observer = await crowd.join("Otto", "observer")
    await api.finish(interview)
    await crowd.until(lambda: not any(peer.online for peer in crowd.peers.values()), "all sockets are closed")
    assert {peer.close_code for peer in crowd.peers.values()} == {4423}
    assert observer.close_code == 4423
    assert await api.status(interview) == "finished"
    assert await api.text(interview) == "the end"
    late = wire.sync(wire.UPDATE, keystrokes("!")[0])
    assert await close_code_of(crowd.admitted["Cleo"].code, late) == 4423
    assert await api.text(interview) == "the end"
    await api.request("POST", f"interviews/{interview}/join", {"as": "guest", "name": "Late"}, signed=False, expect=409)


async def test_only_an_active_interview_is_finished_and_only_once(crowd: Crowd, api: Api, interview: str) -> None:
    body = {"on_behalf_of": "owner@example.org"}
    await api.request("POST", f"interviews/{interview}/finish", body, expect=409)
    await active(crowd)
    await api.request("POST", f"interviews/{interview}/finish", body, expect=200)
    await api.request("POST", f"interviews/{interview}/finish", body, expect=409)


async def test_reopened_within_the_time_for_it(crowd: Crowd, api: Api, interview: str) -> None:
    await active(crowd)
    await api.finish(interview)
    await crowd.until(lambda: not any(peer.online for peer in crowd.peers.values()), "all sockets are closed")
    await api.request("POST", f"interviews/{interview}/reopen", {"on_behalf_of": "owner@example.org"})
    assert await api.status(interview) == "active"
    await crowd.type("Cleo", ", or not")
    assert await crowd.settle() == "the end, or not"


async def test_a_cancelled_interview_is_no_document_any_more(crowd: Crowd, api: Api, interview: str) -> None:
    await active(crowd)
    await api.cancel(interview)
    await crowd.until(lambda: not any(peer.online for peer in crowd.peers.values()), "all sockets are closed")
    assert {peer.close_code for peer in crowd.peers.values()} == {4404}
    assert await close_code_of(crowd.admitted["Cleo"].code) == 4404
    await api.request("GET", f"interviews/{interview}", expect=404)
    page = await api.http.get(f"/i/{interview}")
    assert page.status_code == 410
    assert "cancelled" in page.text


async def test_a_second_refusal_is_made_in_the_handshake(api: Api, interview: str) -> None:
    url = (await api.join(interview, "candidate", "Cleo")).code
    assert await close_code_of(url, b"\xff\xff") == 4400
    assert await handshake_status(url) in {403, 429}
    assert await handshake_status((await api.join(interview, "candidate", "Cleo")).code) == 101


async def test_sigterm_says_1012_and_loses_nothing(mortal: Server) -> None:
    async with Api(mortal) as api, Crowd(api, await api.create()) as crowd:
        await crowd.join("Cleo", "candidate")
        await crowd.join("Olga", "interviewer")
        for number in range(100):
            await crowd.type("Cleo", f"{number} ")
        assert await to_thread.run_sync(mortal.stop) == 0
        await crowd.until(lambda: not any(peer.online for peer in crowd.peers.values()), "the sockets are closed")
        assert {peer.close_code for peer in crowd.peers.values()} == {1012}
        mortal.start()
        await crowd.type("Olga", "after")
        assert (await crowd.settle()).split() == [*map(str, range(100)), "after"]
        assert await api.status(crowd.interview) == "active"

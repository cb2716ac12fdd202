"""What whoever starts a server for the first time is given."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from anyio import to_thread

from tests.support.api import Api
from tests.support.sample_session import FINAL, TASK
from tests.support.server import Server, serving

pytestmark = pytest.mark.anyio

LINKS = re.compile(r"^[^:]+: (http://\S+)$")


@pytest.fixture
def new(tmp_path: Path) -> Iterator[Server]:
    """Nobody has signed in to it yet."""
    with serving(tmp_path / "data") as server:
        yield server


def links(server: Server) -> list[str]:
    """Of the newest start, in order."""
    last = max(number for number, line in enumerate(server.log) if line.startswith("Listening on "))
    before = server.log[:last]
    begun = max((number for number, line in enumerate(before) if line.startswith("Listening on ")), default=-1)
    return [found[1] for line in before[begun + 1 :] if (found := LINKS.match(line))]


async def test_the_first_start_gives_a_practice_room_and_a_replay(new: Server) -> None:
    """A51: the same ones until somebody has signed in, and never again after that."""
    sign_in, practice, sample = links(new)
    assert re.fullmatch(rf"{new.url}/sign-in\?token=[\w-]+", sign_in)
    await to_thread.run_sync(new.restart)
    again, *others = links(new)
    assert again != sign_in
    assert others == [practice, sample]
    with httpx2.Client(base_url=new.url, trust_env=False) as http:
        assert http.get(sample).headers["Location"] == sample.removeprefix(new.url).removesuffix("/replay")
        assert "Your name" not in http.get(sample, follow_redirects=True).text
        token = again.rpartition("token=")[2]
        assert http.post("/sign-in", data={"token": token}, headers={"Origin": new.url}).status_code == 303
        assert (http.get(practice).status_code, http.get(sample).status_code) == (200, 200)
        listed = http.get("/api/v1/interviews").json()
        assert (listed["items"], listed["counts"]) == ([], {"pending": 0, "active": 0, "finished": 0})
        for kind, link in (("practice", practice), ("sample", sample)):
            (item,) = http.get("/api/v1/interviews", params={"kind": kind}).json()["items"]
            assert link.removesuffix("/replay") == item["url"]
    await to_thread.run_sync(new.restart)
    assert links(new) == []


async def test_the_sample_is_an_interview_that_took_place(new: Server) -> None:
    """A48, A51, A72: with its people, its times, its chat and its notes, byte for byte as it was recorded."""
    async with Api(new) as api:
        sample = links(new)[2].split("/")[-2]
        interview = await api.request("GET", f"interviews/{sample}")
        assert (interview["status"], interview["candidate"]["name"]) == ("finished", "Cleo Marsh")
        recording = await api.recording(sample)
        assert recording["sealed"]
        assert [(each["name"], each["role"]) for each in recording["participants"]] == [
            ("Ada Lindqvist", "interviewer"),
            ("Cleo Marsh", "candidate"),
            ("Ben Okafor", "interviewer"),
        ]
        assert 120_000 < recording["duration_ms"] < 600_000
        entries = await api.entries(sample)
        assert [each.entry for each in entries] == list(range(1, len(entries) + 1))
        assert recording["entries"] == len(entries)
        times = [each.at_ms for each in entries]
        assert times == sorted(times)
        assert {"chat", "interview.active", "interview.finished"} <= {each.kind for each in entries}
        told = [each.event for each in entries if each.kind == "chat"]
        assert [event and event["to"] for event in told].count("interviewers") == 1
        assert await api.replay(sample) == FINAL
        _, files = await api.text_at(sample)
        assert TASK.rstrip("\n") in files.values()
        _, files = await api.text_at(sample, recording["duration_ms"] // 3)
        assert files["source"] not in {"", FINAL}
        assert "max()" in await api.text(sample, f"{sample}.notes")

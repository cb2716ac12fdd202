"""B13: a room in which a dozen watch is the same text for everybody, whoever may write in the end."""

import random

import pytest

from collab.gallery import FEW
from tests.support.api import Api
from tests.support.crowd import Crowd
from tests.support.member import add_members
from tests.support.server import OWNER, Server

pytestmark = pytest.mark.anyio


async def test_everybody_agrees_also_who_only_watches(server: Server, api: Api) -> None:
    chance = random.Random(13)
    watchers = [f"Gallery{number}" for number in range(FEW + 2)]
    emails = await add_members(server, watchers)
    async with Crowd(api, await api.create(policy={"observers": len(watchers)})) as crowd:
        await crowd.join("Cleo", "candidate")
        await crowd.join("Olga", "interviewer")
        writers, promoted = ["Cleo", "Olga"], ""
        for name, email in zip(watchers, emails, strict=True):
            await crowd.join(name, "observer", member=email, acknowledged=chance.random() < 0.5)
        for step in range(150):
            name = chance.choice(writers)
            await crowd.type(name, chance.choice("abc"), at=chance.randint(0, len(str(crowd[name]))))
            if step == 50:
                await crowd.drop(watchers[0])
                promoted = crowd.admitted[watchers[1]].participant_id
                change = {"role": "interviewer", "reason": "she knows it", "on_behalf_of": OWNER}
                await api.request("PATCH", f"interviews/{crowd.interview}/participants/{promoted}", change)
                writers.append(watchers[1])
            elif step == 100:
                await crowd.rejoin(watchers[0])
                change = {"role": "observer", "reason": "enough", "on_behalf_of": OWNER}
                await crowd.until(lambda: crowd[watchers[1]].settled, "all of hers is on disk")
                await api.request("PATCH", f"interviews/{crowd.interview}/participants/{promoted}", change)
                writers.remove(watchers[1])
        assert len(await crowd.settle()) == 150
        for name in watchers:
            assert not crowd[name].denials
            assert crowd[name].synced

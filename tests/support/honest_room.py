"""A simulated room of honest people: what they do, what happens to them, and what must hold of it."""

import base64
import random
from functools import partial
from typing import Any
from unittest.mock import patch

from pycrdt import Doc, Map, Text

from collab.database import Database
from collab.wire import CloseCode
from tests.collab.typist import content_of
from tests.support.crowd import difference
from tests.support.honest_network import Caller, Network
from tests.support.honest_people import PACKAGES, Notebook, People, State
from tests.support.honest_plan import CHANGES, Plan, plan_of
from tests.support.honest_server import Figures, HonestRefused, Process

_BEGINNING_S = 1.8e9
_SETTLE_MS = 45_000.0
_TICK_MS = 9_000.0


class Room:
    """Invariant: everything that happens follows from the seed."""

    def __init__(self, seed: int, people: People, database: Database, plan: Plan | None = None) -> None:
        self.seed = seed
        self.plan = plan or plan_of(seed)
        self.chance = random.Random(f"room {seed}")
        self.figures = Figures(rooms=1)
        self.network = Network(people, self.chance, self.figures)
        self._database = database
        self._tabs = 0
        self._ends_at = self.plan.length_ms
        rates = (self.plan.cuts, self.plan.offline, self.plan.reloads, self.plan.comings)
        self._rates = [rate * self.plan.pause_ms / 1000 for rate in rates]
        self._shown: set[str] = set()
        self._clients: dict[str, int] = {}
        self._torn: set[str] = (
            set()
        )  # participants of whom a tab has gone, of which others may know what nobody else does

    async def play(self) -> None:
        """From the first coming to the last check. Raises HonestRefused or AssertionError with what led to it."""
        network = self.network
        network.ask("clear")
        try:
            with patch("collab.presence.time") as clock:
                clock.time = lambda: _BEGINNING_S + network.now / 1000
                self._schedule()
                await network.run(self._ends_at)
                await self._settle()
                await self._check()
        except AssertionError as error:
            told = "\n".join(network.trace)
            kind = HonestRefused if isinstance(error, HonestRefused) else AssertionError
            raise kind(f"room {self.seed}, {self.plan}:\n{told}\n{error}") from error
        self.figures.virtual_s = network.now / 1000

    def _schedule(self) -> None:
        plan, network = self.plan, self.network
        network.at(0, self._start)
        for number in range(plan.people):
            for _ in range(self.chance.randint(1, plan.tabs)):
                network.at(self.chance.uniform(1, 1_500), partial(self._come, f"p{number}"))
        for number in range(plan.notebooks):
            network.at(self.chance.uniform(1, 1_500), partial(self._come, f"n{number}", notebook=True))
        for number in range(plan.watchers):
            network.at(self.chance.uniform(1, 5_000), partial(self._come, f"w{number}", may_write=False))
        for _ in range(plan.incidents):
            network.at(self.chance.uniform(1_000, plan.length_ms), self._have_incident)
        for _ in range(plan.crashes):
            network.at(self.chance.uniform(1_000, plan.length_ms), self._crash)
        for _ in range(plan.restarts):
            network.at(self.chance.uniform(1_000, plan.length_ms), self._restart)
        network.at(plan.commit_ms, self._commit)
        network.at(_TICK_MS, self._keep_alive)

    # People

    def _come(
        self, participant: str, *, notebook: bool = False, may_write: bool = True, stored: bytes | None = None
    ) -> None:
        """Another tab of a participant."""
        self._tabs += 1
        name, client = f"{participant}.{self._tabs}", self.chance.randrange(1, 2**32)
        delay = self.plan.delay_ms * self.chance.uniform(0.3, 1.7)
        acknowledges = self.chance.random() < 0.5
        caller = Caller(name, participant, delay, acknowledges, Notebook(client) if notebook else None, may_write)
        network = self.network
        network.callers[name] = caller
        self._clients[name] = client
        if notebook:
            network.dial(caller)
        else:
            given = {
                "server": f"ws://{participant}",
                "room": "room",
                "params": {"tab": name},
                "client": client,
                "tabs": self.chance.random() < 0.8,
                "gc": self.chance.random() < 0.85,
                "resync": 3_000 if self.chance.random() < 0.1 else -1,
                "stored": None if stored is None else base64.b64encode(stored).decode(),
            }
            network.ask("enter", name, self.chance.choice(PACKAGES), given)
            if self.chance.random() < 0.1:
                network.ask("present", name, None, False)
            else:
                self._shown.add(name)
                network.ask("present", name, participant, False)
        self._next(caller)

    def _next(self, caller: Caller) -> None:
        self.network.after(self.chance.expovariate(1 / self.plan.pause_ms), lambda: self._live(caller))

    def _live(self, caller: Caller) -> None:
        """One thing that somebody does, or that happens to them, and then the next."""
        network, plan, chance = self.network, self.plan, self.chance
        if caller.name not in network.callers or network.now >= self._ends_at:
            return
        what = chance.choices(
            ["cut", "offline", "reload", "come", "live"],
            [*self._rates, max(0.1, 1 - sum(self._rates))],
        )[0]
        if what == "reload":
            self._reload(caller)
            return
        if what == "live" and caller.may_write and chance.random() < 0.5:
            self._type(caller, chance.randint(1, 2 * plan.run), self._place())
            return
        if what == "live" and caller.may_write:
            self._act(caller, chance.choices(list(CHANGES), list(CHANGES.values()))[0], self._place())
        elif what == "cut":
            if caller.may_write:  # cut off in the middle of something
                self._act(caller, "key", self._place())
                self._act(caller, "key", None)
            network.after(caller.delay_ms * chance.random(), lambda: self._cut(caller))
        elif what == "offline":
            self._go_offline(caller)
        elif what == "come":
            self._come(caller.participant, notebook=caller.notebook is not None, may_write=caller.may_write)
        self._next(caller)

    def _place(self) -> float:
        return self.chance.random() if self.plan.where is None else self.plan.where

    def _type(self, caller: Caller, keys: int, where: float | None = None) -> None:
        """A run of keys from one place on."""
        if caller.name not in self.network.callers:
            return
        if self.network.now >= self._ends_at or not keys:
            self._next(caller)
            return
        self._act(caller, "backspace" if self.chance.random() < 0.08 else "key", where)
        pause = self.plan.key_ms * self.chance.uniform(0.4, 2)
        self.network.after(pause, lambda: self._type(caller, keys - 1))

    def _act(self, caller: Caller, kind: str, where: float | None) -> None:
        seed, network = self.chance.getrandbits(30), self.network
        if caller.notebook is not None:
            caller.notebook.act(kind, seed, where)
            for line in network.lines_of(caller):
                network.turn_page(line)
            return
        network.ask("act", caller.name, kind, seed, where)
        if caller.name in self._shown and self.chance.random() < self.plan.caret:
            network.ask("present", caller.name, caller.participant, self.chance.random() < 0.1)

    def _cut(self, caller: Caller) -> None:
        self.figures.cuts += 1
        for line in self.network.lines_of(caller):
            line.cut(self.chance.choice([0, 0, 200, 4_000]), self.chance.choice([0, 500, 3_000, 20_000]))

    def _go_offline(self, caller: Caller) -> None:
        """The network is away, or somebody disconnects; the work goes on."""
        if caller.is_offline:
            return
        caller.is_offline = True
        is_told = caller.notebook is None and self.chance.random() < 0.3
        if is_told:
            self.network.ask("disconnect", caller.name)
        else:
            self._cut(caller)
        self.network.after(self.chance.expovariate(1 / self.plan.offline_ms), lambda: self._return(caller))

    def _return(self, caller: Caller) -> None:
        caller.is_offline = False
        if caller.name in self.network.callers and caller.notebook is None:
            self.network.ask("connect", caller.name)

    def _reload(self, caller: Caller) -> None:
        """The tab goes, and mostly comes back, sometimes with what it had stored."""
        chance, network = self.chance, self.network
        stored = self._read(caller).whole if chance.random() < 0.3 else None
        del network.callers[caller.name]
        self._torn.add(caller.participant)
        if chance.random() < 0.5:
            for line in network.lines_of(caller):
                line.cut(0, chance.uniform(0, 3_000))
        if caller.notebook is None:
            network.ask("leave", caller.name)
        else:
            for line in network.lines_of(caller):
                line.hang_up()
        if chance.random() < 0.8 or not network.callers:
            again = partial(self._come, caller.participant, may_write=caller.may_write)
            if caller.notebook is not None:
                again.keywords["notebook"] = True
            else:
                again.keywords["stored"] = stored
            network.after(chance.uniform(100, 3_000), again)

    def _read(self, caller: Caller) -> State:
        if caller.notebook is not None:
            return caller.notebook.read()
        return self.network.people.read(self.network.now, caller.name)

    # The server

    async def _start(self) -> None:
        if self.network.process is None:
            process = Process(self._database, self.figures, self.plan.max_queued)
            await process.start()
            self.network.process = process
            assert_holds(await process.recorded(), self.network.durable)

    def _crash(self) -> None:
        process = self.network.process
        if process is None:
            return
        self.figures.crashes += 1
        self.figures.lost_entries += process.journal.queued - process.journal.durable
        self._stop()
        for caller in list(self.network.callers.values()):
            if self.chance.random() < self.plan.gone:
                self._reload(caller)

    async def _restart(self) -> None:
        if self.network.process is None:
            return
        self.figures.restarts += 1
        await self.network.process.drain()
        for line in self.network.lines:
            line.close_if_closing()
        self._stop()

    async def _have_incident(self) -> None:
        """Something that the server gets over, and of which people notice at most that they come back."""
        process, chance = self.network.process, self.chance
        if process is None:
            return
        match chance.randrange(3):
            case 0:
                self.figures.holds += 1
                process.hold()
                self.network.after(chance.uniform(50, 2_000), process.let_go)
            case 1:
                self.figures.reloads += 1
                await process.reload()
            case 2 if process.desks:
                self.figures.evictions += 1
                chance.choice(process.desks).peer.close(chance.choice([CloseCode.TOO_SLOW, CloseCode.RATE]), "")
        for line in self.network.lines:
            line.close_if_closing()

    def _stop(self) -> None:
        self.network.process = None
        for line in self.network.lines:
            line.die()
        self.network.after(self.chance.uniform(100, 4_000), self._start)

    async def _commit(self) -> None:
        process = self.network.process
        if process is not None:
            await process.commit()
            if self.chance.random() < 0.2:
                await process.unload()
        self.network.after(self.chance.expovariate(1 / self.plan.commit_ms), self._commit)

    def _keep_alive(self) -> None:
        if self.network.process is not None:
            self.network.process.live.keep_alive()
        self.network.after(_TICK_MS, self._keep_alive)

    # The end

    async def _settle(self) -> None:
        """Everybody who is still there comes back, and there is time."""
        self.plan.commit_ms = min(self.plan.commit_ms, 500)
        self.plan.delay_ms = min(self.plan.delay_ms, 100)
        for caller in list(self.network.callers.values()):
            caller.delay_ms = min(caller.delay_ms, 100)
            if caller.participant in self._torn:
                self._cut(caller)
            if caller.is_offline:
                self._return(caller)
        await self.network.run(self.network.now + _SETTLE_MS)

    async def _check(self) -> None:
        network = self.network
        self._come("newcomer")
        await network.run(network.now + 20_000)
        process = network.process
        assert process is not None
        await process.commit()
        recorded = await process.recorded()
        replayed: Doc[Any] = Doc()
        for update in recorded:
            replayed.apply_update(update)
        roots = process.live.texts()
        texts = without_empty({root: str(replayed.get(root, type=Text)) for root in roots})
        files = replayed.get("files", type=Map).to_py() or {}
        content = content_of(replayed)
        assert without_empty(roots) == texts, "the server has another text than its journal"
        told = [base64.b64encode(update).decode() for update in recorded]
        states = {"the replay in Yjs": State.of(network.people.ask(network.now, "replay", told))}
        states |= {name: self._read(caller) for name, caller in network.callers.items()}
        denied = {name for name, caller in network.callers.items() if caller.is_denied}
        self.figures.denials = len(denied)
        for name, state in states.items():
            assert state.synced, f"{name} did not come back"
            if name in denied:
                continue
            for root in texts.keys() | state.texts.keys():
                one, other = texts.get(root, ""), state.texts.get(root, "")
                assert one == other, f"{name} has another {root}{difference(one, other)}"
            assert state.files == files, f"{name} has other files: {state.files}, not {files}"
            self.figures.waiting += state.pending  # for what nobody has any more, since all agree
            own: Doc[Any] = Doc()
            own.apply_update(state.whole)
            assert content_of(own) == content, f"{name} has other structs or deletions"
        self._check_presence(states)
        assert_holds(recorded, network.durable)

    def _check_presence(self, states: dict[str, State]) -> None:
        """No ghosts, and nobody missing; but who shows nothing may miss his own participant's tabs."""
        callers = self.network.callers
        shown = {name for name in self._shown if name in callers}
        for name, caller in callers.items():
            if caller.notebook is not None:
                continue
            own = {other for other in shown if callers[other].participant == caller.participant}
            wanted = shown if name in shown else shown - own
            seen = {self._name(client) for client in states[name].seen}
            assert wanted <= seen <= shown | {name}, f"{name} sees {seen}, there are {shown}"

    def _name(self, client: int) -> str:
        return next(name for name, own in self._clients.items() if own == client)


def without_empty(texts: dict[str, str]) -> dict[str, str]:
    return {root: text for root, text in texts.items() if text}


def assert_holds(recorded: list[bytes], durable: list[bytes]) -> None:
    """Everything acknowledged is on disk."""
    document: Doc[Any] = Doc()
    for update in recorded:
        document.apply_update(update)
    before = content_of(document)
    for update in durable:
        document.apply_update(update)
    assert content_of(document) == before, "something acknowledged is not on disk"

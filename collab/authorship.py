"""To whom the Yjs client ids of one document are bound."""

import json
from collections import Counter

from collab.gate import Limits, Verdict
from collab.log import Entry
from collab.update import Struct
from collab.wire import TooLarge

_MAX_LOST = 65_536  # clocks of one client that a crash can have lost, beyond what the journal knows of


class Authorship:
    """Invariant: an id is bound once, to whoever first used it over a connection of his own, and stays bound.

    Invariant: nothing is taken of an owner beyond the reach of the id that is on disk. So what others bring back after
    a crash is within it, and nobody can use up the clocks of somebody else.
    """

    def __init__(self, boot: str, limits: Limits) -> None:
        """``boot`` names this run of the process."""
        self.boot = boot
        self._limits = limits
        self._owners: dict[int, str] = {}
        self._reach: dict[int, int] = {}  # the first clock that the binding does not cover
        self._tickets: dict[int, int] = {}  # of bindings that may not be on disk yet
        # Their owner is not in step yet: a crash can have lost their newest structs, and others have them.
        self._lost: set[int] = set()
        self._old: set[int] = set()  # those of them that were bound before this process started
        self._ids: Counter[str] = Counter()  # by participant: bound to him, or brought by him and bound to nobody
        self._brought: set[int] = set()

    def restore(self, entry: Entry) -> None:
        """Take in a binding from the journal."""
        binding = json.loads(entry.payload)
        client = binding["client"]
        self._own(client, entry.delivered_by, binding["reach"])
        if binding["boot"] == self.boot:
            self._lost.discard(client)
            self._old.discard(client)
        else:
            self._lost.add(client)
            self._old.add(client)

    def binding(self, client: int) -> bytes:
        """What the journal keeps of a binding."""
        return json.dumps({"client": client, "boot": self.boot, "reach": self._reach[client]}).encode()

    def owner(self, client: int) -> str | None:
        return self._owners.get(client)

    def bind(self, client: int, participant: str, end: int, ticket: int) -> bool:
        """Whether what is below the clock ``end`` needs a binding, on disk when the journal has reached ``ticket``: of
        an id of nobody, or a further one. Raises TooLarge.
        """
        owner = self._owners.get(client)
        if owner is None:
            if self._ids[participant] >= self._limits.max_clients:
                raise TooLarge("too many Yjs clients of one participant")
            self._lost.add(client)
        elif owner != participant or end <= self._reach[client]:
            return False
        self._own(client, participant, end + _MAX_LOST)
        self._tickets[client] = ticket
        return True

    def pending(self, client: int, durable: int) -> int | None:
        """The ticket of a binding that is not on disk yet."""
        ticket = self._tickets.get(client)
        if ticket is not None and ticket <= durable:
            del self._tickets[client]
            return None
        return ticket

    def judge(
        self, structs: list[Struct], participant: str, clocks: dict[int, int], *, durable: int, is_step_2: bool
    ) -> Verdict | None:
        """What keeps ``participant`` from adding these structs: FOREIGN, GAP, UNBOUND until their client ids are bound
        to him on disk as far as that, or nothing. Raises TooLarge over the limits of ids.

        A step 2 may bring what others wrote and a crash has lost, and what belongs to nobody: neither is bound by it.
        An update with what others lost is asked for as a step 2.
        """
        owners = self._owners
        if len(structs) == 1 and not self._tickets:
            struct = structs[0]
            if owners.get(struct.client) == participant and struct.clock + struct.length <= self._reach[struct.client]:
                return None
        firsts: dict[int, int] = {}
        ends: dict[int, int] = {}
        for struct in structs:
            firsts.setdefault(struct.client, struct.clock)
            ends[struct.client] = struct.clock + struct.length
        unbound = new = 0
        is_pending = is_lost = False
        for client, first in firsts.items():
            owner = owners.get(client)
            if owner is None:
                unbound += 1
                new += not (first and clocks.get(client, 0))  # the structs may have been counted in already
            elif owner == participant:
                if ends[client] > self._reach[client] or self.pending(client, durable) is not None:
                    is_pending = True
            elif client in self._lost and ends[client] <= self._reach[client]:
                is_lost = True
            else:
                return Verdict.FOREIGN
        if (
            new > self._limits.max_new_clients and not is_step_2
        ):  # an honest one may bring back all that a crash has lost
            raise TooLarge("too many new Yjs clients at once")
        if new and self._ids[participant] + new > self._limits.max_clients:
            raise TooLarge("too many Yjs clients of one participant")
        if is_pending or (unbound and not is_step_2):
            return Verdict.UNBOUND
        return Verdict.GAP if is_lost and not is_step_2 else None

    def brought(self, structs: list[Struct], participant: str) -> None:
        """These structs were taken in: ids among them that belong to nobody count as those of who brought them."""
        for struct in structs:
            client = struct.client
            if client not in self._owners and client not in self._brought:
                self._brought.add(client)
                self._ids[participant] += 1

    @property
    def may_have_lost(self) -> bool:
        """Whether a crash can have lost anything of anybody who has not been in step since."""
        return bool(self._lost)

    def in_step(self, client: int, participant: str) -> bool:
        """The owner has shown all that he has under this id; whether that is news, to be kept as a binding."""
        if client not in self._lost or self._owners.get(client) != participant:
            return False
        self._lost.discard(client)
        is_news = client in self._old
        self._old.discard(client)
        return is_news

    def _own(self, client: int, participant: str, reach: int) -> None:
        self._reach[client] = reach
        if client not in self._owners:
            self._owners[client] = participant
            self._ids[participant] += 1

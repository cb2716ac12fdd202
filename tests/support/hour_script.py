"""Who does what in the interview of one hour, and when."""

from rooms.moderation import Change
from rooms.participant import Role
from rooms.policy import Part
from tests.support import hour_text as text
from tests.support.hour_person import Person
from tests.support.hour_world import Play

CODE, TASK, TESTS, BENCH = "source", "source/1-task", "source/2-tests", "source/2-bench"
SCHEMA, SCRATCH = "source/3-schema", "source/4-scratch"
NOTES = Part.NOTES


def plays(who: dict[str, Person]) -> list[Play]:
    return [
        cleo(who["Cleo"]),
        olga(who["Olga"], who["Gus"], who["Hal"]),
        olgas_notes(who["Olga"]),
        ben(who["Ben"]),
        bens_notes(who["Ben"]),
        gus(who["Gus"]),
        ida(who["Ida"]),
        hal(who["Hal"]),
    ]


def cleo(me: Person) -> Play:
    yield from me.enter()
    yield from me.until(0.6)
    yield from me.say("Hi! I can hear you both 👋")
    yield from me.until(3.1)
    yield from me.select(TASK, "Both in constant time")
    yield from me.say("May a value be None? Then get() cannot tell.")
    yield from me.until(4.4)
    yield from me.select(TASK, "whatever was used longest ago goes")
    yield from me.until(5.0)
    yield from first(me)
    yield from me.until(9.5)
    yield from tests(me)
    yield from me.until(16.2)
    yield from linked(me)
    yield from me.until(26.1)
    yield from me.name_file("2-bench", "bench.py", "python")
    yield from me.type(BENCH, text.BENCH)
    yield from me.until(30.9)
    yield from shown(me)
    yield from me.until(33.5)
    yield from mended(me)
    yield from me.until(37.4)
    yield from expiry(me)
    yield from me.until(43.4)
    yield from locked(me)
    yield from me.until(48.2)
    yield from me.name_file("3-schema", "schema.sql", "sql")
    yield from me.type(SCHEMA, text.SCHEMA)
    yield from me.until(54.0)
    yield from me.go(TASK)
    yield from me.type(TASK, text.ANSWERS)
    yield from me.until(58.6)
    yield from me.say("Thank you all, that was fun! 🎉")


def first(me: Person) -> Play:
    yield from me.type(CODE, text.FIRST)
    yield from me.go(CODE, before="        self.items[key] = value\n")
    yield from me.type(CODE, "        # a key that is there already moves to the end\n")
    yield from me.type(CODE, "        if key in self.items:\n            self.items.move_to_end(key)\n    ")
    yield from me.think(3, 6)
    yield from me.undo(CODE, 2)
    yield from me.think(1, 2)
    yield from me.redo(CODE, 1)
    yield from me.undo(CODE, 1)


def tests(me: Person) -> Play:
    yield from me.name_file("2-tests", "test_cache.py", "python")
    yield from me.type(TESTS, text.TESTS)
    yield from me.name_file("2-tests", "test_lru_cache.py", "python")
    yield from me.go(TESTS, before='    cache.put("b", 2)\n    cache.put("c", 3)\n    assert cache.get("a") is None')
    yield from me.type(TESTS, "    # capacity is reached here ⬇️\n")


def linked(me: Person) -> Play:
    """The second attempt, by hand."""
    yield from me.say("OrderedDict hides the interesting part. I'll write the list myself, ok?")
    yield from me.think(70, 90)
    yield from me.cut(CODE, "from collections import OrderedDict\n\n\n")
    yield from me.go(CODE, before="class Cache")
    yield from me.type(CODE, text.NODE)
    yield from me.think(60, 75)
    start = "        self.capacity = capacity\n        self.items = OrderedDict()\n"
    yield from me.select(CODE, start)
    body = text.LINKED.replace("        self._unlink(node)\n        self._link(node)\n        return", "        return")
    yield from me.type(CODE, body, over=me.rest(CODE, start))


def shown(me: Person) -> Play:
    """What a run at home has printed."""
    yield from me.name_file("4-scratch", "output.txt", "text")
    yield from me.paste(SCRATCH, text.SHOWN)
    yield from me.think(15, 20)
    yield from me.select(SCRATCH, "assert 2 is None")


def mended(me: Person) -> Play:
    yield from me.go(CODE, before="        return node.value")
    yield from me.type(CODE, "        self._unlink(node)\n        self._link(node)\n")
    yield from me.say("get() never moved the node. Found it.")
    yield from me.think(5, 10)
    yield from me.cut(
        SCRATCH, text.SHOWN[text.SHOWN.index("ring: a") : text.SHOWN.index("=========================== short")]
    )
    yield from me.think(10, 20)
    yield from me.delete_file("4-scratch")


def expiry(me: Person) -> Play:
    yield from me.go(CODE, before="\n    def get(self")
    yield from me.type(CODE, text.EXPIRY)
    yield from me.go(CODE, before="class Node")
    yield from me.type(CODE, "from time import monotonic\n\n\n")
    yield from me.type(CODE, "def __init__(self, capacity, now=monotonic):", over="def __init__(self, capacity):")
    yield from me.go(CODE, after="        self.nodes = {}\n")
    yield from me.type(CODE, "        self.now = now\n")
    yield from me.go(CODE, before=" is None:\n            return None\n        self._unlink")
    yield from me.erase(CODE, 4)
    yield from me.type(CODE, "node")
    yield from me.go(CODE, before="        self._unlink(node)\n        self._link(node)\n        return")
    yield from me.type(CODE, "        if self._is_over(node):\n            self._drop(node)\n            return None\n")
    yield from me.type(CODE, "def put(self, key, value, ttl=None):", over="def put(self, key, value):")
    yield from me.go(CODE, before="        node = self.nodes[key] = Node(key, value)")
    yield from me.type(CODE, "        until = None if ttl is None else self.now() + ttl\n")
    yield from me.type(CODE, "Node(key, value, until)", over="Node(key, value)")
    yield from me.go(TESTS)
    yield from me.type(TESTS, text.EXPIRY_TESTS)


def locked(me: Person) -> Play:
    """Too clever at first."""
    yield from me.go(CODE, before="\n\nclass Node")
    yield from me.type(CODE, "from threading import Lock\n")
    yield from me.go(CODE)
    yield from me.type(CODE, text.LOCKED)
    yield from me.think(35, 45)
    yield from me.say("No. A get moves nodes as well, so readers are writers. Back.")
    yield from me.erase(CODE, len(me.rest(CODE, "    def get(self, key):")))
    yield from me.type(CODE, text.LOCKED_AGAIN)
    yield from me.cut(CODE, "        self._readers = 0\n        self._writer = None\n")


def olga(me: Person, gus: Person, hal: Person) -> Play:
    moderation, world = me.world.rooms.moderation, me.world
    assert me.principal is not None
    yield from me.until(0.14)
    yield from me.enter()
    yield from me.until(0.9)
    yield from me.say("Welcome Cleo! I'll put the task into a file of its own.")
    yield from me.name_file("source", "lru_cache.py", "python")
    yield from me.name_file("1-task", "task.md", "markdown")
    yield from me.paste(TASK, text.STATEMENT)
    yield from me.until(3.5)
    yield from me.say("Good question: no, None means it is not there.")
    yield from me.until(24.1)
    yield moderation.change(me.principal, world.interview, hal.id, Change(role=Role.INTERVIEWER))
    yield from me.until(26.4)
    yield moderation.change(me.principal, world.interview, gus.id, Change(muted=True, reason="Let Cleo think 🙂"))
    yield from me.until(28.2)
    yield moderation.change(me.principal, world.interview, gus.id, Change(muted=False))
    yield from me.until(33.0)
    yield moderation.remove(me.principal, world.interview, gus.id, reason="Typed over the candidate's test")
    yield gus.gone()
    yield from me.until(36.0)
    yield moderation.readmit(me.principal, world.interview, gus.id)
    yield from me.until(57.5)
    yield from me.say("Five more minutes for your questions to us.")
    yield from me.until(59.6)
    yield world.rooms.lifecycle.finish(me.principal, world.interview)


def olgas_notes(me: Person) -> Play:
    yield from me.until(1.9)
    yield from me.type("source", text.NOTES, NOTES)
    for minute, line in zip((6.5, 12.0, 34.6, 55.5), text.OLGAS_NOTES, strict=True):
        yield from me.until(minute)
        yield from me.go("source", part=NOTES)
        yield from me.type("source", line, NOTES)
    yield from me.until(58.0)
    yield from me.go("source", part=NOTES)
    yield from me.type("source", text.SUMMARY, NOTES)


def ben(me: Person) -> Play:
    yield from me.until(0.35)
    yield from me.enter()
    yield from me.until(2.4)
    yield from me.say("I'm Ben, I'll mostly listen.")
    yield from me.until(12.6)
    yield from me.go(TESTS)
    yield from me.type(TESTS, text.BENS_TEST)
    yield from me.until(19.0)
    yield from me.say("She is faster than me. Shall we go for expiry?", "interviewers")
    yield from me.until(39.6)
    yield from me.go(TASK, after="and several threads.")
    yield from me.type(TASK, " Let us say `put(key, value, ttl=None)`.")
    yield from me.until(50.2)
    yield from me.go(SCHEMA, after="-- What would we want to know of it in production?")
    yield from me.type(SCHEMA, " (per host, please)")


def bens_notes(me: Person) -> Play:
    for minute, line in zip((21.0, 51.5, 56.0), text.BENS_NOTES, strict=True):
        yield from me.until(minute)
        yield from me.go("source", part=NOTES)
        yield from me.type("source", line, NOTES)


def gus(me: Person) -> Play:
    yield from me.until(1.1)
    yield from me.enter()
    yield from me.until(14.0)
    yield from me.go(TESTS, after="def test_reading_counts_as_a_use():\n")
    yield from me.type(TESTS, '    """An access moves it to the front: ¿sí o no?"""\n')
    yield from me.until(25.3)
    yield from me.say("I would use a heap here. Or a skip list! Or two generations?")
    yield from me.until(31.4)
    yield from me.type(TESTS, "test_access_is_a_use", over="test_reading_counts_as_a_use")
    yield from me.until(36.7)
    yield from me.enter()
    yield from me.say("Sorry, wrong window.")
    yield from me.until(44.0)
    yield from me.select(CODE, "self.ring = Node()")


def ida(me: Person) -> Play:
    yield from me.until(0.7)
    yield from me.enter()
    yield from me.until(27.0)
    yield from me.select(CODE, "class Node:")
    yield from me.until(52.8)
    yield from me.leave()


def hal(me: Person) -> Play:
    """Comes late, and goes early."""
    yield from me.until(18.2)
    yield from me.enter()
    yield from me.until(25.0)
    yield from me.say("Hello, Hal from storage. Had another call.")
    yield from me.until(29.0)
    yield from me.select(CODE, "self.nodes = {}")
    yield from me.until(41.3)
    yield from me.say("Have to run. Great work Cleo!")
    yield from me.leave()

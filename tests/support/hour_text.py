"""What is typed and pasted in the interview of one hour."""

STATEMENT = """# The cache

Our API answers the same 2,000 queries again and again. Write a cache in front of it.

1. `get(key)` answers the value, or `None`. It counts as a use.
2. `put(key, value)` stores it. Beyond `capacity` whatever was used longest ago goes.
3. Both in constant time. How would you show that?
4. Later: entries that expire (`ttl` seconds), and several threads.

Start with whatever is simplest, and say what you are thinking while you type. Python's standard library is yours; so
is the web. Nobody minds a wrong turn. 🙂

## Numbers

| | |
|---|---|
| queries a second | 900 |
| distinct in an hour | 2,000–2,400 |
| bytes of an answer | 1–40 KB |
| age that is still fine | 30 s |

## Example

    cache = Cache(2)
    cache.put("a", 1)
    cache.put("b", 2)
    cache.get("a")        # 1
    cache.put("c", 3)     # "b" goes
    cache.get("b")        # None
"""

FIRST = '''from collections import OrderedDict


class Cache:
    """Keeps what was used last."""

    def __init__(self, capacity):
        self.capacity = capacity
        self.items = OrderedDict()

    def get(self, key):
        if key not in self.items:
            return None
        self.items.move_to_end(key)
        return self.items[key]

    def put(self, key, value):
        self.items[key] = value
        if len(self.items) > self.capacity:
            self.items.popitem(last=False)
'''

TESTS = """import pytest

from lru_cache import Cache


def test_what_was_put_is_found():
    cache = Cache(2)
    cache.put("a", 1)
    assert cache.get("a") == 1
    assert cache.get("b") is None


def test_the_oldest_goes_first():
    cache = Cache(2)
    cache.put("a", 1)
    cache.put("b", 2)
    cache.put("c", 3)
    assert cache.get("a") is None
    assert (cache.get("b"), cache.get("c")) == (2, 3)


def test_reading_counts_as_a_use():
    cache = Cache(2)
    cache.put("a", 1)
    cache.put("b", 2)
    cache.get("a")
    cache.put("c", 3)
    assert cache.get("b") is None
    assert cache.get("a") == 1
"""

BENS_TEST = """

@pytest.mark.parametrize("key", ["é", "漢字", "👩‍💻", ("a", 1)])
def test_any_key_that_can_be_hashed(key):
    cache = Cache(1)
    cache.put(key, "x")
    assert cache.get(key) == "x"
"""

NODE = """class Node:
    __slots__ = ("key", "value", "before", "after", "until")

    def __init__(self, key=None, value=None, until=None):
        self.key = key
        self.value = value
        self.until = until
        self.before = self.after = self


"""

LINKED = '''        self.capacity = capacity
        self.nodes = {}
        self.ring = Node()  # ring.after was used last, ring.before longest ago

    def _unlink(self, node):
        node.before.after = node.after
        node.after.before = node.before

    def _link(self, node):
        """Directly behind the ring's start."""
        first = self.ring.after
        node.before, node.after = self.ring, first
        self.ring.after = first.before = node

    def get(self, key):
        node = self.nodes.get(key)
        if node is None:
            return None
        self._unlink(node)
        self._link(node)
        return node.value

    def put(self, key, value):
        node = self.nodes.get(key)
        if node is not None:
            self._unlink(node)
        elif len(self.nodes) >= self.capacity:
            oldest = self.ring.before
            self._unlink(oldest)
            del self.nodes[oldest.key]
        node = self.nodes[key] = Node(key, value)
        self._link(node)
'''

SHOWN = (
    """============================= test session starts ==============================
platform linux -- Python 3.11.9, pytest-8.3.3, pluggy-1.5.0
rootdir: /home/cleo/lru
collected 7 items

test_lru_cache.py ..F....                                                  [100%]

=================================== FAILURES ===================================
_________________________ test_reading_counts_as_a_use _________________________

    def test_reading_counts_as_a_use():
        cache = Cache(2)
        cache.put("a", 1)
        cache.put("b", 2)
        cache.get("a")
        cache.put("c", 3)
>       assert cache.get("b") is None
E       assert 2 is None
E        +  where 2 = get('b')
E        +    where get = <lru_cache.Cache object at 0x7f3a1c0d9f10>.get

test_lru_cache.py:31: AssertionError
----------------------------- Captured stdout call -----------------------------
"""
    + "".join(f"ring: {'abc'[n % 3]} -> {'abc'[(n + 1) % 3]} -> head  (step {n})\n" for n in range(24))
    + """=========================== short test summary info ============================
FAILED test_lru_cache.py::test_reading_counts_as_a_use - assert 2 is None
========================= 1 failed, 6 passed in 0.04s ==========================
"""
)

EXPIRY = '''
    def _is_over(self, node):
        return node.until is not None and self.now() >= node.until

    def sweep(self, most=32):
        """Drop what has expired, a few at a time: nobody waits for it."""
        node = self.ring.before
        while node is not self.ring and most > 0:
            node, candidate = node.before, node
            if self._is_over(candidate):
                self._drop(candidate)
            most -= 1

    def _drop(self, node):
        self._unlink(node)
        del self.nodes[node.key]
'''

EXPIRY_TESTS = """

class Clock:
    def __init__(self):
        self.at = 0.0

    def __call__(self):
        return self.at


def test_what_is_too_old_is_not_found():
    clock = Clock()
    cache = Cache(2, now=clock)
    cache.put("a", 1, ttl=30)
    clock.at = 29.9
    assert cache.get("a") == 1
    clock.at = 30.0
    assert cache.get("a") is None
    assert len(cache.nodes) == 0


def test_a_sweep_leaves_what_is_fresh():
    clock = Clock()
    cache = Cache(3, now=clock)
    cache.put("a", 1, ttl=10)
    cache.put("b", 2)
    clock.at = 11
    cache.sweep()
    assert set(cache.nodes) == {"b"}
"""

BENCH = '''"""How long does a get take? Run it twice: the first run warms the caches of the machine."""

import random
from time import perf_counter_ns

from lru_cache import Cache

ASKED = 200_000


def zipf(chance, most):
    """A few keys are asked for all the time, most of them hardly ever."""
    return min(most - 1, int(chance.paretovariate(1.2)) - 1)


def measure(capacity, distinct=2_400):
    cache, chance = Cache(capacity), random.Random(1)
    hits, took = 0, []
    for _ in range(ASKED):
        key = zipf(chance, distinct)
        begun = perf_counter_ns()
        found = cache.get(key)
        took.append(perf_counter_ns() - begun)
        if found is None:
            cache.put(key, key * 2)
        else:
            hits += 1
    took.sort()
    return hits / ASKED, took[ASKED // 2], took[ASKED * 99 // 100]


if __name__ == "__main__":
    for capacity in (10, 100, 1_000):
        share, p50, p99 = measure(capacity)
        print(f"{capacity:>6} entries: {share:6.1%} hits, p50 {p50} ns, p99 {p99} ns")
'''

LOCKED = '''

class SharedCache(Cache):
    """For several threads: one at a time."""

    def __init__(self, capacity, now=monotonic):
        super().__init__(capacity, now)
        self._lock = Lock()
        self._readers = 0
        self._writer = None

    def get(self, key):
        with self._lock:
            self._readers += 1
        try:
            return super().get(key)
        finally:
            with self._lock:
                self._readers -= 1
'''

LOCKED_AGAIN = """    def get(self, key):
        with self._lock:  # also a get writes: it moves its node
            return super().get(key)

    def put(self, key, value, ttl=None):
        with self._lock:
            super().put(key, value, ttl)
"""

SCHEMA = """-- What would we want to know of it in production?
CREATE TABLE cache_minute (
    minute      timestamptz NOT NULL,
    host        text        NOT NULL,
    hits        integer     NOT NULL DEFAULT 0,
    misses      integer     NOT NULL DEFAULT 0,
    evicted     integer     NOT NULL DEFAULT 0,
    expired     integer     NOT NULL DEFAULT 0,
    PRIMARY KEY (minute, host)
);

-- the share of hits, by hour and host
SELECT date_trunc('hour', minute) AS hour,
       host,
       sum(hits)::numeric / nullif(sum(hits) + sum(misses), 0) AS share
  FROM cache_minute
 WHERE minute >= now() - interval '1 day'
 GROUP BY 1, 2
HAVING sum(hits) + sum(misses) > 100
 ORDER BY share;
"""

ANSWERS = """
## What I would say in a review

- `get` and `put` are O(1): one look-up in a dict, and four pointers.
- OrderedDict does the same in C, and I would ship that one. The ring is here to show how. 🚀
- Expiry is lazy: `get` looks at the clock, `sweep` tidies up. A heap would be O(log n).
- Threads: one lock around both. With 900 queries a second nobody would notice it.
- Not done: no size in bytes. 2,400 × 40 KB = 96 MB, which is fine, but somebody should say so.
"""

NOTES = """# Cleo Marsh, backend

## Plan
- 5 min hello, 40 min cache, 10 min questions
- listen for: invariants, tests before cleverness, honest about what is not done
"""

OLGAS_NOTES = (
    "- asks about None as a value before typing anything: good\n",
    "- OrderedDict first, in five minutes. Tests right away ✅\n",
    "- forgot to unlink on update, found it from the output alone\n",
    "- says what she would ship, and it is not the clever one\n",
)

BENS_NOTES = (
    "- (Ben) naming is careful: ring, before, after\n",
    "- (Ben) SQL fluent; nullif without being asked\n",
    "- (Ben) threads: one lock, and why that is enough. 👍\n",
)

SUMMARY = """
## Together
Strong yes. Would like her on storage. Weakest: started the ring without saying why.
"""

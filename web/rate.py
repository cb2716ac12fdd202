"""How often one address may do something."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable

_MAX_ADDRESSES = 10_000


class Rate:
    """A bucket a minute's worth deep for each address; 0 a minute is no limit. Forgets the address seen longest ago."""

    def __init__(self, per_min: int, now_s: Callable[[], float] = time.monotonic) -> None:
        self._per_min = per_min
        self._now_s = now_s
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # address -> (left, at)

    def wait_s(self, address: str) -> int:
        """Count one; 0 when it is allowed, else in how many seconds the next one is."""
        if not self._per_min:
            return 0
        now_s = self._now_s()
        left, at_s = self._buckets.pop(address, (float(self._per_min), now_s))
        left = min(float(self._per_min), left + (now_s - at_s) * self._per_min / 60)
        allowed = left >= 1
        self._buckets[address] = (left - 1 if allowed else left, now_s)
        if len(self._buckets) > _MAX_ADDRESSES:
            self._buckets.popitem(last=False)
        return 0 if allowed else math.ceil((1 - left) * 60 / self._per_min)

"""How often one address, or for one account, something may be done."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address

_MAX_KEYS = 10_000
_PREFIX_BITS = 64


class Rate:
    """A bucket for each key: so many at first, by default a minute's worth, and so many a minute again; 0 is no limit.
    Forgets the key seen longest ago.
    """

    def __init__(self, per_min: int, now_s: Callable[[], float] = time.monotonic, *, burst: int | None = None) -> None:
        self._per_min = per_min
        self._burst = float(per_min if burst is None else burst)
        self._now_s = now_s
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # key -> (left, at)

    def wait_s(self, key: str) -> int:
        """Count one; 0 when it is allowed, else in how many seconds the next one is."""
        if not self._per_min:
            return 0
        now_s = self._now_s()
        left, at_s = self._buckets.pop(key, (self._burst, now_s))
        left = min(self._burst, left + (now_s - at_s) * self._per_min / 60)
        allowed = left >= 1
        self._buckets[key] = (left - 1 if allowed else left, now_s)
        if len(self._buckets) > _MAX_KEYS:
            self._buckets.popitem(last=False)
        return 0 if allowed else math.ceil((1 - left) * 60 / self._per_min)

    def forget(self, key: str) -> None:
        """As if nothing had been counted."""
        self._buckets.pop(key, None)


def network(address: str) -> str:
    """Of whom an address is: one customer has 2^64 of IPv6."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(IPv6Address(int(parsed) >> _PREFIX_BITS << _PREFIX_BITS))
    return address

"""Ranges of clocks."""

from bisect import bisect_left, bisect_right


class Ranges:
    """Disjoint, sorted, never touching half-open ranges of clocks."""

    __slots__ = ("ends", "starts")

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.ends: list[int] = []

    def covers(self, start: int, end: int) -> bool:
        at = bisect_right(self.starts, start) - 1
        return at >= 0 and self.ends[at] >= end

    def covered(self, start: int, end: int) -> int:
        """How much of a range is covered."""
        covered, at = 0, bisect_right(self.ends, start)
        while at < len(self.starts) and self.starts[at] < end:
            covered += min(self.ends[at], end) - max(self.starts[at], start)
            at += 1
        return covered

    def missing(self, start: int, end: int) -> list[tuple[int, int]]:
        """The parts of a range that are not covered."""
        missing = []
        for at in range(bisect_right(self.ends, start), bisect_left(self.starts, end)):
            if self.starts[at] > start:
                missing.append((start, self.starts[at]))
            start = self.ends[at]
        if start < end:
            missing.append((start, end))
        return missing

    def add(self, start: int, end: int) -> None:
        first = bisect_left(self.ends, start)
        last = bisect_right(self.starts, end)
        if first < last:
            start = min(start, self.starts[first])
            end = max(end, self.ends[last - 1])
        self.starts[first:last] = [start]
        self.ends[first:last] = [end]

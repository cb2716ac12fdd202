"""What a server says of itself, read as Prometheus reads it."""

from collections.abc import Iterable

from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

PREFIX = "panelroom_"


class Gauge:
    """One reading of /metrics; ``gauge("peers", role="guest")`` is a value, 0 where there is no such series."""

    def __init__(self, text: str) -> None:
        self.families: list[Metric] = list(text_string_to_metric_families(text))
        self._values = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in self.families
            for sample in family.samples
        }

    def __call__(self, name: str, **labels: str) -> float:
        return self._values.get((PREFIX + name, frozenset(labels.items())), 0.0)

    def sum(self, name: str, **labels: str) -> float:
        """Of all series that have these labels."""
        wanted = labels.items()
        return sum(value for (each, given), value in self._values.items() if each == PREFIX + name and wanted <= given)

    @property
    def described(self) -> dict[str, str]:
        """Of our own metrics: kind by name, as queries name them."""
        own = (family for family in self.families if family.name.startswith(PREFIX))
        return {_queried(family): family.type for family in own}

    @property
    def labels(self) -> dict[str, set[str]]:
        """Of those of our own that have series."""
        own = (family for family in self.families if family.name.startswith(PREFIX) and family.samples)
        return {
            _queried(family): _labels(name for sample in family.samples for name in sample.labels) for family in own
        }


def _queried(family: Metric) -> str:
    return family.name + {"counter": "_total"}.get(family.type, "")


def _labels(names: Iterable[str]) -> set[str]:
    return set(names) - {"le"}

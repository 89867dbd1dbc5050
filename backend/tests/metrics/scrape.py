"""What Prometheus reads at /metrics."""

from typing import Any

from django.test import Client
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families


class Scrape:
    def __init__(self, **client: Any) -> None:
        response = Client(**client).get("/metrics")
        assert response.status_code == 200
        families = list(text_string_to_metric_families(response.content.decode()))
        self.names = {name for family in families for name in _names_of(family)}
        self.samples = {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in families
            for sample in family.samples
        }

    def value(self, name: str, **labels: str) -> float | None:
        return self.samples.get((name, tuple(sorted(labels.items()))))

    def series(self, name: str) -> list[dict[str, str]]:
        return [dict(labels) for sample, labels in self.samples if sample == name]


def _names_of(family: Metric) -> set[str]:
    """Of its samples, though it has none yet."""
    suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}.get(family.type, ("",))
    return {family.name + suffix for suffix in suffixes}

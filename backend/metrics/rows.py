"""Asked for when Prometheus asks: what waits, what is dead, what runs, and what the workers have counted in Redis."""

import math
from collections.abc import Iterable, Iterator

import redis
from django.conf import settings
from django.db import Error as DatabaseProblem
from django.db import connection
from kombu.exceptions import KombuError
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from lessons import counters, heartbeat
from lessons.models.minute import WAIT_BOUNDS
from lessons.monitoring.queues import queue_lengths, queue_names
from lessons.notifications.measure import RUN_BOUNDS, SIZE_BOUNDS

# Each is answered from a partial index: what waits, flies or is dead, never what has been delivered.
PER_CHANNEL = """
SELECT c.name, coalesce(p.waiting, 0), coalesce(p.age, 0), coalesce(f.flying, 0), coalesce(d.dead, 0),
       coalesce(h.open_until > now(), false)
  FROM unnest(%(names)s::text[]) AS c (name)
  LEFT JOIN (SELECT channel, count(*) AS waiting,
                    greatest(0, extract(epoch FROM now() - min(next_attempt_at)))::float8 AS age
               FROM lessons_delivery WHERE state = 'pending' GROUP BY channel) p ON p.channel = c.name
  LEFT JOIN (SELECT channel, count(*) AS flying
               FROM lessons_delivery WHERE state = 'leased' GROUP BY channel) f ON f.channel = c.name
  LEFT JOIN (SELECT channel, count(*) AS dead
               FROM lessons_delivery WHERE state = 'dead' GROUP BY channel) d ON d.channel = c.name
  LEFT JOIN lessons_channel h ON h.name = c.name
"""
UNEXPANDED = """
SELECT count(*), coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8
  FROM lessons_dispatch WHERE expanded_at IS NULL
"""
RUNNING = "SELECT channel, count(*) FROM lessons_chordrun WHERE closed_at IS NULL GROUP BY channel"


class Rows(Collector):
    """A part that is away leaves its figures out, and `lessons_part_up` says so."""

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("lessons_part_up", "Whether a part answered when it was asked.", labels=["part"])
        for part, figures, problems in (
            ("database", _from_database, (DatabaseProblem,)),
            ("redis", _from_redis, (redis.RedisError, OSError)),
            ("broker", _from_broker, (redis.RedisError, KombuError, OSError)),
        ):
            try:
                yield from list(figures())
                up.add_metric([part], 1)
            except problems:
                up.add_metric([part], 0)
        yield up


def _gauge(name: str, text: str, label: str, values: Iterable[tuple[str, float]]) -> Metric:
    family = GaugeMetricFamily(f"lessons_{name}", text, labels=[label])
    for value_of_label, value in values:
        family.add_metric([value_of_label], value)
    return family


def _from_database() -> Iterator[Metric]:
    with connection.cursor() as cursor:
        cursor.execute(PER_CHANNEL, {"names": settings.NOTIFICATION_CHANNELS})
        rows = cursor.fetchall()
        cursor.execute(UNEXPANDED)
        ((unexpanded, age),) = cursor.fetchall()
        cursor.execute(RUNNING)
        running = {**dict.fromkeys(settings.NOTIFICATION_CHANNELS, 0), **dict(cursor.fetchall())}
    columns = (
        ("deliveries_waiting", "Deliveries that wait: for their turn, for a retry or for their predecessor."),
        ("oldest_waiting_seconds", "For how long the delivery that is due the longest has been due."),
        ("deliveries_in_flight", "Deliveries that a run holds."),
        ("deliveries_dead", "Deliveries that somebody has to look at, and redeliver."),
        ("circuit_open", "1 while the channel's provider is left alone."),
    )
    for place, (name, text) in enumerate(columns, start=1):
        yield _gauge(name, text, "channel", [(row[0], float(row[place])) for row in rows])
    yield GaugeMetricFamily("lessons_dispatches_waiting", "Events whose deliveries are not made yet.", unexpanded)
    yield GaugeMetricFamily("lessons_oldest_dispatch_seconds", "For how long the oldest of these has waited.", age)
    yield _gauge("runs_running", "Chord runs that are not closed.", "channel", running.items())


def _from_redis() -> Iterator[Metric]:
    alive = ((part, float(heartbeat.is_alive(part))) for part in (heartbeat.RELAY, heartbeat.WORKER))
    yield _gauge("alive", "1 where the part gave a sign of life within three ticks of the relay.", "part", alive)
    yield from _counted(counters.counted())


def _from_broker() -> Iterator[Metric]:
    lengths = queue_lengths(queue_names(settings.NOTIFICATION_CHANNELS))
    yield _gauge("queue_length", "Messages that no worker has taken yet.", "queue", lengths.items())


def _counted(found: dict[str, float]) -> Iterator[Metric]:
    """The names in Redis are `family:label` or `family:label:label`, those of histograms `family:channel:bound`.

    What has not happened yet has happened 0 times: an increase from nothing is none to Prometheus.
    """
    for family, text, label, ends in (
        ("attempts", "Tries, by how they ended.", "outcome", ("sent", "retried", "lost", "dead")),
        ("runs", "Chord runs, by how they ended.", "state", ("closed", "lost")),
    ):
        metric = CounterMetricFamily(f"lessons_{family}", text, labels=["channel", label])
        for channel in settings.NOTIFICATION_CHANNELS:
            for end in ends:
                metric.add_metric([channel, end], found.get(f"{family}:{channel}:{end}", 0.0))
        yield metric
    repairs = CounterMetricFamily("lessons_relay_repairs", "Expired leases, forgotten runs.", labels=["kind"])
    for kind in ("leases", "runs"):
        repairs.add_metric([kind], found.get(f"repairs:{kind}", 0.0))
    yield repairs
    for family, text, bounds in (
        ("delivered_seconds", "From a change to the delivery of its message.", WAIT_BOUNDS),
        ("run_seconds", "From a run's launch to its close.", RUN_BOUNDS),
        ("run_deliveries", "Deliveries per run.", SIZE_BOUNDS),
    ):
        histogram = HistogramMetricFamily(f"lessons_{family}", text, labels=["channel"])
        for channel in settings.NOTIFICATION_CHANNELS:
            histogram.add_metric([channel], *_distribution(f"{family}:{channel}", bounds, found))
        yield histogram


def _distribution(name: str, bounds: Iterable[float], found: dict[str, float]) -> tuple[list[tuple[str, float]], float]:
    """Prometheus' buckets, each with all below it, and the sum."""
    total, buckets = 0.0, []
    for bound in (*bounds, math.inf):
        total += found.get(f"{name}:{bound:g}", 0.0)
        buckets.append((floatToGoString(bound), total))  # type: ignore[no-untyped-call]
    return buckets, found.get(f"{name}:{counters.SUM}", 0.0)

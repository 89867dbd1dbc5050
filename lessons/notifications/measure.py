"""What a run adds to the counters when it is closed: outcomes, how long people waited, how long and large it was."""

import uuid
from collections.abc import Mapping
from typing import Any

from lessons.counters import COUNT, SUM, count, histogram
from lessons.notifications.sql import fetch

WAIT_BOUNDS = (1, 5, 10, 30, 60, 300, 900, 3600, 6 * 3600, 24 * 3600)  # seconds from the change to the delivery
RUN_BOUNDS = (0.1, 0.5, 1, 5, 10, 30, 60, 300)  # seconds from launch to close
SIZE_BOUNDS = (1, 10, 100, 1000, 10_000)  # deliveries

# Redeliveries are left out: they wait for whoever asks for them.
WAITS = """
SELECT width_bucket(w.seconds, %(bounds)s::float8[]), count(*), sum(w.seconds)
  FROM (SELECT extract(epoch FROM a.ended_at - p.created_at)::float8 AS seconds
          FROM lessons_deliveryattempt a
          JOIN lessons_delivery d ON d.id = a.delivery_id
          JOIN lessons_dispatch p ON p.event_id = d.event_id
         WHERE a.run_id = %(run)s AND a.outcome = 'sent' AND d.in_order) w
 GROUP BY 1
"""


def measure(
    *, run_id: uuid.UUID | str, channel: str, state: str, report: Mapping[str, Any], deliveries: int, seconds: float
) -> None:
    """Count a run that has just been closed with this report, `seconds` after it was started."""
    amounts: dict[str, float] = {
        f"attempts:{channel}:sent": report["sent"],
        f"attempts:{channel}:retried": report["failed"],
        f"attempts:{channel}:lost": report["lost"],
        f"attempts:{channel}:dead": report["dead"],
        f"runs:{channel}:{state}": 1,
        **histogram(f"run_seconds:{channel}", RUN_BOUNDS, [seconds]),
        **histogram(f"run_deliveries:{channel}", SIZE_BOUNDS, [deliveries]),
    }
    for bucket, number, total in fetch(WAITS, bounds=list(WAIT_BOUNDS), run=str(run_id)):
        bound = f"{WAIT_BOUNDS[bucket]:g}" if bucket < len(WAIT_BOUNDS) else "inf"
        name = f"delivered_seconds:{channel}"
        amounts[f"{name}:{bound}"] = number
        amounts[f"{name}:{SUM}"] = amounts.get(f"{name}:{SUM}", 0.0) + total
        amounts[f"{name}:{COUNT}"] = amounts.get(f"{name}:{COUNT}", 0.0) + number
    count(amounts)

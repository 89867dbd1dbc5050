"""What the monitor and the dashboard show. Every read is bounded: it costs the same at two million deliveries.

Counts stop at `COUNTED_UP_TO`, windows of time are read from figures by the minute, lists end after a page.
"""

from lessons.monitoring.channels import ChannelFigures, channel_figures
from lessons.monitoring.counting import COUNTED_UP_TO, CappedCount, capped, dead_since
from lessons.monitoring.machinery import Machinery, machinery
from lessons.monitoring.rates import DAY, HOUR, Rates, Span, rates
from lessons.monitoring.runs import LostRun, OpenRun, lost_runs, open_runs
from lessons.monitoring.told import DeliveryPage, deliveries_of

__all__ = [
    "COUNTED_UP_TO",
    "DAY",
    "HOUR",
    "CappedCount",
    "ChannelFigures",
    "DeliveryPage",
    "LostRun",
    "Machinery",
    "OpenRun",
    "Rates",
    "Span",
    "capped",
    "channel_figures",
    "dead_since",
    "deliveries_of",
    "lost_runs",
    "machinery",
    "open_runs",
    "rates",
]

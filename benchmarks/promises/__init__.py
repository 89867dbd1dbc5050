"""The promises P1 to P7: one module each, one line each."""

from benchmarks.measure import Measurement
from benchmarks.promises import (
    p1_plain_design,
    p2_bare_view,
    p3_one_event,
    p4_growth,
    p5_first_call,
    p6_sizes,
    p7_sustained,
)

PROMISES: dict[str, Measurement] = {
    "P1": p1_plain_design.measure,
    "P2": p2_bare_view.measure,
    "P3": p3_one_event.measure,
    "P4": p4_growth.measure,
    "P5": p5_first_call.measure,
    "P6": p6_sizes.measure,
    "P7": p7_sustained.measure,
}

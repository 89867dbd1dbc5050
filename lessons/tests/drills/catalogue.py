"""The drills in their order. Each is a module of its own that puts itself on the list."""

from lessons.tests.drills import f01_kills, f04_broker_away, f10_racers
from lessons.tests.drills.registry import DRILLS

__all__ = ["NAMES", "f01_kills", "f04_broker_away", "f10_racers"]

NAMES = sorted(DRILLS, key=lambda name: int(name.removeprefix("F")))

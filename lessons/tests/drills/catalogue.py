"""The drills in their order. Each is a module of its own, called fNN_something, that puts itself on the list."""

import pkgutil
import re
from importlib import import_module

from lessons.tests import drills
from lessons.tests.drills.registry import DRILLS

for module in pkgutil.iter_modules(drills.__path__, prefix=f"{drills.__name__}."):
    if re.search(r"\.f\d\d_", module.name):
        import_module(module.name)

NAMES = sorted(DRILLS, key=lambda name: int(name.removeprefix("F")))

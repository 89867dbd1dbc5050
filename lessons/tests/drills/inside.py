"""Running the application changed: what the programs of the drills that do so have in common.

    python -m lessons.tests.drills.PROGRAM ARGUMENT … -m MODULE …
    python -m lessons.tests.drills.PROGRAM ARGUMENT … manage.py …

There are no such settings in the application: it is patched from outside before it runs.
"""

import os
import runpy
import sys
from collections.abc import Callable, Sequence


def run_changed(change: Callable[[], None], program: Sequence[str]) -> None:
    """Set Django up, make the change, and be the program from then on."""
    import django  # whoever only reads the tables of these programs needs none

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.settings")
    sys.path.insert(0, os.getcwd())
    django.setup()
    change()
    if program[0] == "-m":
        sys.argv = list(program[1:])
        runpy.run_module(program[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = list(program)
        runpy.run_path(program[0], run_name="__main__")

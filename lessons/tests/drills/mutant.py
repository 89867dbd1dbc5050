"""The application with one of its safeguards taken out, for drills that are to fail then.

    python -m lessons.tests.drills.mutant MUTATION -m MODULE …
    python -m lessons.tests.drills.mutant MUTATION manage.py …

There is no such setting in the application: this program patches it from outside before it runs.
"""

import os
import runpy
import sys
from collections.abc import Callable

MUTATIONS: dict[str, Callable[[], None]] = {}


def main() -> None:
    import django

    _, mutation, *program = sys.argv
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.settings")
    sys.path.insert(0, os.getcwd())
    django.setup()
    MUTATIONS[mutation]()
    if program[0] == "-m":
        sys.argv = program[1:]
        runpy.run_module(program[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = program
        runpy.run_path(program[0], run_name="__main__")


if __name__ == "__main__":
    main()

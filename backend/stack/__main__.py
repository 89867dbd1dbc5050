"""`python -m backend.stack COMMAND`; the Makefile's targets of the same names run it."""

import argparse
import sys
from collections.abc import Callable
from functools import partial

from rich.console import Console

from backend.stack.demo import demo, reset, services
from backend.stack.errors import StackError
from backend.stack.lint import CHECKS, lint
from backend.stack.messages import messages
from backend.stack.smoke import smoke

COMMANDS: dict[str, Callable[[Console], int]] = {
    "services": services,
    "demo": demo,
    "reset": reset,
    "smoke": smoke,
    "lint": lint,
    "messages": messages,
    **{f"lint:{check.name}": partial(lint, only=check.name) for check in CHECKS},
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m backend.stack")
    parser.add_argument("command", choices=COMMANDS)
    command = COMMANDS[parser.parse_args().command]
    try:
        return command(Console())
    except StackError as error:
        Console(stderr=True).print(f"error: {error}", markup=False, highlight=False, soft_wrap=True)
        return 1


if __name__ == "__main__":
    sys.exit(main())

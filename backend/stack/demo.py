"""The demo: the whole system, or its services alone, until stopped; and the end of its data."""

import os
import time
from collections.abc import Callable, Iterator

from rich.console import Console

from backend.stack import summary
from backend.stack.deliveries import new_deliveries
from backend.stack.errors import StackError
from backend.stack.interrupts import is_orphaned, until_stopped
from backend.stack.launch import Launch
from backend.stack.place import Place, demo_directory
from backend.stack.ports import Ports
from backend.stack.supervisor import Supervisor

LOOK_EVERY_SECONDS = 0.2


def demo(console: Console) -> int:
    """Runs the whole system and shows what it delivers."""
    _refuse_production()
    ports = Ports.chosen(os.environ)
    ports.refuse_busy()
    place = Place.lasting(demo_directory(os.environ))
    with until_stopped(), Supervisor(place.directory, throw_away=place.temporary) as supervisor:
        Launch(supervisor=supervisor, place=place, ports=ports, console=console).everything()
        summary.print_demo(console, ports, supervisor.logs)
        with (supervisor.logs / "worker.log").open(errors="replace") as log:
            log.seek(0, os.SEEK_END)
            _watch(supervisor, lambda: _print_deliveries(console, new_deliveries(log)))
    return 0


def services(console: Console) -> int:
    """Runs the embedded services alone, for an application that is started by hand."""
    _refuse_production()
    place = Place.lasting(demo_directory(os.environ))
    ports = Ports.chosen(os.environ)
    with until_stopped(), Supervisor(place.directory, throw_away=place.temporary) as supervisor:
        Launch(supervisor=supervisor, place=place, ports=ports, console=console).services()
        summary.print_services(console, place)
        _watch(supervisor, lambda: None)
    return 0


def reset(console: Console) -> int:
    """Drops the demo's data; refused while it runs."""
    directory = demo_directory(os.environ)
    if not directory.exists():
        console.print(f"There is nothing to drop: {directory} does not exist.", soft_wrap=True)
        return 0
    place = Place.lasting(directory)
    # A supervisor with nothing to do: it holds the lock, ends leftovers and removes the paths.
    with Supervisor(place.directory, throw_away=place.everything):
        console.print(f"Dropping {directory}", soft_wrap=True)
    return 0


def _watch(supervisor: Supervisor, look: Callable[[], None]) -> None:
    """Looks again and again until a process dies (StackError) or the `make` above us is killed."""
    parent = os.getppid()
    while not is_orphaned(parent):
        supervisor.refuse_dead()
        look()
        time.sleep(LOOK_EVERY_SECONDS)


def _print_deliveries(console: Console, lines: Iterator[str]) -> None:
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _refuse_production() -> None:
    if os.environ.get("ENVIRONMENT") == "production":
        raise StackError("ENVIRONMENT is production: the demo and its services do not run there")

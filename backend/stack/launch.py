"""Brings the whole system up, in order, saying what is ready."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from rich.console import Console

from backend.stack import application
from backend.stack.place import Place
from backend.stack.ports import HOST, Ports
from backend.stack.processes import Command, Process
from backend.stack.supervisor import Supervisor

READY_WITHIN_SECONDS = 60.0
FIRST_SERVER_ERROR = 500


@dataclass(frozen=True, kw_only=True)
class Launch:
    """One start of the system: where, on which ports, and who is told."""

    supervisor: Supervisor
    place: Place
    ports: Ports
    console: Console
    started_at: float = field(default_factory=time.monotonic)

    def services(self) -> dict[str, str]:
        """Starts the embedded services; returns the settings that name them."""
        settings = application.start_services(self.supervisor, self.place, self.ports)
        self.place.write_services_file(settings)
        self.announce("PostgreSQL and Valkey")
        return settings

    def everything(self, *gateway_options: str) -> dict[str, str]:
        """Starts services, application and seeds, the site last; returns the processes' environment.

        The site opens when what the seeds set in motion has settled.
        """
        environment = application.process_environment(self.services(), self.place)
        self.run(application.manage("migrate", "--no-input"), environment)
        self.announce("tables")
        self._start_background(environment, gateway_options)
        self.run(application.manage("seed_data", "--wait", shown=True), environment)
        self.announce("seed data")
        site = self.supervisor.start(application.web(self.ports), environment)
        self._await("the site", site, lambda: _answers(f"http://{HOST}:{self.ports.web}/livez"))
        return environment

    def run(self, command: Command, environment: Mapping[str, str]) -> None:
        """Runs a command to its end; StackError unless it succeeds."""
        process = self.supervisor.run(command, environment)
        if process.popen.returncode != 0:
            process.refuse_dead()

    def announce(self, part: str) -> None:
        seconds = time.monotonic() - self.started_at
        self.console.print(f"[green]✔[/] {part} [dim]{seconds:.1f} s[/]", highlight=False)

    def _start_background(self, environment: Mapping[str, str], gateway_options: tuple[str, ...]) -> None:
        """They start side by side; each is waited for."""
        start = self.supervisor.start
        gateway = start(application.gateway(self.ports, *gateway_options), environment)
        worker = start(application.worker(), environment)
        beat = start(application.beat(self.place), environment)
        flower = start(application.flower(self.ports), environment)
        self._await("gateway", gateway, lambda: _answers(f"http://{HOST}:{self.ports.gateway}/"))
        self._await("worker", worker, lambda: worker.has_logged(" ready."))
        self._await("beat", beat, lambda: beat.has_logged(" is starting."))
        self._await("Flower", flower, lambda: _answers(f"http://{HOST}:{self.ports.flower}/"))

    def _await(self, part: str, process: Process, is_ready: Callable[[], bool]) -> None:
        self.supervisor.wait_until(is_ready, process, within_seconds=READY_WITHIN_SECONDS)
        self.announce(part)


def _answers(url: str) -> bool:
    """Whether somebody there speaks HTTP and is not broken."""
    try:
        with urlopen(url, timeout=2):  # noqa: S310 - an address of ours  # nosec B310
            return True
    except HTTPError as error:
        return error.code < FIRST_SERVER_ERROR
    except (URLError, OSError):
        return False

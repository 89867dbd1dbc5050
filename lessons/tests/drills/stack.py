"""The whole system of one drill: its processes, to be started, frozen and killed one by one."""

import dataclasses
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from backend.gateway import Gateway
from backend.stack import application
from backend.stack.place import Place
from backend.stack.ports import HOST, Ports
from backend.stack.processes import Command, Process
from backend.stack.supervisor import Supervisor
from backend.timing import Timing
from lessons.tests.cluster import Cluster
from lessons.tests.drills.middleware import Middleware
from lessons.tests.drills.mutant import BY_SQL

TOKEN = "open sesame"
READY_WITHIN_SECONDS = 60.0
ALL_QUEUES = ",".join(application.QUEUES)

UNFINISHED = """
SELECT (SELECT count(*) FROM lessons_dispatch WHERE settled_at IS NULL)
     + (SELECT count(*) FROM lessons_delivery WHERE state IN ('pending', 'leased'))
     + (SELECT count(*) FROM lessons_chordrun WHERE closed_at IS NULL)
"""


class Stack:
    """What a drill has in hand. Leaving the `stack()` below ends every process started in it."""

    def __init__(
        self,
        *,
        cluster: Cluster,
        database: str,
        database_url: str,
        supervisor: Supervisor,
        place: Place,
        middleware: Middleware,
        time_scale: float,
        mutation: str | None,
    ) -> None:
        self.cluster, self._database = cluster, database
        self._supervisor, self._place = supervisor, place
        self.middleware = middleware
        self.timing = Timing.scaled(time_scale)
        self._mutation = mutation
        self._through: tuple[str, ...] = ()
        self._names = count(1)
        self.ports = Ports.free()
        self.workers: list[Process] = []
        self.settings = {
            "ENVIRONMENT": "development",
            "SECRET_KEY": place.secret_key(),
            "ALLOWED_HOSTS": HOST,
            "DATABASE_URL": database_url,
            "TIME_SCALE": str(time_scale),
            "NOTIFICATION_CHANNELS": "sms",
            "API_REQUESTS_PER_MINUTE": "1000000",  # a drill's few clients are many people
            "SENTRY_DSN": "",
            **middleware.settings,
        }

    # --- What the system needs ---------------------------------------------------------------------

    def open_gateway(self, *, latency_seconds: float) -> None:
        self.gateway = Gateway(token=TOKEN, latency_seconds=latency_seconds, log=self.journal)
        self.gateway.start()
        self.settings |= {"SMS_GATEWAY_URL": self.gateway.url, "SMS_GATEWAY_TOKEN": TOKEN}
        self.settings["EMAIL_URL"] = self.gateway.mail_url

    @property
    def journal(self) -> Path:
        """The gateway's own log."""
        return self._place.directory / "gateway.jsonl"

    @property
    def logs(self) -> Path:
        return self._supervisor.logs

    # --- Its processes -----------------------------------------------------------------------------

    def start_web(self) -> Process:
        """The site, ready to answer at `url`."""
        web = self._start(application.web(self.ports))
        self._wait_for(web, lambda: _answers(f"{self.url}/livez"))
        return web

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.ports.web}"

    def start_worker(self, *, queues: str = ALL_QUEUES, concurrency: int = 4, **settings: str) -> Process:
        """Ready to take tasks."""
        worker = self.launch_worker(queues=queues, concurrency=concurrency, **settings)
        self._wait_for(worker, lambda: worker.has_logged(" ready."))
        return worker

    def launch_worker(self, *, queues: str = ALL_QUEUES, concurrency: int = 4, **settings: str) -> Process:
        """It will be ready by and by."""
        given = {"--queues": queues, "--concurrency": str(concurrency)}
        command = application.worker()
        before = (None, *command.arguments)
        arguments = [given.get(str(option), value) for option, value in zip(before, command.arguments, strict=False)]
        worker = self._start(dataclasses.replace(command, arguments=tuple(arguments)), **settings)
        self.workers.append(worker)
        return worker

    def start_beat(self) -> Process:
        return self._start(application.beat(self._place))

    def start_relay(self, **settings: str) -> Process:
        """`manage.py relay --loop`, which does what beat does; ready after its first pass."""
        relay = self._start(application.manage("relay", "--loop"), **settings)
        self._wait_for(relay, lambda: relay.has_logged("expanded"))
        return relay

    def run(self, *arguments: str, **settings: str) -> Process:
        """A Python program, `-m MODULE …` or `manage.py …`, to its end."""
        command = Command(name=f"run-{next(self._names)}", arguments=(sys.executable, *arguments))
        return self._supervisor.run(self._changed(command), {**self._environment(), **settings})

    def start(self, *arguments: str, **settings: str) -> Process:
        """As `run()`, without waiting for its end."""
        return self._start(Command(name="program", arguments=(sys.executable, *arguments)), **settings)

    @contextmanager
    def through(self, program: str, *arguments: str) -> Iterator[None]:
        """What is started meanwhile is run by this module of the drills, which changes it first: see `inside`."""
        self._through = ("-m", f"lessons.tests.drills.{program}", *arguments)
        try:
            yield
        finally:
            self._through = ()

    # --- What is done to them ----------------------------------------------------------------------

    def kill(self, process: Process) -> None:
        """Without warning, its children included, as when the machine dies. It may be dead already."""
        if process.popen.poll() is None:
            os.killpg(process.popen.pid, signal.SIGKILL)
        self._forget(process)

    def kill_all_workers(self) -> None:
        for worker in list(self.workers):
            os.killpg(worker.popen.pid, signal.SIGKILL)
        for worker in list(self.workers):
            self._forget(worker)

    def terminate(self, process: Process) -> float:
        """Ask it to end, as an orchestrator does; the seconds that it took."""
        started = time.monotonic()
        process.popen.send_signal(signal.SIGTERM)
        process.popen.wait(timeout=120)
        seconds = time.monotonic() - started
        self._forget(process)
        return seconds

    def freeze(self, process: Process) -> None:
        os.killpg(process.popen.pid, signal.SIGSTOP)

    def thaw(self, process: Process) -> None:
        os.killpg(process.popen.pid, signal.SIGCONT)

    # --- What the observer sees --------------------------------------------------------------------

    def query(self, statement: str, *parameters: Any) -> list[Any]:
        """Rows as named tuples; [] for a statement that has none. Past the application, on a connection of its own."""
        connection = self.cluster.connect(self._database)
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, parameters or None)
                return list(cursor.fetchall()) if cursor.description else []
        finally:
            connection.close()

    def value(self, statement: str, *parameters: Any) -> Any:
        return self.query(statement, *parameters)[0][0]

    @property
    def traffic(self) -> dict[str, int]:
        """What the SMS gateway has counted."""
        return self.gateway.provider.traffic.stats()

    def attempts(self, outcome: str) -> int:
        """How many tries of all messages ended so."""
        return int(self.value("SELECT count(*) FROM lessons_deliveryattempt WHERE outcome = %s", outcome))

    def wait_until(self, condition: Callable[[], object], *, within_seconds: float, what: str) -> float:
        """Returns the seconds that it took; raises `Overdue` when it does not come true."""
        started = time.monotonic()
        while not condition():
            if time.monotonic() - started > within_seconds:
                raise Overdue(f"{what}: not within {within_seconds:g} s")
            time.sleep(0.05)
        return time.monotonic() - started

    def wait_until_told(self, *, within_seconds: float) -> float:
        """Until nothing is unfinished: dispatches settled, deliveries ended, runs closed."""
        return self.wait_until(
            lambda: self.value(UNFINISHED) == 0, within_seconds=within_seconds, what="everybody told"
        )

    # --- Inside ------------------------------------------------------------------------------------

    def _start(self, command: Command, **settings: str) -> Process:
        named = dataclasses.replace(command, name=f"{command.name}-{next(self._names)}", stop_within_seconds=0.5)
        return self._supervisor.start(self._changed(named), {**self._environment(), **settings})

    def _changed(self, command: Command) -> Command:
        """The same program, run by those that change it first; a mutation takes one of its safeguards out."""
        python, *program = command.arguments
        mutant = ("-m", "lessons.tests.drills.mutant", self._mutation) if self._mutation else ()
        return dataclasses.replace(command, arguments=(python, *mutant, *self._through, *program))

    def _environment(self) -> dict[str, str]:
        return application.process_environment(self.settings, self._place)

    def _wait_for(self, process: Process, is_ready: Callable[[], bool]) -> None:
        self._supervisor.wait_until(is_ready, process, within_seconds=READY_WITHIN_SECONDS)

    def _forget(self, process: Process) -> None:
        self._supervisor.stop(process)
        if process in self.workers:
            self.workers.remove(process)


class Overdue(AssertionError):
    """What should have come true did not, in time."""


@contextmanager
def stack(
    cluster: Cluster,
    *,
    name: str,
    time_scale: float,
    latency_seconds: float = 0.05,
    proxied: bool = False,
    mutation: str | None = None,
) -> Iterator[Stack]:
    """The services and the outside world of a drill, its application still to be started.

    `proxied`: the broker is reached by way of `stack.middleware.proxy`. `mutation`: see `lessons.tests.drills.mutant`.
    """
    database = f"drill_{name.lower()}"
    with ExitStack() as ends:
        database_url = ends.enter_context(cluster.database(database))
        place = Place.throw_away()
        supervisor = ends.enter_context(Supervisor(place.directory, throw_away=place.everything))
        made = Stack(
            cluster=cluster,
            database=database,
            database_url=database_url,
            supervisor=supervisor,
            place=place,
            middleware=Middleware(supervisor, place, ends, proxied=proxied),
            time_scale=time_scale,
            mutation=mutation,
        )
        if mutation in BY_SQL:
            made.query(BY_SQL[mutation])
        made.open_gateway(latency_seconds=latency_seconds)
        ends.callback(made.gateway.stop)
        yield made


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=2):
            return True
    except OSError:
        return False

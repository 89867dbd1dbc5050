"""The system at twenty times its speed: real workers, the real gateway, the database and broker of the test."""

from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker, Settings

from backend.gateway import Gateway
from backend.stack.processes import Process
from backend.stack.supervisor import Supervisor
from backend.timing import Timing
from lessons.tests.flow.events import TaskEvents
from lessons.tests.flow.processes import Processes
from lessons.tests.flow.progress import is_quiet
from lessons.tests.waiting import wait_until

TOKEN = "open sesame"
LATENCY_SECONDS = 0.05


@pytest.fixture(scope="module")
def time_scale() -> float:
    """A module may have its own."""
    return 0.05


@pytest.fixture(autouse=True)
def _scaled_time(settings: Settings, time_scale: float) -> None:
    """This process plays a part in the flow, and keeps the same time."""
    settings.TIME_SCALE, settings.TIMING = time_scale, Timing.scaled(time_scale)


@pytest.fixture(scope="module")
def running_gateway() -> Iterator[Gateway]:
    with Gateway(token=TOKEN, latency_seconds=LATENCY_SECONDS) as gateway:
        yield gateway


@pytest.fixture
def gateway(running_gateway: Gateway) -> Gateway:
    """The SMS provider and the mail sink, in their normal mood, with nothing sent yet."""
    running_gateway.provider.messages.clear()
    running_gateway.provider.traffic.clear()
    running_gateway.provider.mails.clear()
    running_gateway.provider.mail_traffic.clear()
    running_gateway.provider.faults.reset()
    return running_gateway


@pytest.fixture(scope="module")
def module_processes(
    running_gateway: Gateway,
    time_scale: float,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Processes]:
    """What starts the application's processes; all of them have ended when the module has."""
    with Supervisor(tmp_path_factory.mktemp("flow")) as supervisor:
        yield Processes(
            supervisor,
            EMAIL_URL=running_gateway.mail_url,
            SMS_GATEWAY_URL=running_gateway.url,
            SMS_GATEWAY_TOKEN=TOKEN,
            TIME_SCALE=str(time_scale),
        )


@pytest.fixture(scope="module")
def module_worker(module_processes: Processes) -> Process:
    return module_processes.start_worker()


@pytest.fixture
def worker(module_worker: Process, gateway: Gateway, transactional_db: None) -> Iterator[Process]:
    """One worker for the tests of a module; each of them leaves it with nothing to do."""
    yield module_worker
    wait_until(is_quiet)


@pytest.fixture
def processes(module_processes: Processes, gateway: Gateway, transactional_db: None) -> Iterator[Processes]:
    """For tests that start processes of their own: they end before the tables are emptied."""
    with module_processes.of_one_test() as processes:
        yield processes


@pytest.fixture
def task_events() -> Iterator[TaskEvents]:
    """What the workers say that they do, as Flower hears it."""
    with TaskEvents() as events:
        yield events

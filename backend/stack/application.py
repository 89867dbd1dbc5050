"""What the system consists of: its processes, and the settings they share."""

import os
import secrets
import sys
from collections.abc import Mapping

from backend.addresses import for_kombu
from backend.stack.place import Place
from backend.stack.ports import HOST, Ports
from backend.stack.postgres import start_postgres
from backend.stack.processes import Command
from backend.stack.supervisor import Supervisor
from backend.stack.valkey import start_valkey

QUEUES = ("control", "deliver.log", "deliver.email", "deliver.sms")  # in the order in which a worker empties them
# A worker without colleagues has nobody to mingle or gossip with.
WORKER = (
    *("worker", "--hostname", "worker@%h", "--concurrency", "4", "--loglevel", "INFO"),
    *("--queues", ",".join(QUEUES), "--task-events"),
    *("--without-mingle", "--without-gossip"),
)
# As in the containers, but that Ctrl-C is not waited for.
WEB = ("--config", "docker/gunicorn.conf.py", "--graceful-timeout", "2")


def start_services(supervisor: Supervisor, place: Place, ports: Ports) -> dict[str, str]:
    """Starts PostgreSQL and Valkey; returns the application's settings, none left to the surroundings."""
    redis_url = start_valkey(supervisor, place)
    # Celery reads these two variables itself, past the settings, and speaks kombu's dialect.
    broker_url = for_kombu(redis_url)
    return {
        "ENVIRONMENT": "development",
        "DEBUG": "true",
        "SECRET_KEY": place.secret_key(),
        "ALLOWED_HOSTS": f"localhost,{HOST},[::1]",
        "DATABASE_URL": start_postgres(supervisor, place),
        "REDIS_URL": redis_url,
        "CELERY_BROKER_URL": broker_url,
        "CELERY_RESULT_BACKEND": broker_url,
        "CACHE_URL": redis_url,
        "EMAIL_URL": f"smtp://{HOST}:{ports.mail}",
        "SMS_GATEWAY_URL": f"http://{HOST}:{ports.gateway}",
        "SMS_GATEWAY_TOKEN": secrets.token_urlsafe(24),
        "FLOWER_URL": f"http://{HOST}:{ports.flower}/",
        "SENTRY_DSN": "",
    }


def process_environment(settings: Mapping[str, str], place: Place) -> dict[str, str]:
    """The environment of the application's processes. DEBUG is for whoever works on the code: it keeps every query."""
    own = {"DEBUG": "false", "DEMO_DIR": str(place.directory), "PYTHONUNBUFFERED": "1"}
    return {**os.environ, **settings, **own}


def manage(*arguments: str, shown: bool = False) -> Command:
    """A command of manage.py, named after what it does."""
    return Command(name=arguments[0], arguments=(sys.executable, "manage.py", *arguments), shown=shown)


def gateway(ports: Ports, *options: str) -> Command:
    return manage("gateway", "--host", HOST, "--port", str(ports.gateway), "--mail-port", str(ports.mail), *options)


def worker() -> Command:
    # What it has at hand when its time is over is taken up again by the next one.
    return _celery(*WORKER, stop_within_seconds=4.0)


def beat(place: Place) -> Command:
    return _celery("beat", "--schedule", str(place.directory / "celerybeat-schedule"))


def flower(ports: Ports) -> Command:
    return _celery("flower", f"--address={HOST}", f"--port={ports.flower}")


def web(ports: Ports) -> Command:
    address = ("--bind", f"{HOST}:{ports.web}")
    gunicorn = (sys.executable, "-m", "gunicorn", "backend.wsgi:application")
    return Command(name="web", arguments=(*gunicorn, *WEB, *address), stop_within_seconds=3.0)


def _celery(name: str, *options: str, stop_within_seconds: float = 2.0) -> Command:
    return Command(
        name=name,
        arguments=(sys.executable, "-m", "celery", "--app", "backend", name, *options),
        stop_within_seconds=stop_within_seconds,
    )

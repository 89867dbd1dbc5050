"""Smoke: the whole system on free ports and throw-away data, driven over HTTP by `manage.py smoke`."""

from rich.console import Console

from backend.stack import application
from backend.stack.interrupts import until_stopped
from backend.stack.launch import Launch
from backend.stack.place import Place
from backend.stack.ports import HOST, Ports
from backend.stack.supervisor import Supervisor

GATEWAY_LATENCY_SECONDS = 1
INTERRUPTED = 130


def smoke(console: Console) -> int:
    """Returns the exit code of `manage.py smoke`, which prints what it found."""
    place, ports = Place.throw_away(), Ports.free()
    with until_stopped(), Supervisor(place.directory, throw_away=place.temporary) as supervisor:
        launch = Launch(supervisor=supervisor, place=place, ports=ports, console=console)
        environment = launch.everything("--latency", str(GATEWAY_LATENCY_SECONDS))
        drive = application.manage("smoke", "--url", f"http://{HOST}:{ports.web}", shown=True)
        return supervisor.run(drive, environment).popen.returncode
    return INTERRUPTED

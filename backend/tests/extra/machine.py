"""One machine in the place of a network of containers: names become loopback, ports free ones, paths a directory.

Nothing else about a container's command, environment or health check is changed, but for what Debian's nginx does not
know yet (`resolve`, `http2 on`) and what an image brings along (PostgreSQL, Valkey: those of the wheels).
"""

import os
import re
import shutil
import socket
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from backend.stack.place import Place
from backend.stack.unprivileged import Programs, find_programs
from backend.stack.valkey import _program as valkey_server

HOST = "127.0.0.1"
NAMES = re.compile(r"\b(?:postgres|redis|app|flower|gateway):(\d+)(?: resolve)?")
LISTENED = (5432, 6379, 8000, 5555, 8025, 8026, 8080, 8443, 8081)


def needed(program: str) -> str:
    """Where the program is; a test whose tool is missing fails, and says where it comes from."""
    found = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    assert found, f"{program} is not installed: .ci/run installs what `make test-extra` needs, with apt-get"
    return found


def free_ports(number: int) -> list[int]:
    with ExitStack() as held:
        return [held.enter_context(socket.create_server((HOST, 0))).getsockname()[1] for _ in range(number)]


@dataclass(frozen=True)
class Machine:
    place: Place
    ports: dict[int, int] = field(default_factory=lambda: dict(zip(LISTENED, free_ports(len(LISTENED)), strict=True)))

    def __post_init__(self) -> None:
        self.bin.mkdir()
        self._shim("valkey-server", f'{valkey_server()} "$@" --bind {HOST} --port {self.ports[6379]} --dir {self.bin}')
        self._shim("valkey-cli", f'{needed("redis-cli")} -p {self.ports[6379]} "$@"')
        self._shim("pg_isready", f'{self.postgres.directory}/pg_isready --port={self.ports[5432]} "$@"')

    @property
    def bin(self) -> Path:
        return self.place.directory / "bin"

    @property
    def path(self) -> str:
        return f"{self.bin}:{Path(sys.executable).parent}:{os.environ['PATH']}"

    @property
    def postgres(self) -> Programs:
        return find_programs(self.place.sockets)

    def url(self, port: int, path: str = "/", scheme: str = "http") -> str:
        return f"{scheme}://{HOST}:{self.ports[port]}{path}"

    def directory_of(self, service: str) -> Path:
        directory = self.place.directory / service
        for name in ("tmp", "data"):
            (directory / name).mkdir(parents=True, exist_ok=True)
        return directory

    def here(self, text: str, service: str) -> str:
        """A word of a command, or a value of an environment, as it is on this machine."""
        text = NAMES.sub(lambda match: f"{HOST}:{self.ports[int(match[1])]}", text)
        text = re.sub(r"(?<![\d.])0\.0\.0\.0(?![\d.])", HOST, text)
        text = re.sub(rf"(?<={HOST}:)(\d+)", lambda match: str(self.ports.get(int(match[1]), match[1])), text)
        text = re.sub(r"(?:(?<==)|^)\d+$", lambda match: str(self.ports.get(int(match[0]), match[0])), text)
        root = self.directory_of(service)
        return re.sub(r"(?<![\w.])/(tmp|data)\b", lambda match: f"{root}/{match[1]}", text)

    def _shim(self, name: str, command: str) -> None:
        file = self.bin / name
        file.write_text(f"#!/bin/sh\nexec {command}\n")
        file.chmod(0o755)

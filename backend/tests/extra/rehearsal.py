"""Docker Compose's part: starts the services of a project in their order, each when what it needs is healthy."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from backend.stack.place import Place
from backend.stack.processes import Command, Process
from backend.stack.supervisor import Supervisor
from backend.stack.unprivileged import give_to
from backend.tests.deployment.compose import ROOT, load
from backend.tests.extra.machine import HOST, Machine
from backend.tests.extra.web_server import nginx

START_WITHIN_SECONDS = 60.0
STOP_WITHIN_SECONDS = 15.0


def read_template() -> dict[str, str]:
    """`cp .env.template .env`."""
    lines = (ROOT / ".env.template").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if re.match(r"[A-Z_]+=", line))


class Rehearsal:
    """A project's services as processes, by their names. `dotenv` is what .env says."""

    def __init__(self, files: tuple[str, ...], dotenv: Mapping[str, str], certificate: Path | None = None) -> None:
        self.services: dict[str, Any] = {
            name: one for name, one in load(files, dotenv)["services"].items() if "profiles" not in one
        }
        self.dotenv, self.certificate = dotenv, certificate
        self.machine = Machine(Place.throw_away())
        self.processes: dict[str, Process] = {}
        self._healthy: set[str] = set()

    @contextmanager
    def running(self, build: tuple[str, ...] = ()) -> Iterator["Rehearsal"]:
        """Everything is up and healthy. `build`: a command of manage.py that the image has run when it was built."""
        place = self.machine.place
        if build:
            self.manage(*build)
        with Supervisor(place.directory, throw_away=place.everything) as self.supervisor:
            for name in self._in_order():
                self._start(name)
            for name in self.services:
                self.wait_until_healthy(name)
            yield self

    def log(self, name: str) -> str:
        return self.processes[name].log.read_text(errors="replace")

    def manage(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """docker compose exec app python manage.py …"""
        done = subprocess.run(
            ["python", "manage.py", *arguments],
            cwd=ROOT, env={**self.environment("app"), **more}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    def environment(self, name: str) -> dict[str, str]:
        """As the container has it: .env, then what the service says itself; nothing of ours."""
        service, machine = self.services[name], self.machine
        said = dict(self.dotenv) if "env_file" in service else {}
        said |= {key: str(value) for key, value in service.get("environment", {}).items()}
        translated = {key: machine.here(value, name) for key, value in said.items()}
        own = {"PATH": machine.path, "PYTHONUNBUFFERED": "1", "DEMO_DIR": str(machine.directory_of(name) / "none")}
        # Where the container's gunicorn listens stands in its configuration.
        return {**translated, **own, "GUNICORN_CMD_ARGS": f"--bind {HOST}:{machine.ports[8000]}"}

    def is_healthy(self, name: str) -> bool:
        """What the service's own health check says."""
        kind, *words = self.services[name]["healthcheck"]["test"]
        words = [self.machine.here(word, name) for word in words]
        command = ["sh", "-c", words[0]] if kind == "CMD-SHELL" else words
        done = subprocess.run(command, env=self.environment(name), capture_output=True, check=False, cwd=ROOT)
        return done.returncode == 0

    def wait_until_healthy(self, name: str) -> None:
        if "healthcheck" not in self.services[name] or name in self._healthy:
            return
        deadline = time.monotonic() + START_WITHIN_SECONDS
        while not self.is_healthy(name):
            self.supervisor.refuse_dead()
            assert time.monotonic() < deadline, f"{name} did not become healthy:\n{self.processes[name].log_tail()}"
            time.sleep(0.2)
        self._healthy.add(name)

    def stop(self, name: str) -> float:
        """docker compose stop; the seconds that it took."""
        process, started = self.processes[name], time.monotonic()
        os.kill(process.popen.pid, getattr(signal, self.services[name].get("stop_signal", "SIGTERM")))
        process.popen.wait(STOP_WITHIN_SECONDS)
        self.supervisor.stop(process)
        self._healthy.discard(name)
        return time.monotonic() - started

    def start_again(self, name: str) -> None:
        self._start(name)
        self.wait_until_healthy(name)

    def _in_order(self) -> list[str]:
        order: list[str] = []
        while len(order) < len(self.services):
            for name, service in self.services.items():
                needs = [other for other in service.get("depends_on", {}) if other in self.services]
                if name not in order and set(needs) <= set(order):
                    order.append(name)
        return order

    def _start(self, name: str) -> None:
        for other, how in self.services[name].get("depends_on", {}).items():
            if how["condition"] == "service_healthy" and other in self.services:
                self.wait_until_healthy(other)
        command = self._command(name)
        if self.services[name].get("restart") == "no":  # a job
            process = self.supervisor.run(command, self.environment(name))
            assert process.popen.returncode == 0, process.log_tail()
        else:
            self.processes[name] = self.supervisor.start(command, self.environment(name))

    def _command(self, name: str) -> Command:
        service = self.services[name]
        if name == "nginx":
            return nginx(self.machine, service, self.certificate)
        if name == "postgres":
            return self._postgres(service)
        words = [self.machine.here(word, name) for word in service["command"]]
        entrypoint = [str(ROOT / "docker/entrypoint.sh")] if "build" in service else []
        return Command(name=name, arguments=(*entrypoint, *words), stop_within_seconds=STOP_WITHIN_SECONDS)

    def _postgres(self, service: dict[str, Any]) -> Command:
        """What the image's entrypoint does: a cluster, a user with a password, a database."""
        programs, said = self.machine.postgres, service["environment"]
        parent = self.machine.place.sockets
        give_to(programs.user, parent)
        (password := parent / "password").write_text(said["POSTGRES_PASSWORD"])
        password.chmod(0o644)
        data, port = parent / "data", str(self.machine.ports[5432])
        if not data.exists():
            initdb = programs.command(
                "initdb", "--pgdata", data, "--username", said["POSTGRES_USER"], "--auth=scram-sha-256",
                f"--pwfile={password}", "--no-sync", "--locale=C", "--encoding=UTF8",
            )  # fmt: skip
            made = self.supervisor.run(
                Command(name="initdb", arguments=initdb, user=programs.user), {"PATH": os.environ["PATH"]}
            )
            assert made.popen.returncode == 0, made.log_tail()
            create = f"CREATE DATABASE {said['POSTGRES_DB']};\n"
            single = programs.command("postgres", "--single", "-D", data, "postgres")
            subprocess.run([str(word) for word in single], input=create, text=True, capture_output=True, check=True)
        settings = ("-c", f"listen_addresses={HOST}", "-c", f"port={port}", "-k", parent, "-c", "fsync=off")
        return Command(
            name="postgres",
            arguments=(*programs.command("postgres", "-D", data, *settings), *service.get("command", [""])[1:]),
            stop_signal=signal.SIGINT,
            user=programs.user,
        )

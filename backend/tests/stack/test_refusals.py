"""What the demo refuses, before anything is started: one line, with the way out."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from backend.stack.demo import demo, reset, services
from backend.stack.errors import StackError
from backend.stack.ports import DEFAULTS, Ports
from backend.tests.stack.runs import run_stack


@pytest.mark.parametrize("variable", DEFAULTS)
def test_a_busy_port_is_told_by_the_name_of_its_variable(variable: str) -> None:
    free = Ports.free()
    chosen = dict(zip(DEFAULTS, map(str, (free.web, free.flower, free.gateway, free.mail)), strict=True))
    told = pytest.raises(StackError, match=f"port {chosen[variable]} is busy: set {variable}")
    with socket.create_server(("127.0.0.1", int(chosen[variable]))), told:
        Ports.chosen(chosen).refuse_busy()


def test_one_port_for_two_is_refused() -> None:
    with pytest.raises(StackError, match="DEMO_PORT"):
        Ports(web=18000, flower=18000, gateway=18025, mail=18026).refuse_busy()


def test_a_port_that_is_no_number_is_refused_by_name() -> None:
    with pytest.raises(StackError, match="DEMO_FLOWER_PORT is 'flower'"):
        Ports.chosen({"DEMO_FLOWER_PORT": "flower"})


def test_a_busy_port_ends_the_demo_with_one_line_and_nothing_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = run_stack("demo", tmp_path / "demo", DEMO_PORT=port)

    assert refused.returncode == 1
    assert refused.stdout.count("\n") == 1
    assert f"port {port} is busy: set DEMO_PORT" in refused.stdout
    assert not (tmp_path / "demo").exists()


@pytest.mark.parametrize("command", [demo, services])
def test_production_is_refused(
    command: Callable[[Console], int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEMO_DIR", str(tmp_path / "demo"))
    monkeypatch.setenv("ENVIRONMENT", "production")

    with pytest.raises(StackError, match="ENVIRONMENT is production"):
        command(Console())

    assert not (tmp_path / "demo").exists()


def test_a_directory_that_holds_other_things_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    monkeypatch.setenv("DEMO_DIR", str(tmp_path))

    for command in (services, reset):
        with pytest.raises(StackError, match="set DEMO_DIR"):
            command(Console())

    assert (tmp_path / "thesis.txt").exists()

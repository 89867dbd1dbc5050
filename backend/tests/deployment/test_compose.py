"""The compose files: what Compose makes of them is valid, named as promised, and gives nothing away."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from backend.stack.application import QUEUES
from backend.tests.deployment.compose import PRODUCTION, QUICK_START, ROOT, VariableMissing, load
from lessons.monitoring.queues import queue_names
from lessons.notifications.channels import REGISTRY

RUNBOOK = (ROOT / "docs/operations.md").read_text()
SECRETS = {
    "SECRET_KEY": "q8Zx" * 13,
    "ALLOWED_HOSTS": "school.example",
    "POSTGRES_PASSWORD": "apassword",
    "REDIS_PASSWORD": "bpassword",
    "FLOWER_BASIC_AUTH": "flower:cpassword",
    "SERVER_NAME": "school.example",
    "TLS_DIRECTORY": "./tls",
}
NAMES = ("nginx", "postgres", "redis", "app", "celery_worker", "celery_beat", "flower", "gateway")
JOBS = {"migrate", "seed"}
SCALED = ("app", "celery_worker", *(f"celery_worker_{channel}" for channel in REGISTRY))


@pytest.fixture(params=[QUICK_START, PRODUCTION], ids=["quick start", "production"])
def project(request: pytest.FixtureRequest) -> dict[str, Any]:
    return load(request.param, SECRETS)


@pytest.fixture
def production() -> dict[str, Any]:
    return load(PRODUCTION, SECRETS)


def of_ours(project: dict[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in project["services"].items() if one["image"].startswith("lesson-management")}


def tool(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def run(*arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(arguments, capture_output=True, text=True, check=False, cwd=ROOT, **more)


def test_it_is_what_the_compose_specification_asks_for(project: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "compose.json").write_text(json.dumps(project))

    checked = run(tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", str(tmp_path / "compose.json"))

    assert checked.returncode == 0, checked.stdout


def test_the_quick_starts_containers_have_their_names() -> None:
    services = load(QUICK_START, {})["services"]

    assert {services[name]["container_name"] for name in NAMES} == {f"lesson_{name}" for name in NAMES}


def test_the_quick_start_listens_on_port_80_and_shows_the_gateway_to_this_machine_alone() -> None:
    services = load(QUICK_START, {})["services"]
    published = {name: one["ports"] for name, one in services.items() if "ports" in one}

    assert published == {"nginx": ["80:8080"], "gateway": ["127.0.0.1:8025:8025"]}


def test_every_image_is_pinned_to_a_version(project: dict[str, Any]) -> None:
    foreign = [one["image"] for one in project["services"].values() if "build" not in one]

    assert foreign
    assert [image for image in foreign if not re.search(r":\d+\.\d+(\.\d+)?-[a-z-]+$", image)] == []


def test_postgresqls_data_lie_where_its_version_keeps_them(project: dict[str, Any]) -> None:
    postgres = project["services"]["postgres"]

    assert int(re.findall(r"postgres:(\d+)", postgres["image"])[0]) >= 18
    assert postgres["volumes"] == ["postgres:/var/lib/postgresql"]


def test_whoever_runs_for_long_has_a_health_check_and_is_started_again(project: dict[str, Any]) -> None:
    running = {name: one for name, one in project["services"].items() if name not in JOBS}

    assert [name for name, one in running.items() if "healthcheck" not in one] == []
    assert [name for name, one in running.items() if one.get("restart") != "unless-stopped"] == []
    assert {project["services"][job]["restart"] for job in JOBS & set(project["services"])} == {"no"}


def test_nobody_starts_before_what_they_need_is_healthy(project: dict[str, Any]) -> None:
    services = project["services"]
    needed = [(name, other, how) for name, one in services.items() for other, how in one.get("depends_on", {}).items()]

    for name, other, how in needed:
        is_optional = how.get("required") is False
        assert other in services, f"{name} needs {other}, which is not there"
        assert is_optional or "profiles" not in services[other]
        expected = "service_completed_successfully" if other in JOBS else "service_healthy"
        assert how["condition"] == expected
    assert {other for name, other, _ in needed if name == "app"} >= {"postgres", "redis", "migrate"}
    assert ("nginx", "app") in {(name, other) for name, other, _ in needed}


def test_our_containers_can_write_nowhere_but_where_they_should(project: dict[str, Any]) -> None:
    for name, one in of_ours(project).items():
        assert (one["read_only"], one["tmpfs"], one["cap_drop"]) == (True, ["/tmp"], ["ALL"]), name
        assert one["security_opt"] == ["no-new-privileges:true"], name


# --- Production -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_production_does_not_start_without(name: str) -> None:
    with pytest.raises(VariableMissing, match=f"^{name} should be "):
        load(PRODUCTION, {**SECRETS, name: ""})


def test_production_has_no_default_secret(production: dict[str, Any]) -> None:
    words = json.dumps(production)

    for secret in (":lessons@", "flower:flower", "change-me"):
        assert secret not in words
    elsewhere = {
        name for name, one in of_ours(production).items() if one["environment"].get("ENVIRONMENT") != "production"
    }
    assert elsewhere == set()


def test_production_publishes_nothing_but_nginx(production: dict[str, Any]) -> None:
    published = {name: one["ports"] for name, one in production["services"].items() if "ports" in one}

    assert published == {"nginx": ["80:8080", "443:8443"]}
    assert not {"seed", "gateway"} & set(production["services"])


def test_production_limits_everybody_and_rotates_their_logs(production: dict[str, Any]) -> None:
    for name, one in production["services"].items():
        assert set(one.get("deploy", {}).get("resources", {}).get("limits", ())) == {"cpus", "memory", "pids"}, name
        assert one["logging"]["options"] == {"max-size": "20m", "max-file": "5"}, name


def test_whoever_runs_in_production_is_set_up_for_it_in_its_file(production: dict[str, Any]) -> None:
    own = load((PRODUCTION[-1],), SECRETS)["services"]

    assert sorted(set(production["services"]) - set(own)) == []


def test_web_and_workers_can_be_scaled(production: dict[str, Any]) -> None:
    assert [name for name in SCALED if "container_name" in production["services"][name]] == []
    assert [name for name in SCALED if "profiles" in production["services"][name]] == []


def queues_of(service: dict[str, Any]) -> str:
    return str(service["command"][service["command"].index("--queues") + 1])


def test_the_quick_starts_worker_takes_from_every_queue() -> None:
    assert queues_of(load(QUICK_START, SECRETS)["services"]["celery_worker"]) == ",".join(QUEUES)


def test_each_queue_has_workers_of_its_own(production: dict[str, Any]) -> None:
    queues = [queues_of(production["services"][name]) for name in SCALED if name != "app"]

    assert sorted(queues) == sorted(queue_names(REGISTRY))


def test_the_runbook_updates_and_stops_every_worker() -> None:
    commands = re.findall(r"prod (?:up -d --no-deps|stop)[^`\n]* celery_worker [^`\n]*", RUNBOOK)

    assert len(commands) == 2
    for command in commands:
        assert {name for name in SCALED if name != "app"} <= set(command.split()), command


def test_nobody_is_root_and_postgres_and_redis_have_passwords(production: dict[str, Any]) -> None:
    services = production["services"]

    assert services["postgres"]["user"] == services["redis"]["user"] == "999:999"
    assert [name for name in ("postgres", "redis", "nginx") if not services[name]["read_only"]] == []
    assert "unprivileged" in services["nginx"]["image"]
    assert "--requirepass" in services["redis"]["command"][-1]
    for one in of_ours(production).values():
        assert one["environment"]["REDIS_URL"] == "redis://:bpassword@redis:6379/0"


def test_a_worker_is_given_longer_to_stop_than_a_task_may_take(project: dict[str, Any]) -> None:
    workers = [one for name, one in project["services"].items() if name.startswith("celery_worker")]

    assert workers
    assert {one["stop_grace_period"] for one in workers} == {"75s"}


# --- The image ------------------------------------------------------------------------------------


def test_the_dockerfile_has_no_fault() -> None:
    checked = run(tool("hadolint"), "docker/Dockerfile")

    assert checked.returncode == 0, checked.stdout


def test_the_scripts_have_no_fault() -> None:
    checked = run(tool("shellcheck"), "docker/entrypoint.sh", ".ci/run")

    assert checked.returncode == 0, checked.stdout


def test_the_image_is_pinned_slim_unprivileged_labelled_and_without_a_compiler() -> None:
    text = (ROOT / "docker/Dockerfile").read_text()
    final = text[text.rindex("\nFROM ") :]

    assert len(set(re.findall(r"^FROM (python:3\.11\.\d+-slim-\w+) AS", text, re.MULTILINE))) == 1
    assert "--require-hashes --only-binary :all:" in text
    assert not re.search(r"apt-get|gcc|build-essential", text)
    assert final.index("\nUSER 10001:10001\n") < final.index("\nENTRYPOINT")
    assert {"title", "description", "version", "revision", "licenses"} <= set(re.findall(r"image\.(\w+)=", final))
    assert "HEALTHCHECK" in final


def test_the_image_has_every_file_that_the_application_reads(tmp_path: Path) -> None:
    """What the Dockerfile copies, and no more, is enough to start: as .dockerignore lets it."""
    text = (ROOT / "docker/Dockerfile").read_text()
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for line in re.findall(r"^COPY (?!--from)(.+)$", text[text.index(" AS application") :], re.MULTILINE):
        *sources, target = line.split()
        for source in sources:
            assert any(source == path or source.startswith(f"{path}/") for path in let_in), source
            _copy(ROOT / source, tmp_path / target, is_directory=target.endswith("/"))
    environment = {"ENVIRONMENT": "development", "SECRET_KEY": "image", "DEMO_DIR": str(tmp_path)}
    environment |= {"DATABASE_URL": "postgres://a:b@nowhere/c", "REDIS_URL": "redis://nowhere/0"}

    checked = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stderr


def _copy(source: Path, target: Path, *, is_directory: bool) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "tests"))
    else:
        place = target / source.name if is_directory else target
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, place)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"SECRET_KEY_FILE": "{file}"}, "SECRET_KEY=from a file"),
        ({"SECRET_KEY": "plain"}, "SECRET_KEY=plain"),
        ({"REDIS_URL_FILE": "{file}"}, "REDIS_URL=from a file"),
    ],
)
def test_a_secret_may_come_as_a_file(given: dict[str, str], expected: str, tmp_path: Path) -> None:
    (file := tmp_path / "secret").write_text("from a file\n")
    environment = {name: value.format(file=file) for name, value in given.items()} | {"PATH": "/usr/bin:/bin"}

    shown = run("docker/entrypoint.sh", "env", env=environment)

    assert expected in shown.stdout.splitlines()


def test_a_secrets_file_that_is_not_there_stops_the_start() -> None:
    stopped = run("docker/entrypoint.sh", "env", env={"SECRET_KEY_FILE": "/nowhere", "PATH": "/usr/bin:/bin"})

    assert (stopped.returncode, stopped.stdout) == (1, "")
    assert stopped.stderr == "SECRET_KEY_FILE is /nowhere: it should be a file that can be read\n"

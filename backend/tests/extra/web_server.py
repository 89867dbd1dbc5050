"""Debian's nginx, with the configuration that the container gets: mounted, and its templates filled in."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from backend.stack.processes import Command
from backend.tests.deployment.compose import ROOT
from backend.tests.extra.machine import HOST, Machine, needed

NOT_KNOWN_YET = {"HTTP2": ""}  # nginx 1.22 says it in another way, and the container's does not need to be told


def nginx(machine: Machine, service: dict[str, Any], certificate: Path | None = None) -> Command:
    """What starts it, after `nginx -t` found nothing."""
    root = machine.directory_of("nginx")
    etc = root / "etc"
    (etc / "conf.d").mkdir(parents=True)
    for volume in service["volumes"]:
        source, target, *_ = volume.split(":")
        _mount(ROOT / source, etc / Path(target).relative_to("/etc/nginx"), certificate)
    environment = {
        name: NOT_KNOWN_YET.get(name, machine.here(value, "nginx")) for name, value in service["environment"].items()
    }
    for template in (etc / "templates").iterdir():
        _fill(template, etc / "conf.d" / template.stem, environment)
    for file in etc.rglob("*.conf"):
        file.write_text(_moved(file.read_text(), machine))
    as_root = ("user root; " if os.geteuid() == 0 else "") + "daemon off;"
    arguments = (needed("nginx"), "-p", str(etc), "-c", str(etc / "nginx.conf"), "-g", as_root)
    tried = subprocess.run([*arguments, "-t"], capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr
    return Command(name="nginx", arguments=arguments)


def _mount(source: Path, target: Path, certificate: Path | None) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.name == "tls":
        assert certificate is not None
        shutil.copytree(certificate, target)
    elif source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copy(source, target)


def _fill(template: Path, target: Path, environment: dict[str, str]) -> None:
    """As the image's own script does: these variables, and none of nginx's."""
    names = " ".join(f"${{{name}}}" for name in environment)
    filled = subprocess.run(
        [needed("envsubst"), names],
        input=template.read_text(),
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    target.write_text(filled.stdout)


def _moved(text: str, machine: Machine) -> str:
    for port in (8080, 8443, 8081):
        text = text.replace(f"listen {port}", f"listen {HOST}:{machine.ports[port]}")
        text = text.replace(f"listen {HOST}:{port}", f"listen {HOST}:{machine.ports[port]}")
    return text.replace(" /tmp/", f" {machine.directory_of('nginx')}/tmp/")


def self_signed(directory: Path, name: str) -> Path:
    """A certificate for `name`, as production finds it in TLS_DIRECTORY."""
    directory.mkdir()
    subprocess.run(
        [needed("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", f"/CN={name}",
         "-addext", f"subjectAltName=DNS:{name}", "-keyout", directory / "privkey.pem",
         "-out", directory / "fullchain.pem"],
        capture_output=True, check=True,
    )  # fmt: skip
    return directory

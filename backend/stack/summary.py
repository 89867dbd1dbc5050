"""What the demo tells whoever started it: where everything is, and who may log in."""

from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from backend.stack.place import Place
from backend.stack.ports import HOST, Ports

PASSWORD = "demo-pass-1"  # noqa: S105 - the demo's, told to everybody  # nosec B105
PAGES = {
    "Site": "/",
    "Admin": "/admin/",
    "Swagger": "/swagger/",
    "ReDoc": "/redoc/",
    "API": "/api/v1/",
}
LOGINS = {
    "root": ("root", "admin"),
    "manager_1": (PASSWORD, "manager"),
    "teacher_1 … teacher_5": (PASSWORD, "teachers"),
    "student_1 … student_5": (PASSWORD, "students"),
}


def print_demo(console: Console, ports: Ports, logs: Path) -> None:
    """The addresses and logins of a running demo."""
    addresses = _grid()
    for name, path in PAGES.items():
        addresses.add_row(name, f"http://{HOST}:{ports.web}{path}")
    addresses.add_row("Flower", f"http://{HOST}:{ports.flower}/")
    addresses.add_row("SMS and e-mails", f"http://{HOST}:{ports.gateway}/")
    addresses.add_row("Mail sink", f"smtp://{HOST}:{ports.mail}")
    logins = _grid()
    for name, (password, role) in LOGINS.items():
        logins.add_row(name, password, f"[dim]{role}[/]")
    console.print(Panel.fit(addresses, title="Lesson Management System", border_style="green"))
    console.print(Panel.fit(logins, title="Logins", border_style="green"))
    console.print(f"Logs are in {logs}. Ctrl-C stops everything and keeps the data.", highlight=False, soft_wrap=True)
    console.print("What is being delivered:", style="bold")


def print_services(console: Console, place: Place) -> None:
    """What to do beside the running services."""
    for line in (
        f"While this runs, manage.py finds its settings in {place.services_file}:",
        "  .venv/bin/python manage.py migrate",
        "  .venv/bin/python manage.py runserver",
        "Ctrl-C stops the services and keeps the data.",
    ):
        console.print(line, highlight=False, soft_wrap=True)


def _grid() -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(no_wrap=True)
    return grid

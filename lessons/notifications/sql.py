"""Running the statements of this room: plain SQL with named parameters, rows as dictionaries or tuples."""

from typing import Any

from django.db import connection


def execute(statement: str, **parameters: Any) -> int:
    """Run it; the number of rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.rowcount)


def fetch(statement: str, **parameters: Any) -> list[tuple[Any, ...]]:
    """Run it; the rows it returns."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())

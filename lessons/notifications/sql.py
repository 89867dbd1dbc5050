"""Running plain SQL with named parameters, for who writes, watches or plans by statements of their own."""

from typing import Any

from django.db import connection


def execute(statement: str, **parameters: Any) -> int:
    """Run it; the number of rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.rowcount)


def fetch(statement: str, **parameters: Any) -> list[tuple[Any, ...]]:
    """Run it; the rows it returns, as tuples."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())

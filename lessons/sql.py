"""Running plain SQL with named parameters, for who writes, watches or plans by statements of their own."""

from collections.abc import Iterable
from typing import Any

from django.db import connection


def array_of(numbers: Iterable[int]) -> str:
    """A parameter for an array of numbers, as one literal. A list would be written, and read, as one expression per
    element: ten times as long."""
    return f"{{{','.join(map(str, numbers))}}}"


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

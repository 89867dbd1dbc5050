"""A school in which nothing has happened yet: each example of a machine begins with one."""

from django.db import connection

# What points at other rows goes first. The people stay: no rule changes who they are.
IN_ORDER = (
    "redelivery",
    "deliveryattempt",
    "delivery",
    "dispatch",
    "chordrun",
    "channel",
    "lessonevent",
    "booking",
    "lesson_students",
    "lesson",
)


def forget_everything() -> None:
    """Deletes every lesson and what came of it. By raw SQL: history cannot be deleted by code of ours."""
    with connection.cursor() as cursor:
        cursor.execute(";".join(f"DELETE FROM lessons_{table}" for table in IN_ORDER))

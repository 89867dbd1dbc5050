"""The rows' own judges: silent about a whole history, and each finds what it is there for."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from lessons.invariants import INVARIANTS, broken
from lessons.models import User
from lessons.notifications.expand import expand
from lessons.tests.people import cancelled, completed, draft, in_days, scheduled

pytestmark = pytest.mark.django_db

# What would break each of them, in their order: raw SQL, as no code of ours could.
HARM = (
    "UPDATE lessons_lesson SET version = version + 1 WHERE status = 'draft'",
    "UPDATE lessons_lesson SET status = 'draft' WHERE status = 'cancelled'",
    "DELETE FROM lessons_dispatch WHERE expanded_at IS NULL",
    "DELETE FROM lessons_booking WHERE id = (SELECT min(id) FROM lessons_booking)",
    None,  # the constraint would have to be gone
    "UPDATE lessons_delivery SET lesson_id = (SELECT max(id) FROM lessons_lesson)",
    "UPDATE lessons_delivery SET attempt_count = 1",
    "UPDATE lessons_delivery SET state = 'sent'",
    "UPDATE lessons_dispatch SET settled_at = now() WHERE expanded_at IS NOT NULL",
)


@pytest.fixture
def _a_history(alice: User, bob: User, carol: User) -> None:
    scheduled(alice, bob)
    completed(alice, bob, carol, at=in_days(2))
    cancelled(alice, carol, at=in_days(3))
    expand()
    draft(alice, bob, at=in_days(4))


@pytest.mark.usefixtures("_a_history")
def test_a_whole_history_breaks_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(broken()) == []

    call_command("check_invariants")

    assert capsys.readouterr().out.count("holds") == len(INVARIANTS)


@pytest.mark.usefixtures("_a_history")
@pytest.mark.parametrize(
    ("invariant", "harm"),
    [(invariant, harm) for invariant, harm in zip(INVARIANTS, HARM, strict=True) if harm],
    ids=lambda value: getattr(value, "name", ""),
)
def test_it_finds(invariant: object, harm: str, capsys: pytest.CaptureFixture[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(harm)

    assert invariant.name in {one.name for one in broken()}  # type: ignore[attr-defined]
    with pytest.raises(CommandError, match="do not hold"):
        call_command("check_invariants")
    assert "BROKEN" in capsys.readouterr().out


@pytest.mark.usefixtures("_a_history")
def test_it_finds_somebody_in_two_places() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE lessons_booking DROP CONSTRAINT booking_no_overlap")
        cursor.execute("UPDATE lessons_booking SET during = tstzrange('2030-01-01', '2030-01-02')")

    assert "nobody is in two places at once" in {one.name for one in broken()}

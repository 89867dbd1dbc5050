"""The lists and the monitor read by their indexes where the planner has to choose: no walk through all lessons."""

from datetime import timedelta

import pytest
from django.contrib import admin
from django.db import connection
from django.test import RequestFactory

from lessons.admin.paginator import CappedPaginator
from lessons.models import Lesson, User
from lessons.monitoring.channels import FIGURES
from lessons.monitoring.runs import LOST

pytestmark = pytest.mark.django_db

MANY = """
INSERT INTO lessons_lesson
       (title, description, teacher_id, start_time, end_time, status, version, created_at, updated_at)
SELECT 'Lesson ' || n, '', (SELECT min(id) FROM lessons_user WHERE role = 'teacher'), now() + n * interval '1 hour',
       now() + (n + 1) * interval '1 hour', 'draft', 1, now(), now()
  FROM generate_series(1, 20000) n
"""


@pytest.fixture
def _many_lessons(alice: User, anna: User, bob: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute(MANY)
        cursor.execute(
            "INSERT INTO lessons_lesson_students (lesson_id, user_id) "
            "SELECT id, %s FROM lessons_lesson ORDER BY id LIMIT 20",
            [bob.pk],
        )
        cursor.execute("ANALYZE lessons_lesson, lessons_lesson_students, lessons_user")


def listed(maria: User, **query: str) -> object:
    """What the list would read, in its order."""
    request = RequestFactory().get("/", query)
    request.user = maria
    return admin.site._registry[Lesson].get_changelist_instance(request).get_queryset(request)


@pytest.mark.usefixtures("_many_lessons")
@pytest.mark.parametrize("filtered", ["nothing", "status", "day", "week", "teacher", "student", "title", "name"])
def test_a_page_of_the_list_is_read_by_an_index(maria: User, anna: User, bob: User, filtered: str) -> None:
    query = {
        "nothing": {},
        "status": {"status__exact": "scheduled"},
        "day": {"on": "2027-05-04"},
        "week": {"on": "2027-05-04", "span": "week"},
        "teacher": {"teacher__id__exact": str(anna.pk)},
        "student": {"students__id__exact": str(bob.pk)},
        "title": {"q": "19999"},
        "name": {"q": "Anna"},
    }[filtered]
    rows = listed(maria, **query)

    assert "Seq Scan on lessons_lesson " not in rows[:51].explain()  # type: ignore[index]


@pytest.mark.usefixtures("_many_lessons")
def test_no_page_waits_for_other_processes_to_be_started(maria: User) -> None:
    """Of a million the planner expects so many with any beginning of a word that it would call for help."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL parallel_setup_cost = 0; SET LOCAL parallel_tuple_cost = 0")
        cursor.execute("SET LOCAL min_parallel_table_scan_size = 0; SET LOCAL min_parallel_index_scan_size = 0")

    assert "Gather" not in listed(maria, q="Lesson").explain()  # type: ignore[attr-defined]


@pytest.mark.usefixtures("_many_lessons")
def test_teachers_are_looked_for_among_the_staff() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO lessons_user (username, password, full_name, role, email, phone, language, time_zone,"
            " muted_channels, is_active, is_staff, is_superuser, date_joined) SELECT 'student_' || n, '', '',"
            " 'student', '', '', 'en', 'UTC', '{}', true, false, false, now() FROM generate_series(1, 5000) n"
        )
        cursor.execute("ANALYZE lessons_user")

    assert "user_of_staff" in User.objects.filter(role="teacher", full_name__icontains="anna").explain()


@pytest.mark.usefixtures("_many_lessons")
def test_counting_stops(maria: User) -> None:
    pages = CappedPaginator(listed(maria), 50)

    assert (pages.count, pages.is_capped, pages.num_pages) == (10_000, True, 200)


def test_the_monitor_reads_partial_indexes_alone() -> None:
    """However the planner is minded: without walks it has an index for every part."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for statement, parameters in (
            (FIGURES, {"names": ["sms"], "limit": 10}),
            (LOST, {"within": timedelta(days=1), "limit": 10}),
        ):
            cursor.execute(f"EXPLAIN {statement}", parameters)
            plan = "\n".join(row[0] for row in cursor.fetchall())
            assert "Seq Scan on lessons_delivery " not in plan
            assert "Seq Scan on lessons_chordrun" not in plan

"""Requests by route, transitions by outcome: counted where they happen."""

import pytest
from django.test import Client

from backend.tests.metrics.scrape import Scrape
from lessons import lifecycle
from lessons.models import User
from lessons.tests.people import draft

pytestmark = pytest.mark.django_db


def requests_at(route: str, status: int) -> float:
    return Scrape().value("lessons_http_requests_total", method="GET", route=route, status=str(status)) or 0.0


def test_requests_are_counted_by_route_and_status() -> None:
    before = requests_at("api/v1/me/", 401)

    Client().get("/api/v1/me/")

    assert requests_at("api/v1/me/", 401) == before + 1
    assert (Scrape().value("lessons_http_request_seconds_count", route="api/v1/me/") or 0) >= 1


def test_addresses_that_somebody_makes_up_are_one_series() -> None:
    Client().get("/wp-login.php")
    Client().generic("BREW", "/wp-login.php")
    known = Scrape().series("lessons_http_requests_total")

    for path in ("/a", "/b"):
        Client().get(path)
    Client().generic("BREW", "/c")

    assert [one for one in Scrape().series("lessons_http_requests_total") if one not in known] == []
    assert "unknown" in {one["route"] for one in known}


def transitions(name: str, outcome: str) -> float:
    return Scrape().value("lessons_transitions_total", transition=name, outcome=outcome) or 0.0


def test_transitions_are_counted_by_name_and_outcome(alice: User, bob: User) -> None:
    lesson = draft(alice, bob)
    before = transitions("schedule", "done"), transitions("complete", "not_allowed"), transitions("cancel", "not_found")

    lifecycle.schedule_lesson(lesson_id=lesson.pk, actor=alice)
    with pytest.raises(lifecycle.TransitionRefused):
        lifecycle.complete_lesson(lesson_id=lesson.pk, actor=alice)
    with pytest.raises(lifecycle.LessonNotFound):
        lifecycle.cancel_lesson(lesson_id=0, actor=alice)

    after = transitions("schedule", "done"), transitions("complete", "not_allowed"), transitions("cancel", "not_found")
    assert after == tuple(number + 1 for number in before)

"""Problems in the reader's language: all that the API says is there in Russian; machine codes are the same in both."""

import re
from typing import Any

import polib
import pytest
from django.conf import settings
from rest_framework.test import APIClient

from lessons.models import Delivery, User
from lessons.notifications.expand import expand
from lessons.tests.api.client import LESSONS, api, lesson_body, problem, url
from lessons.tests.people import completed, draft, scheduled, tomorrow

pytestmark = pytest.mark.django_db

CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)
CATALOGUE = settings.BASE_DIR / "lessons" / "locale" / "ru" / "LC_MESSAGES"


def russian(person: User | None) -> APIClient:
    return api(person, HTTP_ACCEPT_LANGUAGE="ru,en;q=0.5")


def test_refusals_of_every_kind_are_told_in_russian(alice: User, bob: User, carol: User) -> None:
    scheduled(alice, bob, at=tomorrow(15))
    lessons = {"draft": draft(alice), "finished": completed(alice, bob), "clashing": draft(alice, bob, at=tomorrow(15))}
    expand()
    client, key = russian(alice), {"Idempotency-Key": "one"}
    client.post(LESSONS, lesson_body(bob), headers=key)
    delivery = Delivery.objects.earliest("pk")
    told: list[tuple[int, str, Any]] = [
        (400, "invalid", client.post(LESSONS, lesson_body(title="", start_time="2027-09-01T10:00:00", no=1))),
        (400, "parse_error", client.post(LESSONS, b"{", content_type="application/json")),
        (400, "invalid", client.get(LESSONS, {"page_size": 101})),
        (400, "invalid", client.post(LESSONS, {}, headers={"Idempotency-Key": ""})),
        (400, "invalid", client.patch("/api/v1/me/", {"photo": "a.jpg"})),
        (401, "not_authenticated", russian(None).get(LESSONS)),
        (401, "no_active_account", russian(None).post("/api/v1/auth/token/", {"username": "x", "password": "y"})),
        (401, "token_not_valid", russian(None).post("/api/v1/auth/token/refresh/", {"refresh": "x"})),
        (403, "permission_denied", russian(bob).post(LESSONS, {})),
        (404, "not_found", russian(carol).get(url(lessons["draft"]))),
        (404, "not_found", client.get("/api/v1/lessons")),
        (405, "method_not_allowed", client.put(LESSONS, {})),
        (409, "condition_unmet", client.post(url(lessons["draft"], "schedule"))),
        (409, "transition_not_allowed", client.post(url(lessons["finished"], "start"))),
        (409, "not_editable", client.patch(url(lessons["finished"]), {"title": "Geometry"})),
        (409, "slot_conflict", client.post(url(lessons["clashing"], "schedule"))),
        (409, "not_dead", client.post(f"/api/v1/deliveries/{delivery.pk}/redeliver/")),
        (409, "nothing_to_redeliver", client.post(f"/api/v1/dispatches/{delivery.dispatch_id}/redeliver/")),
        (412, "version_mismatch", client.post(url(lessons["draft"], "cancel"), headers={"If-Match": '"x"'})),
        (415, "unsupported_media_type", client.post(LESSONS, b"a", content_type="text/plain")),
        (422, "idempotency_mismatch", client.post(LESSONS, {}, headers=key)),
    ]

    for status, code, response in told:
        body = problem(response, status, code)
        assert all(CYRILLIC.search(error["detail"]) for error in body["errors"]), body
        assert response["Content-Language"] == "ru"


def test_what_is_blocked_is_explained_in_russian(alice: User) -> None:
    blocked = russian(alice).get(url(draft(alice))).json()["blocked_transitions"]

    assert blocked
    assert all(CYRILLIC.search(one["reason"]) and one["code"].isascii() for one in blocked)


def test_other_languages_read_english(alice: User) -> None:
    body = problem(api(alice, HTTP_ACCEPT_LANGUAGE="fr").get(f"{LESSONS}0/"), 404, "not_found")

    assert body["detail"].isascii()


def test_the_compiled_catalogue_is_that_of_the_source() -> None:
    source, compiled = polib.pofile(CATALOGUE / "django.po"), polib.mofile(CATALOGUE / "django.mo")

    assert {entry.msgid: entry.msgstr or entry.msgstr_plural for entry in source} == {
        entry.msgid: entry.msgstr or entry.msgstr_plural for entry in compiled
    }

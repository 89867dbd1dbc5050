"""One transition for many lessons: each on its own, each with its result."""

import re

import pytest
from django.http import HttpResponse
from django.test import Client

from lessons import lifecycle
from lessons.admin import bulk
from lessons.models import Lesson, Status, User
from lessons.tests.admin.conftest import logged_in
from lessons.tests.admin.pages import list_of, log_of, told
from lessons.tests.people import cancelled, draft, in_days, scheduled
from lessons.tests.rows import history, nothing_written

pytestmark = pytest.mark.django_db


def choose(client: Client, name: str, *lessons: Lesson) -> HttpResponse:
    """The list's action, for the chosen lessons: the page that asks."""
    return client.post(list_of(Lesson), {"action": f"bulk_{name}", "_selected_action": [one.pk for one in lessons]})


def send(
    client: Client, name: str, *lessons: Lesson, headers: dict[str, str] | None = None, **more: str
) -> HttpResponse:
    chosen = [f"{lesson.pk}:{lesson.version}" for lesson in lessons]
    return client.post(f"/admin/lessons/lesson/bulk/{name}/", {"lesson": chosen, **more}, headers=headers)


def results(response: HttpResponse) -> list[str]:
    """What the row of each lesson says, without its markup."""
    cells = re.findall(r'<td class="result">(.*?)</td>', response.content.decode(), re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in cells]


def test_it_says_what_would_be_refused_and_asks_first(marias: Client, alice: User, bob: User) -> None:
    lessons = draft(alice, bob), draft(alice), cancelled(alice, bob)

    with nothing_written():
        response = choose(marias, "schedule", *lessons)

    assert sorted(results(response)) == [
        "will be done",
        "will be refused: The lesson has no students; add at least one.",
        "will be refused: The lesson is cancelled.",
    ]


def test_each_lesson_has_its_result_and_one_refusal_stops_nobody(
    marias: Client, maria: User, alice: User, anna: User, bob: User, carol: User
) -> None:
    good, clash, other = draft(alice, bob), draft(anna, bob, title="Drama"), draft(anna, carol, at=in_days(4))

    response = send(marias, "schedule", good, clash, other)

    assert [Lesson.objects.get(pk=one.pk).status for one in (good, clash, other)] == ["scheduled", "draft", "scheduled"]
    assert results(response)[0] == results(response)[2] == "done"
    assert "refused Bob is already booked" in results(response)[1]
    assert "2 lessons done, 1 refused." in response.content.decode()
    assert len(log_of(maria)) == 2


def test_a_reason_is_told_with_every_cancellation(marias: Client, alice: User, bob: User) -> None:
    lessons = [scheduled(alice, bob, at=in_days(n)) for n in (2, 3)]

    send(marias, "cancel", *lessons, reason="the school is closed")

    assert {one.events.latest("id").reason for one in lessons} == {"the school is closed"}


def test_what_a_colleague_has_changed_meanwhile_is_refused(marias: Client, alice: User, bob: User) -> None:
    lesson = draft(alice, bob)
    lifecycle.update_lesson(lesson_id=lesson.pk, actor=alice, edit=lifecycle.Edit(title="Geometry"))

    response = send(marias, "schedule", lesson)

    assert "has changed since you opened the page" in results(response)[0]
    assert history(lesson) == ["created", "updated"]


def test_sent_twice_it_is_done_once(marias: Client, alice: User, bob: User) -> None:
    lesson = draft(alice, bob)

    send(marias, "schedule", lesson)
    second = send(marias, "schedule", lesson)

    assert results(second)[0].startswith("refused")
    assert history(lesson) == ["created", "scheduled"]


def test_the_script_gets_the_rows_alone(marias: Client, alice: User, bob: User) -> None:
    response = send(marias, "schedule", draft(alice, bob), headers={"X-Requested-With": "fetch"})

    assert response.content.decode().lstrip().startswith("<tr id=")
    assert results(response) == ["done"]


def test_a_page_says_how_a_long_selection_is_cut_short(
    marias: Client, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST_LESSONS", 1)

    response = choose(marias, "schedule", draft(alice, bob), draft(alice, bob))

    assert "More than 1 lessons at once" in told(response)


def test_a_teacher_with_staff_access_moves_their_own_lessons_only(alice: User, anna: User, bob: User) -> None:
    own, other = draft(alice, bob), draft(anna, bob, at=in_days(3))
    User.objects.filter(pk=alice.pk).update(is_staff=True)

    response = send(logged_in(alice), "schedule", own, other)

    assert results(response) == ["done"]
    assert Lesson.objects.get(pk=other.pk).status == Status.DRAFT


def test_a_student_with_staff_access_moves_nothing(alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)
    User.objects.filter(pk=bob.pk).update(is_staff=True)

    with nothing_written():
        assert send(logged_in(bob), "start", lesson).status_code == 403
        choose(logged_in(bob), "start", lesson)


@pytest.mark.parametrize("name", ["reschedule", "delete", "save"])
def test_what_is_not_offered_in_bulk_is_not_found(marias: Client, alice: User, bob: User, name: str) -> None:
    lesson = scheduled(alice, bob)

    with nothing_written():
        assert send(marias, name, lesson).status_code == 404


@pytest.mark.parametrize("chosen", [["abc"], ["9" * 40], ["-1"], ["²"], [""], ["0"], []])
def test_what_is_no_lesson_is_left_out(marias: Client, chosen: list[str]) -> None:
    response = marias.post("/admin/lessons/lesson/bulk/start/", {"lesson": chosen})

    assert response.status_code == 200
    assert results(response) == []


def test_an_address_that_is_only_opened_moves_nothing(marias: Client) -> None:
    assert marias.get("/admin/lessons/lesson/bulk/start/").headers["Location"] == list_of(Lesson)


def test_a_page_of_another_site_moves_nothing(maria: User, alice: User, bob: User) -> None:
    lesson = scheduled(alice, bob)
    client = Client(enforce_csrf_checks=True)
    client.force_login(maria)

    with nothing_written():
        assert send(client, "start", lesson).status_code == 403

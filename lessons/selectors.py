"""Reads, with the right joins and within what the reader may see."""

from functools import reduce
from operator import or_

from django.db import connection
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from lessons import policies
from lessons.events import EventName
from lessons.models import Lesson, LessonEvent, Status, User, taking_part, title_has
from lessons.models.lesson import TRANSITIONS, Obstacle
from lessons.models.title_words import HAVING_WORD, words_of
from lessons.policies import Relation, Right, Role

FEW = 5000  # lessons: as long to sort as it takes to meet a page of so many among a million
NOT_YOURS = Obstacle("permission_denied", _("This is for the lesson's teacher and for managers."))


def visible_lessons(person: User) -> QuerySet[Lesson]:
    """The lessons that `person` may know of."""
    lessons = Lesson.objects.all()
    if policies.sees_everything(person):
        return lessons
    attended = Lesson.students.through.objects.filter(user_id=person.pk).values("lesson_id")
    own = {Relation.TEACHES: Q(teacher_id=person.pk), Relation.ATTENDS: Q(pk__in=attended)}
    rights = policies.RIGHTS[Role(person.role)]
    return lessons.filter(reduce(or_, (own[relation] for relation in own if Right.READ in rights[relation])))


def lessons_to_list(person: User, *, search: str | None = None) -> QuerySet[Lesson]:
    """The same, for pages of them, or of what a search finds among them.

    Who only teaches, as most teachers do, has theirs by one walk of an index.
    That one of two conditions holds no index answers in order; a new teacher's five of a million would be looked for
    among all of them.
    """
    if search is not None:  # few, or met on any walk
        return visible_lessons(person).filter(has_in_title(search))
    attended = Lesson.students.through.objects.filter(user_id=person.pk)
    if Role(person.role) in policies.TEACHING_ROLES and not attended.exists():
        return Lesson.objects.filter(teacher_id=person.pk)
    return visible_lessons(person)


def has_in_title(text: str) -> Q:
    """Each word of `text` begins a word of the lesson's title.

    A rare word is looked up, a frequent one is met often enough on the walk of the list's own index. The planner cannot
    tell them apart: it takes every beginning of a word for two per cent of all.
    """
    found = _few_with(text)
    return title_has(text) if found is None else Q(pk__in=found)


def _few_with(text: str) -> list[int] | None:
    """The ids of the lessons found, or None for more than FEW.

    The index gathers all of them before it yields the first. What ANALYZE knows to be many is therefore not looked up;
    where it errs, that costs time, and changes nothing of what is found.
    """
    words = words_of(text)
    if not words:
        return []
    sql, parameters = Lesson.objects.filter(title_has(text)).values("pk")[: FEW + 1].query.sql_with_params()
    only_word = words[0].lower() if len(words) == 1 else None  # how often words come together nobody counts
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT CASE WHEN ({HAVING_WORD}) > %s THEN NULL ELSE ARRAY({sql}) END", [only_word, FEW, *parameters]
        )
        found: list[int] | None = cursor.fetchone()[0]
    return None if found is None or len(found) > FEW else found


def with_people(lessons: QuerySet[Lesson]) -> QuerySet[Lesson]:
    """With teacher and students, in one more query whatever the number of lessons."""
    students = Prefetch("students", queryset=User.objects.only(*taking_part.FIELDS).order_by("id"))
    return lessons.select_related("teacher").prefetch_related(students)


def load_people(lesson: Lesson) -> Lesson:
    """The same for a lesson that is there already; the life cycle may have loaded them, too."""
    return lesson if taking_part.has_people(lesson) else taking_part.load_people(lesson)


def available_transitions(lesson: Lesson, person: User) -> list[str]:
    """What `person` may do with `lesson` now, in the order of a lesson's life. A clash is found only on doing."""
    possible = {transition.name for transition in lesson.get_available_user_status_transitions(person)}  # type: ignore[attr-defined]
    return [name for name in TRANSITIONS if name in possible]


def blocked_transitions(lesson: Lesson, person: User) -> dict[str, Obstacle]:
    """What `person` may not do with `lesson` now, and why."""
    blocked, relation = {}, lesson.relation_of(person)
    for name in TRANSITIONS:
        if not policies.has_right(person, Right(name), relation):
            blocked[name] = NOT_YOURS
        elif obstacle := lesson.obstacle_to(name):
            blocked[name] = obstacle
    return blocked


def lesson_history(lesson: Lesson) -> QuerySet[LessonEvent]:
    """The lesson's events, oldest first, with who did it and whether somebody was told."""
    return LessonEvent.objects.filter(lesson=lesson).select_related("actor", "dispatch").order_by("id")


def visible_people(person: User) -> QuerySet[User]:
    """Everybody, the deactivated included, for managers and administrators; active students for others."""
    if policies.sees_everything(person):
        return User.objects.all()
    return User.objects.filter(role=Role.STUDENT, is_active=True)


def calendar_of(person: User) -> QuerySet[Lesson]:
    """The lessons for which `person` is or was booked, the latest first; cancelled ones where they had been on."""
    attended = Lesson.students.through.objects.filter(user_id=person.pk).values("lesson_id")
    was_on = Exists(LessonEvent.objects.filter(lesson=OuterRef("pk"), name=EventName.SCHEDULED))
    is_on = Q(status__in=[Status.SCHEDULED, Status.IN_PROGRESS, Status.COMPLETED])
    lessons = Lesson.objects.filter(Q(teacher_id=person.pk) | Q(pk__in=attended))
    lessons = lessons.filter(is_on | Q(was_on, status=Status.CANCELLED))
    return lessons.select_related("teacher").order_by("-start_time", "-pk")

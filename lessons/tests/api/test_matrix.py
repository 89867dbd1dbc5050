"""The authorization matrix: every role, in every relation to a lesson, in every status of it, at every address of it.

Generated from the table of rights. What a right is not enough for, because of the status, is a 409; what is somebody
else's is a 404 with every verb.
"""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from lessons import policies
from lessons.models import ChordRun, Delivery, Lesson, Status, User
from lessons.models.lesson import TRANSITIONS
from lessons.notifications.expand import expand
from lessons.policies import Relation, Right, Role
from lessons.tests.api.client import api, problem, times, url
from lessons.tests.lifecycle.ways import IN_STATUS
from lessons.tests.people import Person
from lessons.tests.rows import nothing_written

pytestmark = pytest.mark.django_db

Request = Callable[[APIClient, Lesson], Any]

POSSIBLE = {  # said again here, so that a change of the life cycle has to be meant
    "schedule": {Status.DRAFT},
    "reschedule": {Status.SCHEDULED},
    "start": {Status.SCHEDULED},
    "complete": {Status.IN_PROGRESS},
    "cancel": {Status.DRAFT, Status.SCHEDULED, Status.IN_PROGRESS},
    "edit": {Status.DRAFT, Status.SCHEDULED, Status.IN_PROGRESS},
}
EVERYWHERE = set(Status)


def dispatch_of(lesson: Lesson) -> str:
    return f"/api/v1/dispatches/{lesson.dispatches.latest('event').pk}/"


def transition(name: str) -> Request:
    body = times(20) if name == "reschedule" else {}
    return lambda client, lesson: client.post(url(lesson, name), body)


def redeliver(client: APIClient, lesson: Lesson) -> Any:
    expand()
    Delivery.objects.filter(lesson=lesson).update(state="dead")
    return client.post(f"{dispatch_of(lesson)}redeliver/")


# The right that is asked for, the statuses in which it is of use, and the request.
ENDPOINTS: dict[str, tuple[Right, set[Status], Request]] = {
    "read": (Right.READ, EVERYWHERE, lambda client, lesson: client.get(url(lesson))),
    "events": (Right.READ, EVERYWHERE, lambda client, lesson: client.get(url(lesson, "events"))),
    "edit": (Right.UPDATE, POSSIBLE["edit"], lambda client, lesson: client.patch(url(lesson), {"title": "Geometry"})),
    "follow": (Right.FOLLOW_DISPATCHES, EVERYWHERE, lambda client, lesson: client.get(dispatch_of(lesson))),
    "redeliver": (Right.REDELIVER, EVERYWHERE, redeliver),
    **{name: (Right(name), POSSIBLE.get(name, set()), transition(name)) for name in TRANSITIONS},
}


def test_of_every_transition_it_is_said_again_where_it_is_possible() -> None:
    assert POSSIBLE.keys() - {"edit"} == set(TRANSITIONS)


def somebody(role: Role, relation: Relation, status: Status, alice: User, bob: User) -> tuple[APIClient, Lesson]:
    """Roles change, lessons stay: so a student may be found teaching, and a manager attending."""
    person = Person(username="somebody", role=Role.TEACHER)
    teacher = person if relation is Relation.TEACHES else alice
    lesson = IN_STATUS[status](teacher, *([bob, person] if relation is Relation.ATTENDS else [bob]))
    person.role = role
    person.save()
    return api(person), lesson


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("relation", Relation)
@pytest.mark.parametrize("role", Role)
def test_the_table_of_rights_decides_and_then_the_status(
    role: Role, relation: Relation, status: Status, alice: User, bob: User
) -> None:
    client, lesson = somebody(role, relation, status, alice, bob)
    rights = policies.RIGHTS[role][relation]

    for name, (right, _statuses, request) in ENDPOINTS.items():
        if right in rights:
            continue
        with nothing_written():
            response = request(client, lesson)
        expected = (403, "permission_denied") if Right.READ in rights else (404, "not_found")
        assert (response.status_code, response.json()["code"]) == expected, name
    for name, (right, statuses, _) in ENDPOINTS.items():
        if right in rights and status not in statuses:
            with nothing_written():
                response = ENDPOINTS[name][2](client, lesson)
            assert response.status_code == 409, name
            assert response.json()["current_status"] == status, name


@pytest.mark.parametrize("name", ENDPOINTS)
@pytest.mark.parametrize("relation", Relation)
@pytest.mark.parametrize("role", Role)
def test_what_is_allowed_and_possible_is_done(
    role: Role, relation: Relation, name: str, alice: User, bob: User
) -> None:
    right, statuses, request = ENDPOINTS[name]
    client, lesson = somebody(role, relation, sorted(statuses)[0], alice, bob)

    done = request(client, lesson).status_code in (200, 202)

    assert done == (right in policies.RIGHTS[role][relation])


VERBS = ("get", "post", "put", "patch", "delete", "options")


@pytest.mark.parametrize("who", ["carol", "anna"])
def test_foreign_things_are_not_there_with_any_verb(
    who: str, alice: User, bob: User, request: pytest.FixtureRequest
) -> None:
    client, lesson = api(request.getfixturevalue(who)), IN_STATUS[Status.SCHEDULED](alice, bob)
    expand()
    delivery = f"/api/v1/deliveries/{Delivery.objects.filter(lesson=lesson).latest('pk').pk}/"
    addresses = [url(lesson), url(lesson, "events"), *(url(lesson, name) for name in TRANSITIONS)]
    addresses += [dispatch_of(lesson), f"{dispatch_of(lesson)}redeliver/", delivery, f"{delivery}redeliver/"]

    for address in addresses:
        for verb in VERBS:
            with nothing_written():
                response = getattr(client, verb)(address, {"title": "Mine", "reason": "mine"})
            if response.status_code != 405:  # which does not depend on what is asked about
                problem(response, 404, "not_found", None)
    assert api(bob).get(delivery).status_code in (200, 404)


ROLES_BY_LIST = {
    "/api/v1/users/": {Role.TEACHER, Role.MANAGER, Role.ADMIN},
    "/api/v1/dispatches/": {Role.TEACHER, Role.MANAGER, Role.ADMIN},
    "/api/v1/deliveries/": set(Role),
    "/api/v1/chord-runs/": {Role.MANAGER, Role.ADMIN},
    "/api/v1/lessons/": set(Role),
    "/api/v1/me/": set(Role),
}


@pytest.mark.parametrize("role", Role)
def test_each_role_has_its_lists(role: Role) -> None:
    client = api(Person(username="somebody", role=role))

    allowed = {address for address in ROLES_BY_LIST if client.get(address).status_code == 200}

    assert allowed == {address for address, roles in ROLES_BY_LIST.items() if role in roles}


def test_nobody_reads_anything(alice: User, bob: User) -> None:
    lesson = IN_STATUS[Status.SCHEDULED](alice, bob)
    run = ChordRun.objects.create(channel="log", size=1, delivery_count=1)
    expand()

    for address in (*ROLES_BY_LIST, url(lesson), dispatch_of(lesson), f"/api/v1/chord-runs/{run.pk}/"):
        for verb in VERBS:
            with nothing_written():
                problem(getattr(api(), verb)(address, {}), 401, "not_authenticated", None)

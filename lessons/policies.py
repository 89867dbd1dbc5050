"""The table of rights: who may do what with which lesson. API, admin and transitions all ask here."""

from enum import StrEnum
from typing import Protocol

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    STUDENT = "student", _("student")
    TEACHER = "teacher", _("teacher")
    MANAGER = "manager", _("manager")
    ADMIN = "admin", _("administrator")


class Relation(StrEnum):
    """How a person stands to a lesson."""

    TEACHES = "teaches"
    ATTENDS = "attends"
    NONE = "none"


class Right(StrEnum):
    """What one may do with a lesson; the transitions under their own names."""

    READ = "read"
    UPDATE = "update"
    SET_TEACHER = "set_teacher"
    SCHEDULE = "schedule"
    RESCHEDULE = "reschedule"
    START = "start"
    COMPLETE = "complete"
    CANCEL = "cancel"
    FOLLOW_DISPATCHES = "follow_dispatches"
    REDELIVER = "redeliver"


EVERYTHING = frozenset(Right)
READ_ONLY = frozenset({Right.READ})
NOTHING: frozenset[Right] = frozenset()

RIGHTS: dict[Role, dict[Relation, frozenset[Right]]] = {
    Role.STUDENT: {Relation.TEACHES: NOTHING, Relation.ATTENDS: READ_ONLY, Relation.NONE: NOTHING},
    Role.TEACHER: {
        Relation.TEACHES: EVERYTHING - {Right.SET_TEACHER},
        Relation.ATTENDS: READ_ONLY,
        Relation.NONE: NOTHING,
    },
    Role.MANAGER: dict.fromkeys(Relation, EVERYTHING),
    Role.ADMIN: dict.fromkeys(Relation, EVERYTHING),
}

STAFF_ROLES = frozenset({Role.MANAGER, Role.ADMIN})  # these see every lesson and may log in to the admin
TEACHING_ROLES = frozenset({Role.TEACHER})
ATTENDING_ROLES = frozenset({Role.STUDENT, Role.TEACHER})


class Person(Protocol):
    """What the table needs to know of somebody."""

    @property
    def pk(self) -> int: ...
    @property
    def role(self) -> str: ...
    @property
    def is_active(self) -> bool: ...


def has_right(person: Person | None, right: Right, relation: Relation) -> bool:
    """Whether `person` has `right` over a lesson they stand in `relation` to. Nobody (None) is the system."""
    if person is None:
        return True
    return person.is_active and right in RIGHTS[Role(person.role)][relation]


def has_right_somewhere(person: Person, right: Right) -> bool:
    """Whether there are lessons over which somebody of this role has `right`."""
    return person.is_active and any(right in rights for rights in RIGHTS[Role(person.role)].values())


def sees_everything(person: Person) -> bool:
    return person.role in STAFF_ROLES


def may_list_people(person: Person) -> bool:
    """Whoever puts people into lessons: teachers their students, managers and administrators everybody."""
    return person.role in TEACHING_ROLES | STAFF_ROLES


def may_watch_runs(person: Person) -> bool:
    """A chord run carries the messages of many lessons."""
    return person.role in STAFF_ROLES


def may_create(person: Person) -> bool:
    return person.role in TEACHING_ROLES | STAFF_ROLES


def may_create_for(person: Person | None, teacher_id: int | None) -> bool:
    """Teachers create lessons for themselves, managers and administrators for any teacher; None: not named yet."""
    if person is None:
        return True
    own = person.role in TEACHING_ROLES and person.pk == teacher_id
    return person.is_active and (own or sees_everything(person))

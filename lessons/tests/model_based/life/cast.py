"""The people of the play: the model knows their names, the database their ids."""

from collections.abc import Iterable, Mapping
from typing import Any

from lessons.models import User
from lessons.tests.people import Administrator, Manager, Student, Teacher

TEACHERS = ("alice", "anna")
STUDENTS = ("bob", "carol")
STAFF = ("maria", "root")
INACTIVE = "dora"  # learned here once


class Cast:
    def __init__(self, users: Mapping[str, User]) -> None:
        self._users = users
        self._names = {user.pk: name for name, user in users.items()}

    @classmethod
    def gather(cls) -> "Cast":
        users: dict[str, User] = {
            **{name: Teacher(username=name) for name in TEACHERS},
            **{name: Student(username=name) for name in STUDENTS},
            "maria": Manager(username="maria"),
            "root": Administrator(username="root"),
            INACTIVE: Student(username=INACTIVE, is_active=False),
        }
        return cls(users)

    def user(self, name: str | None) -> User | None:
        return self._users[name] if name else None

    def id(self, name: str | None) -> int | None:
        return self._users[name].pk if name else None

    def ids(self, names: Iterable[str]) -> frozenset[int]:
        return frozenset(self._users[name].pk for name in names)

    def name(self, user_id: int | None) -> str | None:
        return self._names[user_id] if user_id else None

    def names(self, user_ids: Iterable[int]) -> frozenset[str]:
        return frozenset(self._names[user_id] for user_id in user_ids)

    def stored(self, name: str, value: Any) -> Any:
        """A value of the model's, as the field `name` of the real lesson has it."""
        if name == "teacher":
            return self.id(value)
        return self.ids(value) if name == "students" else value

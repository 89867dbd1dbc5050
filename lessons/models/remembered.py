"""How a lesson's row was when it was last read or written: what has changed since is what a save has to tell of."""

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any, Self

from django.db import models

COMPARED = ("title", "description", "teacher_id", "start_time", "end_time")


class RemembersRow(models.Model):
    """Keeps the compared fields, as far as they have been loaded, and the students, once somebody asks for them."""

    if TYPE_CHECKING:  # the field that Lesson declares
        students: Any

    _saved: dict[str, Any] = {}
    _saved_students: frozenset[int] | None = None
    _attendees: list[Any] | None = None

    class Meta:
        abstract = True

    @classmethod
    def from_db(cls, db: str | None, field_names: Collection[str], values: Collection[Any]) -> Self:  # type: ignore[override]
        instance = super().from_db(db, field_names, values)
        instance._remember_saved()
        return instance

    def refresh_from_db(  # type: ignore[override]
        self, using: str | None = None, fields: Iterable[str] | None = None, **kwargs: Any
    ) -> None:
        """As Django's; the status, too, though it is protected."""
        self.__dict__["_reloading"] = True
        try:
            super().refresh_from_db(using=using, fields=fields, **kwargs)
        finally:
            del self.__dict__["_reloading"]
        self._saved_students = self._attendees = None
        self._remember_saved(COMPARED if fields is None else fields)

    @property
    def attendees(self) -> list[Any]:
        """The students, as `User`s; without a query where they have been loaded."""
        return list(self.students.all()) if self._attendees is None else self._attendees

    @property
    def knows_attendees(self) -> bool:
        return self._attendees is not None or "students" in getattr(self, "_prefetched_objects_cache", {})

    def remember_attendees(self, students: list[Any]) -> None:
        """For who has read them by a query of their own: the manager's takes longer to build than to run."""
        self._attendees, self._saved_students = students, frozenset(student.pk for student in students)

    def _remember_saved(self, fields: Iterable[str] = COMPARED) -> None:
        seen = {name: self.__dict__[name] for name in _compared(fields) if name in self.__dict__}
        self._saved = {**self._saved, **seen}

    def _students_before(self) -> frozenset[int]:
        if self._state.adding:  # perhaps a copy of a lesson that has some
            return frozenset()
        if self._saved_students is None:
            prefetched = getattr(self, "_prefetched_objects_cache", {}).get("students")
            if prefetched is not None:
                ids: Iterable[int] = (student.pk for student in prefetched)
            else:
                ids = self.students.through.objects.filter(lesson_id=self.pk).values_list("user_id", flat=True)
            self._saved_students = frozenset(ids)
        return self._saved_students

    def _dirty(self) -> set[str]:
        """The compared fields whose value on the instance is not the row's."""
        assigned = {name for name in COMPARED if name in self.__dict__}
        if unread := assigned - self._saved.keys():  # assigned without having been loaded (.only(), .defer())
            row = type(self)._base_manager.filter(pk=self.pk).values(*unread).first()
            self._saved = {**self._saved, **(row or {})}
        return {name for name in assigned if self.__dict__[name] != self._saved.get(name)}

    def _written(self, update_fields: Iterable[str] | None) -> set[str]:
        """The compared fields that a save with `update_fields` would write."""
        return _compared(COMPARED if update_fields is None else update_fields)


def _compared(fields: Iterable[str]) -> set[str]:
    """Those of `fields` that are compared, by the names that instances have them under."""
    return {"teacher_id" if name == "teacher" else name for name in fields} & set(COMPARED)

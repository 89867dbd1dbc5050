"""Saving a lesson: what changed, who changed it, and all of it written in one transaction or not at all.

django-fsm-2 announces a transition before anything is saved. So a transition only hangs a `Change` on the
instance; `save()` writes the row (compare-and-set on version and status), the students, the bookings and
the outbox together. A transition that is never saved, or rolled back, tells nobody.
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self

from django.db import connections, models, transaction
from django.utils import timezone

from lessons.events import EventName
from lessons.models.booking import derive_bookings
from lessons.models.change import Change, SavedChange
from lessons.models.outbox import write_outbox
from lessons.wake import wake

COMPARE_AND_SET = 'UPDATE "{table}" SET {set} WHERE id = %s AND version = %s AND status = %s'


class UnrecordedChange(Exception):
    """The row would change in a way that no event tells of. Use the transitions and `stage_students()`."""


class StaleLesson(Exception):
    """The row has changed, or gone, since this instance was read. Read it again."""


class RecordsChanges(models.Model):
    """What `Lesson` is made of, beside its fields and its transitions."""

    if TYPE_CHECKING:  # the fields that Lesson declares
        status: str
        version: int
        teacher_id: int
        students: Any

    _changes: tuple[Change, ...] = ()
    _actor_id: int | None = None
    _reason: str = ""
    _now: datetime | None = None
    _staged_students: frozenset[int] | None = None
    _saved_students: frozenset[int] | None = None
    _saved: dict[str, Any] = {}
    _expected: dict[str, Any] = {}
    # Off where a save that fails ends the whole transaction: two round trips less.
    saves_in_savepoint: bool = True

    COMPARED = ("title", "description", "teacher_id", "start_time", "end_time")
    TIMES = ("start_time", "end_time")
    SET_BY_SAVING = ("id", "version", "created_at", "updated_at")

    class Meta:
        abstract = True

    # --- What a shell, the lifecycle and the receiver say before saving ------------------------------

    def attribute(self, *, actor: Any | None, reason: str = "", now: datetime | None = None) -> Self:
        """Say who makes the changes that the next `save()` writes, and why. `now` stands in for the clock."""
        self._actor_id, self._reason, self._now = actor.pk if actor else None, reason, now
        return self

    def stage_students(self, ids: Iterable[int]) -> Self:
        """Set who attends, to be written by the next `save()`. Works before the first one, too."""
        self._staged_students = frozenset(ids)
        return self

    def record(self, change: Change) -> None:
        self._changes = (*self._changes, change)

    @property
    def now(self) -> datetime:
        return self._now or timezone.now()

    @property
    def student_ids(self) -> frozenset[int]:
        """Who attends once this instance is saved."""
        return self._students_before() if self._staged_students is None else self._staged_students

    # --- What is in the database --------------------------------------------------------------------

    @classmethod
    def from_db(cls, db: str | None, field_names: Collection[str], values: Collection[Any]) -> Self:  # type: ignore[override]
        instance = super().from_db(db, field_names, values)
        instance._remember_saved()
        return instance

    def refresh_from_db(  # type: ignore[override]
        self, using: str | None = None, fields: Iterable[str] | None = None, **kwargs: Any
    ) -> None:
        """As Django's; a reloaded status also drops the changes that led away from it.

        Django comes here to load a deferred field, too: a status that is read for the first time drops nothing.
        """
        reloads_status = "status" in self.__dict__ and (fields is None or "status" in fields)
        self.__dict__["_reloading"] = True
        try:
            super().refresh_from_db(using=using, fields=fields, **kwargs)
        finally:
            del self.__dict__["_reloading"]
        if reloads_status:
            self._changes, self._staged_students = (), None
        self._saved_students = None
        self._remember_saved(self.COMPARED if fields is None else fields)

    def _remember_saved(self, fields: Iterable[str] = COMPARED) -> None:
        names = {"teacher_id" if name == "teacher" else name for name in fields}
        seen = {name: self.__dict__[name] for name in self.COMPARED if name in names and name in self.__dict__}
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
        assigned = {name for name in self.COMPARED if name in self.__dict__}
        if unread := assigned - self._saved.keys():  # assigned without having been loaded (.only(), .defer())
            row = type(self)._base_manager.filter(pk=self.pk).values(*unread).first()
            self._saved = {**self._saved, **(row or {})}
        return {name for name in assigned if self.__dict__[name] != self._saved.get(name)}

    def _written(self, update_fields: Iterable[str] | None) -> set[str]:
        """The compared fields that a save with `update_fields` would write."""
        if update_fields is None:
            return set(self.COMPARED)
        return {"teacher_id" if name == "teacher" else name for name in update_fields} & set(self.COMPARED)

    # --- Saving ------------------------------------------------------------------------------------

    def save(  # type: ignore[override]
        self,
        *,
        force_insert: bool = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Iterable[str] | None = None,
    ) -> None:
        """Write the lesson and everything that follows from the change, in one transaction; then wake the relay.

        Nothing changed: nothing written. Raises `UnrecordedChange`, `StaleLesson`, `SlotConflict`; the instance
        is then as it was before the call.
        """
        adding = self._state.adding
        if update_fields is not None and self._is_rescheduled:
            update_fields = {*update_fields, *self.TIMES}
        dirty = set(self.COMPARED) if adding else self._dirty()
        differing = dirty & self._written(update_fields)
        changes = self._complete_changes(differing)
        if not changes:
            return
        self._refuse_unrecorded(changes, differing)
        saved = self._compared_with_row(unwritten=dirty - differing)
        if update_fields is not None:
            update_fields = {*update_fields, "status", "version", "updated_at"}
        with self._as_before_on_failure(), transaction.atomic(using=using, savepoint=self.saves_in_savepoint):
            first_seq = self._advance(changes)
            super().save(force_insert=adding, force_update=not adding, using=using, update_fields=update_fields)
            self._write_students(saved)
            derive_bookings(saved, was=changes[0].source)
            write_outbox(saved, changes, first_seq=first_seq)
            transaction.on_commit(wake, using=using, robust=True)
        self._saved_students = saved.students_after
        self._changes, self._staged_students = (), None
        self._actor_id, self._reason = None, ""
        self._remember_saved(self.COMPARED if update_fields is None else update_fields)

    @property
    def _is_rescheduled(self) -> bool:
        return any(change.name == EventName.RESCHEDULED for change in self._changes)

    def _advance(self, changes: tuple[Change, ...]) -> int:
        """Set version and time, and what the row has to be for that; the number of the first event."""
        before = 0 if self._state.adding else self.version
        self._expected = {"version": before, "status": changes[0].source}
        # Assigned, so that both are written where they were not even read.
        self.version, self.updated_at = before + len(changes), timezone.now()
        return before + 1

    @contextmanager
    def _as_before_on_failure(self) -> Iterator[None]:
        adding = self._state.adding
        kept = {name: self.__dict__[name] for name in self.SET_BY_SAVING if name in self.__dict__}
        try:
            yield
        except BaseException:
            for name in self.SET_BY_SAVING:
                self.__dict__.pop(name, None)
            self.__dict__.update(kept)
            self._state.adding = adding
            raise
        finally:
            self._expected = {}

    def _complete_changes(self, differing: set[str]) -> tuple[Change, ...]:
        """The recorded changes, with the creation or the plain update that no transition announces."""
        if self._state.adding:
            return (Change(EventName.CREATED, "", "draft", self._actor_id, self._reason), *self._changes)
        if not self._changes and (differing or self.student_ids != self._students_before()):
            return (Change(EventName.UPDATED, self.status, self.status, self._actor_id, self._reason),)
        return self._changes

    def _refuse_unrecorded(self, changes: tuple[Change, ...], differing: set[str]) -> None:
        if changes[-1].target != self.status or any(a.target != b.source for a, b in pairwise(changes)):
            raise UnrecordedChange(f"Lesson {self.pk}: status {self.status!r} was not reached by its transitions.")
        times_are_free = changes[0].source in ("", "draft") or self._is_rescheduled
        if differing & set(self.TIMES) and not times_are_free:
            raise UnrecordedChange(
                f"Lesson {self.pk}: the times of a {self.status} lesson change by reschedule() only."
            )

    def _compared_with_row(self, *, unwritten: set[str]) -> SavedChange:
        """What the next write changes; to be asked before it."""
        return SavedChange(
            lesson=self,
            before={} if self._state.adding else self._saved,
            unwritten={name: self._saved[name] for name in unwritten},
            students_before=self._students_before(),
            students_after=self.student_ids,
        )

    def _write_students(self, saved: SavedChange) -> None:
        before, after = saved.students_before, saved.students_after
        if before != after:
            through = self.students.through.objects
            through.filter(lesson_id=self.pk, user_id__in=before - after).delete()
            through.bulk_create(through.model(lesson_id=self.pk, user_id=pk) for pk in sorted(after - before))
            getattr(self, "_prefetched_objects_cache", {}).pop("students", None)

    def _do_update(self, base_qs: Any, using: str, pk_val: Any, values: Any, *args: Any) -> bool:  # type: ignore[override]
        """Compare and set, by a statement of our own: a queryset takes longer to build it than the database to run."""
        columns = [field.column for field, _, _ in values]
        connection = connections[using]
        with connection.cursor() as cursor:
            cursor.execute(
                COMPARE_AND_SET.format(table=self._meta.db_table, set=", ".join(f'"{name}" = %s' for name in columns)),
                [
                    *(field.get_db_prep_save(value, connection) for field, _, value in values),
                    *(pk_val, self._expected["version"], self._expected["status"]),
                ],
            )
            if not cursor.rowcount:
                raise StaleLesson(f"Lesson {self.pk} has changed, or gone, since it was read. Read it again.")
        return True

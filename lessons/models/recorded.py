"""Saving a lesson: what changed, who changed it, and all of it written in one transaction or not at all.

django-fsm-2 announces a transition before anything is saved. So a transition only hangs a `Change` on the
instance; `save()` writes the row (compare-and-set on version and status), the students, the bookings and
the outbox together. A transition that is never saved, or rolled back, tells nobody.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self

from django.db import connections, transaction
from django.utils import timezone

from lessons.events import EventName
from lessons.models.booking import derive_bookings
from lessons.models.change import Change, SavedChange
from lessons.models.outbox import write_outbox
from lessons.models.remembered import COMPARED, RemembersRow
from lessons.wake import wake_soon

SET_BY_CHANGING = ("status", "version", "updated_at")
COMPARE_AND_SET = 'UPDATE "{table}" SET {set} WHERE id = %s AND version = %s AND status = %s'


class UnrecordedChange(Exception):
    """The row would change in a way that no event tells of. Use the transitions and `stage_students()`."""


class StaleLesson(Exception):
    """The row has changed, or gone, since this instance was read. Read it again."""


class RecordsChanges(RemembersRow):
    """What `Lesson` is made of, beside its fields and its transitions."""

    if TYPE_CHECKING:  # the fields that Lesson declares
        status: str
        version: int
        teacher_id: int

    _changes: tuple[Change, ...] = ()
    _actor_id: int | None = None
    _reason: str = ""
    _now: datetime | None = None
    _staged_students: frozenset[int] | None = None
    _expected: dict[str, Any] = {}
    # Off where a save that fails ends the whole transaction: two round trips less.
    saves_in_savepoint: bool = True

    TIMES = ("start_time", "end_time")
    SET_BY_SAVING = ("id", "version", "created_at", "updated_at")

    class Meta:
        abstract = True

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

    def refresh_from_db(  # type: ignore[override]
        self, using: str | None = None, fields: Iterable[str] | None = None, **kwargs: Any
    ) -> None:
        """A reloaded status drops the changes that led away from it.

        Django comes here to load a deferred field, too: a status that is read for the first time drops nothing.
        """
        reloads_status = "status" in self.__dict__ and (fields is None or "status" in fields)
        super().refresh_from_db(using=using, fields=fields, **kwargs)
        if reloads_status:
            self._changes, self._staged_students = (), None

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
        dirty = set(COMPARED) if adding else self._dirty()
        differing = dirty & self._written(update_fields)
        changes = self._complete_changes(differing)
        if not changes:
            return
        self._refuse_unrecorded(changes, differing)
        saved = self._compared_with_row(unwritten=dirty - differing)
        if not adding:  # what has not changed is not written
            update_fields = {*(differing if update_fields is None else update_fields), *SET_BY_CHANGING}
        with self._as_before_on_failure(), transaction.atomic(using=using, savepoint=self.saves_in_savepoint):
            first_seq = self._advance(changes)
            super().save(force_insert=adding, force_update=not adding, using=using, update_fields=update_fields)
            self._write_students(saved)
            derive_bookings(saved, was=changes[0].source)
            write_outbox(saved, changes, first_seq=first_seq)
            transaction.on_commit(wake_soon, using=using, robust=True)
        self._saved_students = saved.students_after
        self._changes, self._staged_students = (), None
        self._actor_id, self._reason = None, ""
        self._remember_saved(COMPARED if update_fields is None else update_fields)

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
            self._attendees = None

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

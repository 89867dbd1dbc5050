"""Lessons: the list, the page with its transition buttons and its history, and edits through the life cycle."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import DateTimeField
from django.forms import SplitDateTimeField
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from lessons import lifecycle, policies
from lessons.admin import markup
from lessons.admin.base import in_readers_time_zone, is_staff_role
from lessons.admin.bulk import BulkTransitionsAdmin
from lessons.admin.carry_out import actor_of, shown_version
from lessons.admin.diagram import diagram
from lessons.admin.lesson_form import LessonForm
from lessons.admin.lesson_list import LessonListAdmin
from lessons.admin.refusals import REFUSED, Refusal, explain
from lessons.admin.timeline import timeline
from lessons.admin.transitions import TransitionsAdmin
from lessons.admin.widgets import MomentInput, PeopleSelect, PersonSelect
from lessons.models import Lesson
from lessons.models.lesson import FINISHED
from lessons.policies import Right

FIELDS = ("title", "description", "teacher", "students", "start_time", "end_time")
WIDGETS = {"teacher": PersonSelect, "students": PeopleSelect}
MOMENTS = {"form_class": SplitDateTimeField, "widget": MomentInput}


@admin.register(Lesson)
class LessonAdmin(LessonListAdmin, BulkTransitionsAdmin, TransitionsAdmin):
    form = LessonForm
    formfield_overrides = {DateTimeField: MOMENTS}
    change_form_template = "admin/lessons/lesson/change_form.html"

    # --- What is shown -------------------------------------------------------------------------------

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        facts = [(_("Record"), {"fields": ("version", "created_at", "updated_at")})] if obj else []
        return [(None, {"fields": FIELDS}), *facts]

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name in Lesson.TIMES:
            kwargs["help_text"] = markup.whose_clock()
        if db_field.name in WIDGETS:
            kwargs["widget"] = WIDGETS[db_field.name](db_field, self.admin_site)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """All that the life cycle would not take: by the lesson's status, and by whose lessons the person may give."""
        editable = {name.removesuffix("_id") for name in lifecycle.EDITABLE[obj.status if obj else "draft"]}
        if not is_staff_role(request):
            editable.discard("teacher")
        return ("status", "version", "created_at", "updated_at", *(name for name in FIELDS if name not in editable))

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        if obj := kwargs.get("obj"):
            moves, entries = self.moves_of(request, obj), timeline(obj)
            context |= {
                "shown_version": shown_version(request) or obj.version,
                "status_chip": self.status_chip(obj),
                "moves": moves,
                "timeline": entries,
                "diagram": diagram(
                    now=obj.status,
                    been={entry.event.source for entry in entries},
                    possible={move.name for move in moves if move.is_possible},
                ),
                "follows_dispatches": is_staff_role(request),
            }
        return super().render_change_form(request, context, *args, **kwargs)

    # --- Who may -------------------------------------------------------------------------------------

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_active

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The query already leaves out what one may not see."""
        return request.user.is_active

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_active and policies.may_create(actor_of(request))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is None:
            return self.has_add_permission(request)
        person = actor_of(request)
        return obj.status not in FINISHED and policies.has_right(person, Right.UPDATE, obj.relation_of(person))

    # --- Create and edit ------------------------------------------------------------------------------

    @in_readers_time_zone
    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """What the life cycle refuses becomes an error of the form, after the transaction has been rolled back."""
        if request.method != "POST":
            return super().changeform_view(request, object_id, *args, **kwargs)
        if finished := self._finished(request, object_id):
            return finished
        try:
            return super().changeform_view(request, object_id, *args, **kwargs)
        except lifecycle.NotPermitted as error:
            raise PermissionDenied from error
        except REFUSED as error:
            pk = int(unquote(object_id)) if object_id else None
            request.refusal = explain(error, lesson_id=pk, person=actor_of(request))  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, *args, **kwargs)

    def _finished(self, request: HttpRequest, object_id: str | None) -> HttpResponse | None:
        """The answer to an edit that comes when the lesson is over; a button is answered by the life cycle."""
        if object_id is None or self.fsm_post_param in request.POST:
            return None
        lesson = self.find(request, object_id)
        if lesson is None or lesson.status not in FINISHED:
            return None
        text = _("Nothing was saved: the lesson is %(status)s, and does not change any more.")
        return self._back_to_page(request, lesson, Refusal((text % {"status": lesson.get_status_display()},)))

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.refusal = getattr(request, "refusal", None)  # the class was made for this request alone
        return form

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Lesson:
        """Everything is saved here, students included: one change, one event."""
        return form.update(request) if change else form.create(request)  # type: ignore[no-any-return]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Nothing is left to save."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Nothing is left to save: Django would write the students after the event, which then would miss them."""

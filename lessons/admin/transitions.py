"""django-fsm-2's transition buttons, every one of them through the life cycle.

The package's mixin saves the form first, asks nobody's permission, runs transitions inside Django's own transaction
and swallows what they raise there. Here a button's request never reaches the form: it is one call of the life cycle,
and a refusal is told once everything has been rolled back.
"""

from collections.abc import Generator
from typing import Any, cast

from django.contrib import messages
from django.contrib.admin import helpers
from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django_fsm.admin import FSMAdminMixin, FSMObjectTransition, FSMTransitionContext

from lessons import lifecycle, planning, selectors
from lessons.admin.base import SchoolAdmin, in_readers_time_zone
from lessons.admin.carry_out import VERSION_PARAMETER, actor_of, carry_out, shown_version
from lessons.admin.moves import Move, moves
from lessons.admin.refusals import Refusal, explain, name_clashes
from lessons.admin.transition_forms import FORMS
from lessons.models import Lesson
from lessons.policies import Right

MOVES_TIMES = frozenset({"reschedule"})
CHECK = "_check"  # posted with a form of new times: look for clashes, and change nothing


class TransitionsAdmin(FSMAdminMixin, SchoolAdmin):
    fsm_fields = ["status"]
    fsm_forms = FORMS  # type: ignore[assignment]
    fsm_transition_form_template = "admin/lessons/lesson/transition_form.html"

    # --- What the page offers -------------------------------------------------------------------------

    def _get_fsm_extra_context(self, *, request: HttpRequest, obj: Any) -> Generator[FSMObjectTransition]:
        """Nothing: the package would offer what one must not do. The page asks `moves_of()`."""
        yield from ()

    def moves_of(self, request: HttpRequest, lesson: Lesson) -> list[Move]:
        """The buttons: what this person may do with the lesson now, and why not the rest."""
        offered = [name for name in lifecycle.BY_TRANSITION if self._is_offered(name)]
        return moves(lesson, actor_of(request), offered=offered, asking=list(FORMS))

    def _button(self, name: str) -> FSMTransitionContext:
        transition = self._get_fsm_transition_by_name(obj=Lesson(), transition_name=name)
        return FSMTransitionContext(name, str(self.get_fsm_label(transition)))

    def _is_offered(self, name: str) -> bool:
        """Whether there is a transition of this name that the admin may show; asked again when one is posted."""
        if name not in lifecycle.BY_TRANSITION:
            return False
        return all(map(self.is_fsm_transition_visible, getattr(Lesson, name)._django_fsm.transitions.values()))

    # --- A button was pressed -------------------------------------------------------------------------

    @in_readers_time_zone
    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if request.method == "POST" and self.fsm_post_param in request.POST:
            return self._press(request, object_id, request.POST[self.fsm_post_param])
        return super().changeform_view(request, object_id, *args, **kwargs)

    def _press(self, request: HttpRequest, object_id: str | None, name: str) -> HttpResponse:
        if object_id is None or not self._is_offered(name):
            raise Http404
        lesson = self.find(request, object_id)
        if lesson is None:
            return self._no_such_lesson(request, object_id)
        if name in FORMS:
            return HttpResponseRedirect(_form_address(request, lesson, name))
        return self._back_to_page(request, lesson, carry_out(self, request, lesson, name))

    def find(self, request: HttpRequest, object_id: str) -> Lesson | None:
        """The lesson of the page's address, if there is one that this person may see."""
        return cast("Lesson | None", self.get_object(request, unquote(object_id)))

    def _no_such_lesson(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined, no-any-return]

    def _back_to_page(self, request: HttpRequest, lesson: Lesson, refusal: Refusal | None) -> HttpResponse:
        for text in refusal.texts if refusal else ():
            self.message_user(request, text, messages.ERROR)
        filters: dict[str, Any] = {"preserved_filters": self.get_preserved_filters(request), "opts": self.opts}
        url = reverse("admin:lessons_lesson_change", args=[lesson.pk])
        return HttpResponseRedirect(add_preserved_filters(filters, url))

    # --- A transition that asks for more --------------------------------------------------------------

    @in_readers_time_zone
    def fsm_transition_view(
        self, request: HttpRequest, object_id: str, transition_name: str, **kwargs: Any
    ) -> HttpResponse:
        """GET shows the form and changes nothing; POST makes the transition, or shows what was refused."""
        if transition_name not in FORMS or not self._is_offered(transition_name):
            raise Http404
        lesson = self.find(request, object_id)
        if lesson is None:
            return self._no_such_lesson(request, object_id)
        answer = self._submit if request.method == "POST" else self._open
        return answer(request, lesson, transition_name)

    def _open(self, request: HttpRequest, lesson: Lesson, name: str) -> HttpResponse:
        try:
            lifecycle.check_access(lesson_id=lesson.pk, actor=actor_of(request), right=Right(name))
        except lifecycle.NotPermitted as error:
            raise PermissionDenied from error
        if name not in selectors.available_transitions(lesson, actor_of(request)):
            refused = lifecycle.TransitionRefused(lesson, name)
            return self._back_to_page(request, lesson, explain(refused, lesson_id=lesson.pk, person=actor_of(request)))
        return self._ask(request, lesson, name, FORMS[name](initial=FORMS[name].initial_of(lesson)))

    def _submit(self, request: HttpRequest, lesson: Lesson, name: str) -> HttpResponse:
        form = FORMS[name](request.POST)
        if not form.is_valid():
            return self._ask(request, lesson, name, form)
        if CHECK in request.POST and name in MOVES_TIMES:
            return self._check(request, lesson, name, form)
        refusal = carry_out(self, request, lesson, name, **form.cleaned_data)
        if refusal is None or refusal.is_outdated:
            return self._back_to_page(request, lesson, refusal)
        refusal.blame(form)
        return self._ask(request, lesson, name, form)

    def _check(self, request: HttpRequest, lesson: Lesson, name: str, form: Any) -> HttpResponse:
        """Who would be in two places at once; nothing is changed. Times that no lesson can have are told as ever."""
        start_time, end_time = form.cleaned_data["start_time"], form.cleaned_data["end_time"]
        try:
            lifecycle.validate_times(lesson, start_time, end_time)
        except lifecycle.InvalidLesson as error:
            explain(error, lesson_id=lesson.pk, person=actor_of(request)).blame(form)
            return self._ask(request, lesson, name, form)
        found = planning.clashes_at(lesson, start_time=start_time, end_time=end_time)
        return self._ask(request, lesson, name, form, clashes=name_clashes(found, actor_of(request)))

    def _ask(
        self, request: HttpRequest, lesson: Lesson, name: str, form: Any, clashes: tuple[str, ...] | None = None
    ) -> HttpResponse:
        """`clashes`: what was found when one asked for it; none at all is a finding, too."""
        request.current_app = self.admin_site.name
        button = self._button(name)
        context = {
            **self.admin_site.each_context(request),
            "title": button.label,
            "subtitle": str(lesson),
            "opts": self.opts,
            "original": lesson,
            "transition": button,
            "adminform": helpers.AdminForm(form, [(None, {"fields": list(form.fields)})], {}),
            "errors": helpers.AdminErrorList(form, []),
            "media": self.media + form.media,
            "shown_version": shown_version(request) or lesson.version,
            "can_check": "start_time" in form.fields,
            "clashes": clashes,
        }
        return TemplateResponse(request, self.fsm_transition_form_template, context)


def _form_address(request: HttpRequest, lesson: Lesson, name: str) -> str:
    """Of the transition's form, which keeps the version that was shown beside the button."""
    url = reverse("admin:lessons_lesson_transition", args=[lesson.pk, name])
    version = shown_version(request)
    return f"{url}?{urlencode({VERSION_PARAMETER: version})}" if version else url

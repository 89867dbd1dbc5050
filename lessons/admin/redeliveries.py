"""Another try for dead letters: one, all of an event, or all of a channel since a time. Each says how many, and asks.

GET shows what would be done and changes nothing; POST without `confirmed` shows it again, for what was typed in.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from lessons import lifecycle, monitoring
from lessons.admin import markup, words
from lessons.admin.base import SchoolAdmin, by_readers_clock, in_readers_time_zone, is_staff_role
from lessons.admin.carry_out import actor_of
from lessons.admin.widgets import MomentInput, reason_field
from lessons.monitoring import CappedCount
from lessons.notifications.channels import REGISTRY

CONFIRMED = "confirmed"
REFUSED = (lifecycle.LessonNotFound, lifecycle.NotDead, lifecycle.NothingToRedeliver, lifecycle.ConcurrentChange)


class RedeliveryForm(forms.Form):
    reason = reason_field(rows=2, help_text=gettext_lazy("For the record; nobody is told."))


class ChannelForm(RedeliveryForm):
    channel = forms.ChoiceField(
        label=gettext_lazy("Channel"), choices=lambda: [(name, words.channel(name)) for name in REGISTRY]
    )
    since = forms.SplitDateTimeField(label=gettext_lazy("Dead since"), widget=MomentInput)

    field_order = ("channel", "since", "reason")


@dataclass(frozen=True)
class ToRedeliver:
    """What somebody points at: `dead` would be redelivered, and `carry_out(reason)` does it and says how many were."""

    what: str
    dead: CappedCount
    carry_out: Callable[[str], int]
    back: str


class RedeliverAdmin(SchoolAdmin):
    """A screen with a page, for each of its rows, that sends what is dead of it again."""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.redeliver_view)
        name = f"lessons_{self.opts.model_name}_redeliver"
        return [path("<int:pk>/redeliver/", view, name=name), *super().get_urls()]

    @in_readers_time_zone
    def redeliver_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = self.get_object(request, str(pk))
        if not self.has_view_permission(request) or row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(pk))  # type: ignore[attr-defined, no-any-return]
        form = RedeliveryForm(request.POST) if request.method == "POST" else RedeliveryForm()
        return answer(request, form, self.to_redeliver(request, row))

    def to_redeliver(self, request: HttpRequest, row: Any) -> ToRedeliver:
        raise NotImplementedError


@never_cache
@require_http_methods(["GET", "POST"])
@by_readers_clock
def redeliver_channel_page(request: HttpRequest) -> HttpResponse:
    """All that died on a channel since a time; by default the last day."""
    if not is_staff_role(request):
        raise PermissionDenied
    initial = {"channel": request.GET.get("channel", ""), "since": timezone.now() - timedelta(days=1)}
    form = ChannelForm(request.POST) if request.method == "POST" else ChannelForm(initial=initial)
    asked = _of_channel(request, form.cleaned_data) if form.is_bound and form.is_valid() else None
    return answer(request, form, asked)


def _of_channel(request: HttpRequest, asked: dict[str, Any]) -> ToRedeliver:
    which = {"channel": asked["channel"], "since": asked["since"]}
    facts = {"channel": words.channel(asked["channel"]), "since": markup.moment(asked["since"])}
    return ToRedeliver(
        what=_("over %(channel)s since %(since)s") % facts,
        dead=monitoring.dead_since(**which),
        carry_out=lambda reason: lifecycle.redeliver_channel(**which, actor=actor_of(request), reason=reason),
        back=reverse("admin:monitor"),
    )


def answer(request: HttpRequest, form: forms.Form, asked: ToRedeliver | None) -> HttpResponse:
    """Do what was confirmed; otherwise show how many it would be. `asked` is None while the form is not filled in."""
    if request.method == "POST" and asked and CONFIRMED in request.POST and form.is_valid():
        return _carry_out(request, asked, form.cleaned_data["reason"])
    context = {
        **admin.site.each_context(request),
        "title": _("Send dead letters again"),
        "form": form,
        "fieldset": _fieldset(form),
        "asked": asked,
        "question": _question(asked) if asked else "",
        "media": forms.Media(js=["admin/js/core.js", "admin/js/vendor/jquery/jquery.min.js", "admin/js/jquery.init.js"])
        + form.media,
    }
    return render(request, "admin/lessons/monitor/redeliver.html", context)


def _fieldset(form: forms.Form) -> Any:
    return admin.helpers.AdminForm(form, [(None, {"fields": list(form.fields)})], {})  # type: ignore[arg-type]


def _question(asked: ToRedeliver) -> str:
    if not asked.dead:
        return _("Nothing is dead %(what)s.") % {"what": asked.what}
    text = ngettext(
        "%(number)s dead letter %(what)s will be sent again.",
        "%(number)s dead letters %(what)s will be sent again.",
        asked.dead.number,
    )
    return text % {"number": asked.dead, "what": asked.what}


def _carry_out(request: HttpRequest, asked: ToRedeliver, reason: str) -> HttpResponse:
    try:
        number = asked.carry_out(reason)
    except lifecycle.NotPermitted as error:
        raise PermissionDenied from error
    except REFUSED as error:
        messages.warning(request, str(BUSY if isinstance(error, lifecycle.ConcurrentChange) else NOTHING_LEFT))
    else:
        text = ngettext(
            "%(number)d delivery is on its way again.", "%(number)d deliveries are on their way again.", number
        )
        messages.success(request, str(text) % {"number": number})
    return HttpResponseRedirect(asked.back)


BUSY = gettext_lazy("Somebody else is changing these deliveries right now; try again.")
NOTHING_LEFT = gettext_lazy("None of them is dead any more; perhaps a colleague was quicker.")

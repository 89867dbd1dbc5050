"""What a person is asked before a transition that needs more than a press of its button."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lessons.admin import markup
from lessons.admin.widgets import MomentInput, reason_field
from lessons.models import Lesson


class ReasonForm(forms.Form):
    """Its fields are the arguments of the life cycle's function."""

    reason = reason_field(rows=3, help_text=_("Everybody who takes part is told, with these words."))

    @staticmethod
    def initial_of(lesson: Lesson) -> dict[str, Any]:
        return {}


class RescheduleForm(ReasonForm):
    start_time = forms.SplitDateTimeField(label=_("New start"), widget=MomentInput)
    end_time = forms.SplitDateTimeField(label=_("New end"), widget=MomentInput)

    field_order = ("start_time", "end_time", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["start_time"].help_text = self.fields["end_time"].help_text = markup.whose_clock()

    @staticmethod
    def initial_of(lesson: Lesson) -> dict[str, Any]:
        return {"start_time": lesson.start_time, "end_time": lesson.end_time}


FORMS: dict[str, type[ReasonForm]] = {"reschedule": RescheduleForm, "cancel": ReasonForm}

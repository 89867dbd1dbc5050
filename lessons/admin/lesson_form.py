"""The form of a lesson: it asks for the fields, the life cycle decides about them."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.http import HttpRequest

from lessons import lifecycle
from lessons.admin.carry_out import actor_of, expected_version
from lessons.admin.refusals import Refusal
from lessons.models import Lesson

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Lesson]
else:
    ModelForm = forms.ModelForm


class LessonForm(ModelForm):
    """`refusal`: why the life cycle refused this very form a moment ago; it is then not valid."""

    refusal: Refusal | None = None

    def clean_description(self) -> str:
        """Browsers send other line ends than the ones that were stored: that is no change."""
        return str(self.cleaned_data["description"]).replace("\r\n", "\n")

    def _get_validation_exclusions(self) -> set[str]:
        """What times a lesson may have is for the life cycle to say, not for the database's constraint."""
        return super()._get_validation_exclusions() | {"start_time", "end_time"}  # type: ignore[misc, no-any-return]

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self.refusal:
            self.refusal.blame(self)

    def create(self, request: HttpRequest) -> Lesson:
        """A new draft of the values; raises what the life cycle raises."""
        return lifecycle.create_lesson(actor=actor_of(request), **self._arguments(self.cleaned_data))

    def update(self, request: HttpRequest) -> Lesson:
        """The lesson with the changed values; raises what the life cycle raises."""
        return lifecycle.update_lesson(
            lesson_id=self.instance.pk,
            actor=actor_of(request),
            edit=lifecycle.Edit(**self._arguments(self.changed_data)),
            expected_version=expected_version(request),
        )

    def _arguments(self, names: Any) -> dict[str, Any]:
        """The values of `names`, as the life cycle calls them."""
        values = {name: self.cleaned_data[name] for name in names}
        if "teacher" in values:
            values["teacher_id"] = values.pop("teacher").pk
        if "students" in values:
            values["students"] = frozenset(person.pk for person in values["students"])
        return values

"""What the life cycle refuses, in words for whoever sits in front of the page."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.forms import BaseForm
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lessons import lifecycle, selectors
from lessons.admin import markup
from lessons.models import Lesson, SlotConflict, User
from lessons.models.booking import Clash
from lessons.models.lesson import ConditionUnmet

CLASHES_NAMED = 10


@dataclass(frozen=True)
class Refusal:
    """`field`: the one to blame, where there is one. `is_outdated`: nothing that one types on the page can cure it."""

    texts: tuple[str, ...]
    field: str | None = None
    is_outdated: bool = False

    def blame(self, form: BaseForm) -> None:
        """Make it an error of the form: of the field to blame where the form asks for it."""
        form.add_error(self.field if self.field in form.fields else None, list(self.texts))


def explain(error: Exception, *, lesson_id: int | None, person: User) -> Refusal:
    """Any of REFUSED, as the lesson is by now. Not to be called inside the transaction that was refused."""
    return WORDS[type(error)](error, lesson_id, person)


def _now(lesson_id: int | None) -> dict[str, str]:
    lesson = Lesson.objects.filter(pk=lesson_id).first() if lesson_id else None
    return {"status": lesson.get_status_display() if lesson else "?"}


def name_clashes(clashes: list[Clash], person: User) -> tuple[str, ...]:
    """Who is booked, when and by which lesson; the lesson only where the reader may see it."""
    named = clashes[:CLASHES_NAMED]
    names = User.objects.in_bulk({clash.user_id for clash in named})
    titles = dict(
        selectors.visible_lessons(person).filter(pk__in={clash.lesson_id for clash in named}).values_list("pk", "title")
    )
    texts = [_clash(clash, names[clash.user_id], titles.get(clash.lesson_id)) for clash in named]
    if more := len(clashes) - len(named):
        texts.append(ngettext("And %(more)d more.", "And %(more)d more.", more) % {"more": more})
    return tuple(texts)


def _clash(clash: Clash, who: User, title: str | None) -> str:
    facts = {"who": who, "start": markup.moment(clash.start_time), "end": markup.moment(clash.end_time), "title": title}
    if title is None:
        return _("%(who)s is already booked at this time.") % facts
    return _("%(who)s is already booked from %(start)s to %(end)s, for “%(title)s”.") % facts


def _not_permitted(_error: Exception, _lesson_id: int | None, _person: User) -> Refusal:
    return Refusal((_("You may not do this."),), is_outdated=True)


def _outdated(_error: Exception, lesson_id: int | None, _person: User) -> Refusal:
    text = _("The lesson has changed since you opened the page; it is %(status)s now. Look at it again first.")
    return Refusal((text % _now(lesson_id),), is_outdated=True)


def _impossible(_error: Exception, lesson_id: int | None, _person: User) -> Refusal:
    return Refusal((_("This is not possible: the lesson is %(status)s.") % _now(lesson_id),), is_outdated=True)


def _not_editable(error: Any, lesson_id: int | None, _person: User) -> Refusal:
    text = _("This cannot be edited any more: the lesson is %(status)s.")
    return Refusal((text % _now(lesson_id),), field=error.field.removesuffix("_id"))


def _busy(_error: Exception, _lesson_id: int | None, _person: User) -> Refusal:
    return Refusal((_("Somebody else is changing this lesson right now; try again."),))


WORDS: dict[type[Exception], Callable[[Any, int | None, User], Refusal]] = {
    lifecycle.LessonNotFound: _not_permitted,
    lifecycle.NotPermitted: _not_permitted,
    lifecycle.VersionMismatch: _outdated,
    lifecycle.TransitionRefused: _impossible,
    lifecycle.NotEditable: _not_editable,
    lifecycle.ConcurrentChange: _busy,
    lifecycle.InvalidLesson: lambda error, _lesson_id, _person: Refusal((str(error.reason),), field=error.field),
    ConditionUnmet: lambda error, _lesson_id, _person: Refusal((str(error.reason),)),
    SlotConflict: lambda error, _lesson_id, person: Refusal(name_clashes(error.clashes, person)),
}
REFUSED = tuple(WORDS)

"""The calendar feed: own lessons as iCalendar (RFC 5545), and the secret link under which it is read without login."""

from datetime import UTC, timedelta
from email.utils import parseaddr

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from lessons import selectors
from lessons.models import Lesson, Status, User
from lessons.notifications.messages import one_line

FURTHEST_BACK = timedelta(days=90)
MOST_ENTRIES = 1000
REFRESH = timedelta(minutes=15)

_signer = Signer(salt="calendar", sep=".")


def secret_of(user: User) -> str:
    """What is secret in the person's link. Nothing is stored: the signature makes it, and a new generation ends it."""
    return _signer.sign(f"{user.pk}-{user.calendar_generation}")


def owner_of(secret: str) -> User | None:
    """Whose link it is, unless it was renewed, or the person deactivated."""
    try:
        pk, _sep, generation = _signer.unsign(secret).partition("-")
    except BadSignature:
        return None
    return User.objects.filter(pk=pk, calendar_generation=generation, is_active=True).first()


def feed_of(user: User) -> bytes:
    """What `user` was booked for in the last months, and everything to come; in their language."""
    with translation.override(user.language):
        return _feed_of(user)


def _feed_of(user: User) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", "-//Lesson Management System//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _("Lessons of %(name)s") % {"name": one_line(str(user))})
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    lessons = selectors.calendar_of(user).filter(end_time__gt=timezone.now() - FURTHEST_BACK)
    for lesson in lessons[:MOST_ENTRIES]:
        calendar.add_component(_entry(lesson))
    return bytes(calendar.to_ical())


def _entry(lesson: Lesson) -> Event:
    """The same UID and SEQUENCE as in the invitations that go out by e-mail."""
    entry = Event()
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    entry.add("uid", f"lesson-{lesson.pk}@{domain}")
    entry.add("sequence", lesson.version)
    entry.add("dtstamp", lesson.updated_at.astimezone(UTC))
    entry.add("last-modified", lesson.updated_at.astimezone(UTC))
    entry.add("dtstart", lesson.start_time.astimezone(UTC))
    entry.add("dtend", lesson.end_time.astimezone(UTC))
    entry.add("summary", one_line(lesson.title))
    teacher = _("Teacher: %(name)s") % {"name": lesson.teacher}
    entry.add("description", f"{lesson.description}\n\n{teacher}".strip())
    entry.add("status", "CANCELLED" if lesson.status == Status.CANCELLED else "CONFIRMED")
    return entry

"""A person: who they are, what they may do, and how to reach them."""

import zoneinfo
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from lessons.policies import ATTENDING_ROLES, STAFF_ROLES, TEACHING_ROLES, Role


def validate_time_zone(value: str) -> None:
    if value not in zoneinfo.available_timezones():
        raise ValidationError(
            _("“%(value)s” is not a time zone; use a name like Europe/Moscow."), params={"value": value}
        )


validate_phone = RegexValidator(r"^\+[0-9]{7,15}\Z", _("A phone number is + and 7 to 15 digits, like +79001234567."))


class UserManager(DjangoUserManager["User"]):
    def create_superuser(
        self, username: str, email: str | None = None, password: str | None = None, **extra: Any
    ) -> "User":
        return super().create_superuser(username, email, password, **{"role": Role.ADMIN, **extra})

    def teachers(self) -> models.QuerySet["User"]:
        return self.filter(role__in=TEACHING_ROLES, is_active=True)

    def attendees(self) -> models.QuerySet["User"]:
        return self.filter(role__in=ATTENDING_ROLES, is_active=True)


class User(AbstractUser):
    """Deactivated (`is_active=False`), never deleted: lessons and events keep pointing here."""

    first_name = None  # type: ignore[assignment] # one field holds the name as the person writes it
    last_name = None  # type: ignore[assignment]

    full_name = models.CharField(_("full name"), max_length=150, blank=True)
    role = models.CharField(_("role"), max_length=10, choices=Role.choices, default=Role.STUDENT)
    phone = models.CharField(_("phone"), max_length=16, blank=True, validators=[validate_phone])
    language = models.CharField(
        _("language"), max_length=5, choices=[("en", _("English")), ("ru", _("Russian"))], default="en"
    )
    time_zone = models.CharField(_("time zone"), max_length=50, default="UTC", validators=[validate_time_zone])
    # The ones switched off, so that a channel that is added later reaches everybody.
    muted_channels = ArrayField(
        models.CharField(max_length=20), verbose_name=_("muted channels"), default=list, blank=True
    )
    # Counted up, it makes the secret link to the person's calendar another one.
    calendar_generation = models.PositiveIntegerField(default=0, db_default=0, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [models.CheckConstraint(condition=models.Q(role__in=Role.values), name="user_role_known")]
        indexes = [
            # Who teaches, for the search of lessons and the lists of people: a few among all the students.
            models.Index(fields=["role"], condition=~models.Q(role="student"), name="user_of_staff"),
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Staff and superuser status follow from the role: there is one source of rights."""
        self.is_staff, self.is_superuser = self.role in STAFF_ROLES, self.role == Role.ADMIN
        if (fields := kwargs.get("update_fields")) is not None and "role" in fields:
            kwargs["update_fields"] = {*fields, "is_staff", "is_superuser"}
        super().save(*args, **kwargs)

    def __str__(self) -> str:
        return self.full_name or self.username

    def get_full_name(self) -> str:
        return self.full_name

    def get_short_name(self) -> str:
        return self.full_name or self.username

"""People: managers look, administrators add and change; nobody is deleted, but deactivated."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db.models import Field, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from lessons.admin import markup
from lessons.admin.base import SchoolAdmin, in_readers_time_zone, is_administrator
from lessons.admin.carry_out import actor_of
from lessons.models import User
from lessons.notifications.channels import REGISTRY

PERSONAL = ("full_name", "email", "phone", "language", "time_zone", "muted_channels")
# Whom the autocompletion of a field offers; the life cycle asks again.
OFFERED: dict[tuple[str | None, str | None], Callable[[], QuerySet[User]]] = {
    ("lesson", "teacher"): User.objects.teachers,
    ("lesson", "students"): User.objects.attendees,
}


@admin.register(User)
class UserAdmin(SchoolAdmin, DjangoUserAdmin):  # type: ignore[type-arg]
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Rights"), {"fields": ("role", "is_active")}),
        (_("How to reach them"), {"fields": PERSONAL}),
        (_("Record"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("username", "role", "usable_password", "password1", "password2")}),
        (_("How to reach them"), {"classes": ("wide",), "fields": PERSONAL}),
    )
    filter_horizontal = ()
    list_display = ("username", "full_name", "role_chip", "email", "phone", "is_active", "last_login")
    list_filter = ("role", "is_active", "language")
    search_fields = ("username", "full_name", "email")
    ordering = ("username",)
    readonly_fields = ("last_login", "date_joined")
    actions = ("deactivate",)

    add_view = in_readers_time_zone(DjangoUserAdmin.add_view)

    @admin.display(description=_("role"), ordering="role")
    def role_chip(self, user: User) -> SafeString:
        return markup.chip(user.role, user.get_role_display())

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_administrator(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_administrator(request)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The password's line is for those who may set it."""
        fieldsets = super().get_fieldsets(request, obj)
        return fieldsets if is_administrator(request) else [(None, {"fields": ("username",)}), *fieldsets[1:]]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """One's own role and access stay: there is always an administrator left."""
        own = ("role", "is_active") if obj == request.user else ()
        return (*super().get_readonly_fields(request, obj), *own)

    def formfield_for_dbfield(self, db_field: "Field[Any, Any]", request: Any, **kwargs: Any) -> Any:
        if db_field.name == "muted_channels":
            channels = [(name, name) for name in REGISTRY]
            label = capfirst(db_field.verbose_name)
            boxes = forms.CheckboxSelectMultiple
            return forms.MultipleChoiceField(label=label, choices=channels, required=False, widget=boxes)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[User], search_term: str
    ) -> tuple[QuerySet[User], bool]:
        offered = OFFERED.get((request.GET.get("model_name"), request.GET.get("field_name")))
        if offered:
            queryset = queryset.filter(pk__in=offered().values("pk"))
        return super().get_search_results(request, queryset, search_term)

    @admin.action(description=_("Deactivate selected people"), permissions=["change"])
    def deactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        people = list(queryset.filter(is_active=True).exclude(pk=actor_of(request).pk))
        for person in people:
            person.is_active = False
            person.save(update_fields=["is_active"])
            self.log_change(request, person, "deactivated")
        text = ngettext("%(number)d person was deactivated.", "%(number)d people were deactivated.", len(people))
        self.message_user(request, text % {"number": len(people)}, messages.SUCCESS)

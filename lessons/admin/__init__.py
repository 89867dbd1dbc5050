"""The admin: one module per screen, and in `transitions` the buttons that move a lesson through its life."""

from django.contrib import admin
from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy as _
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from lessons.admin import channels, deliveries, dispatches, events, lessons, runs, users

__all__ = ["channels", "deliveries", "dispatches", "events", "lessons", "runs", "users"]

admin.site.site_header = _("Lesson Management System")
admin.site.site_title = _("Lesson Management System")
admin.site.index_title = _("School office")

admin.site.enable_nav_sidebar = False  # the lists are wide, the screens few

admin.site.unregister(Group)  # rights come from a person's role alone
admin.site.unregister([OutstandingToken, BlacklistedToken])  # somebody's keys

"""The admin: one module per screen, and in `transitions` the buttons that move a lesson through its life."""

from typing import cast

from django.contrib import admin
from django.contrib.auth.models import Group
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from lessons.admin import channels, deliveries, dispatches, events, lessons, monitor, redeliveries, runs, users
from lessons.admin.dashboard import dashboard
from lessons.site import SchoolSite

__all__ = ["channels", "deliveries", "dispatches", "events", "lessons", "runs", "users"]

site = cast(SchoolSite, admin.site)
site.unregister(Group)  # rights come from a person's role alone
site.unregister([OutstandingToken, BlacklistedToken])  # somebody's keys
site.open_dashboard(dashboard)
site.open_page("monitor/", monitor.monitor_page, "monitor")
site.open_page("monitor/live/<slug:part>/", monitor.live_part, "monitor_live")
site.open_page("monitor/redeliver/", redeliveries.redeliver_channel_page, "redeliver_channel")

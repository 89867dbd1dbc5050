"""/api/v1/"""

from django.urls import path, re_path

from lessons.api.views.auth import Logout, ObtainToken, RenewToken
from lessons.api.views.calendars import MyCalendar, SecretCalendar
from lessons.api.views.deliveries import Deliveries, DeliveryDetail, DeliveryRedelivery
from lessons.api.views.dispatches import DispatchDetail, Dispatches, DispatchRedelivery
from lessons.api.views.history import LessonEvents
from lessons.api.views.lessons import LessonViewSet
from lessons.api.views.people import Me, RotateCalendar, UserPhoto, Users
from lessons.api.views.runs import ChordRunDetail, ChordRuns
from lessons.api.views.transitions import LessonTransitions
from lessons.api.views.unknown import UnknownAddress
from lessons.models.lesson import TRANSITIONS

ID = r"(?P<pk>[0-9]{1,19})"
OTHER_ID = r"(?P<id>[0-9]{1,19})"

urlpatterns = [  # what is asked for most comes first
    path("lessons/calendar.ics", MyCalendar.as_view(), name="calendar"),
    path("lessons/", LessonViewSet.as_view({"get": "list", "post": "create"}), name="lesson-list"),
    re_path(
        rf"^lessons/{ID}/$", LessonViewSet.as_view({"get": "retrieve", "patch": "partial_update"}), name="lesson-detail"
    ),
    *(
        re_path(rf"^lessons/{ID}/{name}/$", LessonTransitions.as_view({"post": name}), name=f"lesson-{name}")
        for name in TRANSITIONS
    ),
    re_path(rf"^lessons/{ID}/events/$", LessonEvents.as_view(), name="lesson-events"),
    path("auth/token/", ObtainToken.as_view(), name="token"),
    path("auth/token/refresh/", RenewToken.as_view(), name="token-refresh"),
    path("auth/logout/", Logout.as_view(), name="logout-token"),
    path("me/", Me.as_view(), name="me"),
    path("me/calendar/rotate/", RotateCalendar.as_view(), name="rotate-calendar"),
    path("users/", Users.as_view(), name="user-list"),
    re_path(rf"^users/{OTHER_ID}/photo/$", UserPhoto.as_view(), name="user-photo"),
    path("calendar/<str:secret>.ics", SecretCalendar.as_view(), name="secret-calendar"),
    path("dispatches/", Dispatches.as_view(), name="dispatch-list"),
    re_path(rf"^dispatches/{OTHER_ID}/$", DispatchDetail.as_view(), name="dispatch-detail"),
    re_path(rf"^dispatches/{OTHER_ID}/redeliver/$", DispatchRedelivery.as_view(), name="dispatch-redeliver"),
    path("deliveries/", Deliveries.as_view(), name="delivery-list"),
    re_path(rf"^deliveries/{OTHER_ID}/$", DeliveryDetail.as_view(), name="delivery-detail"),
    re_path(rf"^deliveries/{OTHER_ID}/redeliver/$", DeliveryRedelivery.as_view(), name="delivery-redeliver"),
    path("chord-runs/", ChordRuns.as_view(), name="chord-run-list"),
    path("chord-runs/<uuid:id>/", ChordRunDetail.as_view(), name="chord-run-detail"),
    re_path(r"", UnknownAddress.as_view()),
]

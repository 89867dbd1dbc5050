"""/api/v1/"""

from django.urls import path, re_path

from lessons.api.views.auth import ObtainToken, RefreshToken
from lessons.api.views.history import DispatchDetail, LessonEvents
from lessons.api.views.lessons import LessonViewSet
from lessons.api.views.people import Me
from lessons.api.views.transitions import LessonTransitions
from lessons.api.views.unknown import UnknownAddress
from lessons.models.lesson import TRANSITIONS

ID = r"(?P<pk>[0-9]{1,19})"

urlpatterns = [
    path("auth/token/", ObtainToken.as_view(), name="token"),
    path("auth/token/refresh/", RefreshToken.as_view(), name="token-refresh"),
    path("me/", Me.as_view(), name="me"),
    path("lessons/", LessonViewSet.as_view({"get": "list", "post": "create"}), name="lesson-list"),
    re_path(
        rf"^lessons/{ID}/$", LessonViewSet.as_view({"get": "retrieve", "patch": "partial_update"}), name="lesson-detail"
    ),
    *(
        re_path(rf"^lessons/{ID}/{name}/$", LessonTransitions.as_view({"post": name}), name=f"lesson-{name}")
        for name in TRANSITIONS
    ),
    re_path(rf"^lessons/{ID}/events/$", LessonEvents.as_view(), name="lesson-events"),
    re_path(r"^dispatches/(?P<id>[0-9]{1,19})/$", DispatchDetail.as_view(), name="dispatch-detail"),
    re_path(r"", UnknownAddress.as_view()),
]

"""Answers that are no JSON: a calendar, a picture. Their views hand over the bytes."""

from typing import Any

from rest_framework.renderers import BaseRenderer


class AsItIsRenderer(BaseRenderer):
    """What `Accept` is compared with, and nothing else."""

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> Any:
        return data


class CalendarRenderer(AsItIsRenderer):
    media_type, format, charset = "text/calendar", "ics", "utf-8"


class JpegRenderer(AsItIsRenderer):
    media_type, format, charset, render_style = "image/jpeg", "jpg", None, "binary"

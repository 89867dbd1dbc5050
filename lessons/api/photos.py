"""A portrait: only what a decoder reads as a picture is taken, and what is kept is drawn anew from it.

A megabyte that is sent must not cost many: neither of memory nor of time.
"""

import fcntl
import hashlib
import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from PIL import Image, ImageOps, UnidentifiedImageError
from rest_framework import serializers
from rest_framework.exceptions import Throttled
from rest_framework.fields import SkipField, empty

from lessons.models import Photo, User

FORMATS = ("JPEG", "PNG", "WEBP")
MIN_SIDE, MAX_SIDE, KEPT_SIDE = 16, 4096, 512
# A progressive JPEG has some ten scans. Each goes over the whole picture, and thirty thousand fit into a megabyte.
SCAN, MOST_SCANS = b"\xff\xda", 100
MIXABLE = ("L", "LA", "RGB", "RGBA", "CMYK")  # pixels have a mean; numbers of a palette's colours have none
UNREADABLE = (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError)

AT_ONCE = 2  # pictures in a process: one that is drawn, and one that waits
_places = BoundedSemaphore(AT_ONCE)


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """In all of the container: the largest pictures take up to 400 MB, and half a second.

    Who would have to wait for somebody who waits is sent away, so that pictures never take all of the site's threads.
    """
    if not _places.acquire(blocking=False):
        raise Throttled(wait=1)
    try:
        with Path(__file__).open() as ours:  # some file that all processes have
            fcntl.flock(ours, fcntl.LOCK_EX)
            yield
    finally:
        _places.release()


@extend_schema_field(OpenApiTypes.BINARY)
class PhotoField(serializers.Field[bytes, Any, bytes, Any]):
    """An uploaded picture, as the JPEG that is kept: at most 512 pixels a side, nothing of the camera's in it."""

    default_error_messages = {
        "not_a_file": _("Send the picture as a file of a multipart/form-data body."),
        "not_an_image": _("This is no picture that can be read; send a JPEG, PNG or WebP."),
        "size": _("A side of a photo has 16 to 4,096 pixels; this one is %(width)s × %(height)s."),
    }

    def to_internal_value(self, data: Any) -> bytes:
        if not hasattr(data, "read"):
            self.fail("not_a_file")
        content = data.read()
        if content.count(SCAN) > MOST_SCANS:
            self.fail("not_an_image")
        try:
            with _one_at_a_time(), warnings.catch_warnings():
                warnings.simplefilter("error", Image.DecompressionBombWarning)
                picture = Image.open(io.BytesIO(content), formats=FORMATS)
                self._check_size(*picture.size)  # read from its head: nothing is unpacked yet
                return _drawn_anew(picture)
        except (*UNREADABLE, Image.DecompressionBombWarning):
            self.fail("not_an_image")

    def _check_size(self, width: int, height: int) -> None:
        if not (min(width, height) >= MIN_SIDE and max(width, height) <= MAX_SIDE):
            detail = str(self.error_messages["size"]) % {"width": width, "height": height}
            raise serializers.ValidationError(detail, code="size")

    def to_representation(self, value: bytes) -> bytes:
        return value


@extend_schema_field({"type": "null"})
class NoPhotoField(serializers.Field[None, Any, None, Any]):
    """In JSON a photo can only be taken away."""

    default_error_messages = {"not_a_file": PhotoField.default_error_messages["not_a_file"]}

    def run_validation(self, data: Any = empty) -> None:
        if data is empty:
            raise SkipField
        if data is not None:
            self.fail("not_a_file")

    def to_representation(self, value: None) -> None:
        return None


def _drawn_anew(picture: Image.Image) -> bytes:
    picture.draft("RGB", (KEPT_SIDE, KEPT_SIDE))
    if picture.mode not in MIXABLE or "transparency" in picture.info:  # one colour that stands for none
        picture = picture.convert("RGBA")
    picture.thumbnail((KEPT_SIDE, KEPT_SIDE))  # first of all: what follows makes copies
    upright = ImageOps.exif_transpose(picture).convert("RGBA")
    page = Image.new("RGB", upright.size, "white")
    page.paste(upright, mask=upright)
    out = io.BytesIO()
    page.save(out, "JPEG", quality=85, optimize=True)
    return out.getvalue()


def keep_photo(user: User, content: bytes) -> None:
    digest = hashlib.sha256(content).hexdigest()
    Photo.objects.update_or_create(user=user, defaults={"content": content, "digest": digest})

"""A portrait: only what a decoder reads as a picture is taken, and what is kept is drawn anew from it."""

import hashlib
import io
import warnings
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from PIL import Image, ImageOps, UnidentifiedImageError
from rest_framework import serializers
from rest_framework.fields import SkipField, empty

from lessons.models import Photo, User

FORMATS = ("JPEG", "PNG", "WEBP")
MIN_SIDE, MAX_SIDE, KEPT_SIDE = 16, 4096, 512
UNREADABLE = (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError)


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
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", Image.DecompressionBombWarning)
                picture = Image.open(data, formats=FORMATS)
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
    upright = ImageOps.exif_transpose(picture).convert("RGBA")
    upright.thumbnail((KEPT_SIDE, KEPT_SIDE))
    page = Image.new("RGB", upright.size, "white")
    page.paste(upright, mask=upright)
    out = io.BytesIO()
    page.save(out, "JPEG", quality=85, optimize=True)
    return out.getvalue()


def keep_photo(user: User, content: bytes) -> None:
    digest = hashlib.sha256(content).hexdigest()
    Photo.objects.update_or_create(user=user, defaults={"content": content, "digest": digest})

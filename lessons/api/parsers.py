"""What a request body may be: JSON of a bounded size and depth."""

import json
from typing import Any, NoReturn

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser, MultiPartParser

MAX_DEPTH = 20


class BodyTooLarge(APIException):
    status_code = 413
    default_code = "body_too_large"
    default_detail = _("The body is larger than 1 MB.")


class LengthRequired(APIException):
    status_code = 411
    default_code = "length_required"
    default_detail = _("Send the body with its Content-Length; in chunks it would not be read.")


def refuse_too_large(request: Any) -> None:
    if int(request.META.get("CONTENT_LENGTH") or 0) > settings.API_MAX_BODY_BYTES:
        raise BodyTooLarge


class BoundedMultiPartParser(MultiPartParser):
    """A form with files, at most 1 MB."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        refuse_too_large(parser_context["request"])
        return super().parse(stream, media_type, parser_context)


class StrictJSONParser(BaseParser):
    """UTF-8 JSON as RFC 8259 has it: without NaN and Infinity, at most 1 MB, nested at most 20 deep."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        refuse_too_large(parser_context["request"])
        body = stream.read(settings.API_MAX_BODY_BYTES + 1)
        try:
            data = json.loads(body.decode(), parse_constant=_refuse_constant)
        except RecursionError:
            raise ParseError(_("The JSON is nested too deep.")) from None
        except ValueError as error:
            raise ParseError(_("Malformed JSON: %(error)s") % {"error": error}) from error
        if _is_deeper(data, MAX_DEPTH):
            raise ParseError(_("The JSON is nested too deep."))
        return data


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _is_deeper(value: Any, depth: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    if depth == 0:
        return True
    return any(_is_deeper(child, depth - 1) for child in (value.values() if isinstance(value, dict) else value))

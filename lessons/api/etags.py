"""ETags: `"7-3fa9c1d2"` is version 7 with this body. If-Match asks for the version, If-None-Match for both."""

import hashlib
import re
from typing import Any

from django.http import HttpRequest, HttpResponse

NO_VERSION = 0  # versions begin at 1
TAG = re.compile(r'(?:W/)?"(([0-9]{1,10})-[0-9a-f]{8})"')
ANY_TAG = re.compile(r'(?:W/)?"([^"]*)"')


def etag_of(version: int, body: dict[str, Any]) -> str:
    """`body`: of plain numbers, texts, lists and dicts, whose text says it all."""
    text = repr(sorted(body.items()))
    return f'"{version}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"'


def is_not_modified(if_none_match: str | None, etag: str) -> bool:
    if not if_none_match:
        return False
    return if_none_match.strip() == "*" or etag.strip('"') in ANY_TAG.findall(if_none_match)


def file_answer(request: HttpRequest, content: bytes, content_type: str, *, digest: str) -> HttpResponse:
    """The content, or 304 for whoever has it already: kept by the reader's own program, which asks every time."""
    headers = {"ETag": f'"{digest}"', "Cache-Control": "private, no-cache"}
    if is_not_modified(request.headers.get("If-None-Match"), headers["ETag"]):
        return HttpResponse(status=304, headers=headers)
    return HttpResponse(content, content_type=content_type, headers=headers)


def expected_version(if_match: str | None) -> int | None:
    """The version that If-Match asks for; None where any will do, and NO_VERSION for a tag that is none of ours."""
    if if_match is None or if_match.strip() == "*":
        return None
    versions = {int(version) for _, version in TAG.findall(if_match)}
    return versions.pop() if len(versions) == 1 else NO_VERSION

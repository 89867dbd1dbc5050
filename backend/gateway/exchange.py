"""One request and its answer, as the routes see them: free of sockets."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.message import Message as Headers
from typing import Any


class Problem(Exception):
    """The request cannot be granted: an HTTP status, a machine-readable code, a sentence.

    `attribute` is the field, parameter or header at fault, if a single one is.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        attribute: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.attribute = attribute
        self.headers = dict(headers or {})


def read_natural(text: str) -> int | None:
    """The number that one to nine ASCII digits spell; None for any other text."""
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else None


@dataclass(frozen=True, kw_only=True)
class Request:
    """A complete request: its body has been read to the end by `arrived_at`.

    `notes` collects what the journal should say of it beyond method, path and status.
    """

    method: str
    path: str
    parameters: Mapping[str, str]
    headers: Headers
    body: bytes
    arrived_at: datetime
    has_hung_up: Callable[[], bool]
    notes: dict[str, Any] = field(default_factory=dict)

    def json_object(self) -> dict[str, Any]:
        """The body as a JSON object; raises Problem 400 where it is anything else."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            raise Problem(400, "malformed", "The body is not JSON.") from None
        if not isinstance(value, dict):
            raise Problem(400, "malformed", "The body is not a JSON object.")
        return value


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What goes back. Without a status nothing does: the connection is reset."""

    status: int | None = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


NO_ANSWER = Answer(status=None)


def json_answer(value: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    # Escaped to ASCII: a lone surrogate, which JSON may carry, has no UTF-8.
    return Answer(status=status, body=json.dumps(value).encode("ascii"), headers=headers or {})


def problem_answer(problem: Problem) -> Answer:
    """`{"error": code, "detail": sentence}`, and `field` where a single one is at fault."""
    value = {"error": problem.code, "detail": problem.detail}
    if problem.attribute:
        value["field"] = problem.attribute
    return json_answer(value, status=problem.status, headers=problem.headers)

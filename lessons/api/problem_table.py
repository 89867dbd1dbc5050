"""The table of refusals: every `code` that the API knows, with the status it comes with and what it looks like.

The documentation shows them; the tests hold every refusal that they meet against it.
"""

from typing import Any, NamedTuple

from lessons.api.problems import problem


class Kind(NamedTuple):
    status: int
    detail: str
    attr: str | None = None
    members: dict[str, Any] = {}


IN_STATUS = {"current_status": "completed", "available_transitions": []}
DRAFT = {"current_status": "draft", "available_transitions": ["schedule", "cancel"]}
SCHEDULED = {"current_status": "scheduled", "available_transitions": ["reschedule", "start", "cancel"]}
CLASH = {
    "user": {"id": 8, "username": "student_1", "full_name": "Bob Brown"},
    "lesson": 41,
    "start_time": "2027-09-01T07:00:00Z",
    "end_time": "2027-09-01T08:00:00Z",
}

KINDS: dict[str, Kind] = {
    "invalid": Kind(400, "start_time: Give the offset from UTC, as in 2026-09-01T10:00:00+03:00.", "start_time"),
    "parse_error": Kind(400, "Malformed JSON: Expecting value: line 1 column 1 (char 0)"),
    "bad_request": Kind(400, "The request is malformed."),
    "not_authenticated": Kind(401, "Authentication credentials were not provided."),
    "token_not_valid": Kind(401, "The token is wrong or has expired; get a new one."),
    "bad_authorization_header": Kind(401, "The header is Authorization: Bearer, a space, and the token."),
    "no_active_account": Kind(401, "There is no active account with these credentials."),
    "user_inactive": Kind(401, "This account is deactivated."),
    "password_changed": Kind(401, "The password has been changed; log in again."),
    "permission_denied": Kind(403, "You do not have permission to perform this action."),
    "not_found": Kind(404, "Not found."),
    "method_not_allowed": Kind(405, 'Method "PUT" not allowed.'),
    "not_acceptable": Kind(406, "Could not satisfy the request Accept header."),
    "transition_not_allowed": Kind(409, "This is not possible: the lesson is completed.", None, IN_STATUS),
    "condition_unmet": Kind(
        409, "The lesson has no students; add at least one.", None, DRAFT | {"condition": "no_students"}
    ),
    "slot_conflict": Kind(409, "Somebody is already booked at this time.", None, DRAFT | {"conflicts": [CLASH]}),
    "concurrent_change": Kind(409, "Somebody else is changing this lesson right now; try again.", None, SCHEDULED),
    "not_editable": Kind(409, "title cannot be edited: the lesson is completed.", "title", IN_STATUS),
    "not_dead": Kind(409, "This delivery is not dead: it was sent, skipped, or is still under way."),
    "nothing_to_redeliver": Kind(409, "None of this dispatch's deliveries is dead."),
    "idempotency_in_flight": Kind(
        409, "A request with this Idempotency-Key is still being worked on; try again in a moment.", "Idempotency-Key"
    ),
    "length_required": Kind(411, "Send the body with its Content-Length; in chunks it would not be read."),
    "version_mismatch": Kind(412, "The lesson has changed since you read it; read it again and decide anew."),
    "body_too_large": Kind(413, "The body is larger than 1 MB."),
    "unsupported_media_type": Kind(415, 'Unsupported media type "text/plain" in request.'),
    "idempotency_mismatch": Kind(
        422, "This Idempotency-Key came with another request before; use a new one.", "Idempotency-Key"
    ),
    "throttled": Kind(429, "Request was throttled. Expected available in 17 seconds."),
    "too_many_logins": Kind(429, "Too many failed logins. Wait as long as Retry-After says, then try again."),
    "error": Kind(500, "Something went wrong on our side; we have been told."),
    "service_unavailable": Kind(
        503,
        "The database cannot be reached; what you asked for was done in full or not at all. Try again in a moment.",
    ),
}
CODES = tuple(KINDS)


def example_of(code: str) -> dict[str, Any]:
    """The problem as an operation answers with it."""
    kind = KINDS[code]
    told = kind.detail.removeprefix(f"{kind.attr}: ")
    errors = [{"attr": kind.attr, "code": "naive" if code == "invalid" else code, "detail": told}]
    example = problem(kind.status, code, kind.detail, "/api/v1/lessons/42/", errors=errors, **kind.members)
    return example | {"request_id": "6f9619ff8b86d011b42d00c04fc964ff"}

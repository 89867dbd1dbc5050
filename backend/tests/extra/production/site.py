"""The school's site in production: its settings, its people, and how it refuses."""

from typing import Any

import pytest
import requests

from backend.tests.extra.browser import Browser
from backend.tests.extra.rehearsal import Rehearsal

REHEARSED = [
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("ignore:Unverified HTTPS request"),  # the rehearsal's certificate is its own
]
HOST = "school.example"
PASSWORD = "correct-horse-7"  # everybody's
ME, TOKEN = "/api/v1/me/", "/api/v1/auth/token/"
REQUESTS_PER_MINUTE = 120
SETTINGS = {
    "SECRET_KEY": "q8Zx1" * 10,
    "ALLOWED_HOSTS": HOST,
    "POSTGRES_PASSWORD": "apassword",
    "REDIS_PASSWORD": "bpassword",
    "FLOWER_BASIC_AUTH": "flower:cpassword",
    "SERVER_NAME": HOST,
    "TLS_DIRECTORY": "tls",
    "NOTIFICATION_CHANNELS": "log",
    "TRUSTED_PROXIES": "127.0.0.1/32",
    "REQUESTS_PER_SECOND": "100",
    "API_REQUESTS_PER_MINUTE": str(REQUESTS_PER_MINUTE),
}
# Rosa administrates, Alice teaches, Bob and Carol learn.
PEOPLE = """
from lessons.tests.people import Administrator, Student, Teacher
Administrator(username="rosa"), Teacher(username="alice"), Student(username="bob"), Student(username="carol")
"""


def visitor_of(stack: Rehearsal, source: str = "127.0.0.1") -> Browser:
    return Browser(stack.machine.url(8443, "", scheme="https"), HOST, source)


def problem(response: requests.Response) -> dict[str, Any]:
    """The answer as a problem (RFC 9457), whoever gives it."""
    assert response.headers["Content-Type"].startswith("application/problem+json"), response.text
    said: dict[str, Any] = response.json()
    assert said["status"] == response.status_code
    assert said["request_id"]
    return said

"""What is personal or secret is masked by its form, and nothing else is touched."""

import pytest

from backend.observability.scrub import masked, scrubbed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("E-mail failed: {'bob.brown+x@school.example': (550, b'no')}", "E-mail failed: {'[e-mail]': (550, b'no')}"),
        ("to +79001234567 failed", "to [phone] failed"),
        ("to +7 (900) 123-45-67 failed", "to [phone] failed"),
        ("Authorization: Bearer abc.def-123456", "Authorization: [credentials]"),
        ("token eyJhbGciOi.eyJ1c2VyX2lk.SflKxw", "[credentials]"),
        ("got eyJhbGciOi.eyJ1c2VyX2lk.SflKxw", "got [token]"),
        ("redis://:hunter2@redis:6379/0 is away", "redis://[credentials]@redis:6379/0 is away"),
        ("postgres://lessons:hunter2@db/lessons", "postgres://[credentials]@db/lessons"),
        ("Key (email)=(bob@school.example) already exists", "Key (email)=([e-mail]) already exists"),
        ("{'password': 'hunter2'}", "{'[secret]"),
    ],
)
def test_it_masks(text: str, expected: str) -> None:
    assert masked(text) == expected
    assert "hunter2" not in masked(text)


@pytest.mark.parametrize(
    "text",
    [
        "Run 3e6f… of sms is closed: {'sent': 3, 'seconds': 0.25}",
        "Notification sent to student 17 for lesson Algebra + Geometry",
        "Task lessons.deliver[6f9619ff-8b86-d011-b42d-00c04fc964ff] succeeded in 0.01s: None",
        "worker@7c2a celery ready.",
        "2026-11-25T10:00:00+00:00",
        "SMS delivery-12 for lesson 3 accepted as sms-44",
    ],
)
def test_it_leaves_alone(text: str) -> None:
    assert masked(text) == text


def test_it_looks_into_whatever_json_is_made_of() -> None:
    event = {"extra": [{"email": "bob@school.example", "n": 3}, "call +79001234567"], "token": "abc", "n": None}

    assert scrubbed(event) == {
        "extra": [{"email": "[scrubbed]", "n": 3}, "call [phone]"],
        "token": "[scrubbed]",
        "n": None,
    }

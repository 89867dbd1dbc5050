"""Who lies about where he comes from is counted, slowed down and locked out by the address that he has. Whoever has the
one that he claims is not.

The machine's own addresses (127.x.x.x) stand for as many clients; no test uses another one's.
"""

from collections.abc import Iterator
from itertools import count

import pytest
import requests

from backend.tests.extra.browser import Browser
from backend.tests.extra.production.site import (
    ME,
    PASSWORD,
    REHEARSED,
    REQUESTS_PER_MINUTE,
    TOKEN,
    problem,
    visitor_of,
)
from backend.tests.extra.rehearsal import Rehearsal

pytestmark = REHEARSED
FAILED_BEFORE = """
from axes.models import AccessFailureLog
AccessFailureLog.objects.bulk_create(
    AccessFailureLog(username=f"somebody-{{n}}", ip_address="{address}") for n in range({times})
)
"""


def claiming(address: str) -> dict[str, str]:
    """Every header in which a client may say that it comes from there."""
    names = ("X-Forwarded-For", "X_Forwarded_For", "X-Real-IP", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP")
    return {**dict.fromkeys(names, address), "Forwarded": f"for={address}"}


@pytest.fixture
def elsewhere() -> Iterator[dict[str, str]]:
    """From another place each time."""
    return (claiming(f"198.51.100.{number}") for number in count(1))


def guess(browser: Browser, username: str, password: str, claims: dict[str, str]) -> requests.Response:
    return browser.request("POST", TOKEN, json={"username": username, "password": password}, headers=claims)


def fail_before(stack: Rehearsal, times: int, address: str) -> None:
    """That many logins have failed from there; to try them all would take a minute."""
    stack.manage("shell", "--command", FAILED_BEFORE.format(times=times, address=address))


def test_an_account_is_locked_from_wherever_the_guesses_claim_to_come(
    stack: Rehearsal, elsewhere: Iterator[dict[str, str]]
) -> None:
    eve = visitor_of(stack, "127.0.0.61")

    tries = [guess(eve, "carol", "wrong", next(elsewhere)).status_code for _ in range(10)]
    locked = guess(eve, "carol", PASSWORD, next(elsewhere))

    assert tries == [401] * 10
    assert (locked.status_code, problem(locked)["code"]) == (429, "too_many_logins")
    assert 0 < int(locked.headers["Retry-After"]) <= 15 * 60


def test_an_address_is_locked_out_whatever_it_claims_to_be(
    stack: Rehearsal, elsewhere: Iterator[dict[str, str]]
) -> None:
    fail_before(stack, 98, "127.0.0.62")
    eve = visitor_of(stack, "127.0.0.62")

    tries = [guess(eve, f"nobody-{number}", "wrong", next(elsewhere)).status_code for number in range(2)]
    locked = guess(eve, "bob", PASSWORD, next(elsewhere))

    assert tries == [401, 401]
    assert (locked.status_code, problem(locked)["code"]) == (429, "too_many_logins")


def test_whoever_has_the_address_that_a_guesser_claims_gets_in(stack: Rehearsal) -> None:
    fail_before(stack, 99, "127.0.0.73")
    eve, bob = visitor_of(stack, "127.0.0.63"), visitor_of(stack, "127.0.0.73")

    tries = [guess(eve, f"no-one-{number}", "wrong", claiming("127.0.0.73")).status_code for number in range(3)]

    assert tries == [401] * 3
    assert bob.token("bob", PASSWORD)


def test_the_door_is_slow_for_the_address_that_floods_it_and_for_no_other(stack: Rehearsal) -> None:
    eve, bob = visitor_of(stack, "127.0.0.64"), visitor_of(stack, "127.0.0.74")

    answers = [eve.request("POST", TOKEN, json={}, headers=claiming("127.0.0.74")) for _ in range(50)]

    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert problem(refused[0])["code"] == "throttled"
    assert bob.request("POST", TOKEN, json={}).status_code == 400


def test_a_persons_requests_are_counted_from_wherever_they_claim_to_come(
    stack: Rehearsal, elsewhere: Iterator[dict[str, str]]
) -> None:
    alice, bob = visitor_of(stack, "127.0.0.65"), visitor_of(stack, "127.0.0.75")
    of_alice, of_bob = alice.token("alice", PASSWORD), bob.token("bob", PASSWORD)

    first, *_, last = [
        alice.get(ME, headers={**of_alice, **next(elsewhere)}) for _ in range(REQUESTS_PER_MINUTE * 5 // 4)
    ]

    assert first.status_code == 200
    assert problem(last)["code"] == "throttled"
    assert 0 < int(last.headers["Retry-After"]) <= 120
    assert bob.get(ME, headers=of_bob).status_code == 200

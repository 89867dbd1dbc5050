"""What all addresses share: the token, the length of a body, which paths and methods there are."""

import pytest
import requests

from backend.gateway import Gateway
from backend.tests.gateway.clients import TOKEN, ask, send_sms


def test_a_body_beyond_the_limit_is_a_413(gateway: Gateway) -> None:
    assert send_sms(gateway, "k1", text="x" * 70_000).status_code == 413


def test_a_body_of_unknown_length_is_a_411(gateway: Gateway) -> None:
    answer = ask(gateway, "POST", "/sms/messages", data=iter([b"{}"]))
    assert answer.status_code == 411


def test_unknown_paths_and_methods_are_told_apart(gateway: Gateway) -> None:
    assert ask(gateway, "GET", "/nowhere").status_code == 404
    answer = ask(gateway, "PUT", "/stats")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")
    assert ask(gateway, "PATCH", "/stats").json()["error"] == "bad_request"


@pytest.mark.parametrize("authorization", [None, "Bearer wrong", f"Basic {TOKEN}", TOKEN])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/sms/messages"),
        ("GET", "/sms/messages"),
        ("DELETE", "/sms/messages"),
        ("GET", "/mail/messages"),
        ("DELETE", "/mail/messages"),
        ("GET", "/stats"),
        ("GET", "/faults"),
        ("PUT", "/faults"),
        ("DELETE", "/faults"),
    ],
)
def test_without_the_token_there_is_nothing_to_get(
    gateway: Gateway, method: str, path: str, authorization: str | None
) -> None:
    answer = ask(gateway, method, path, headers={"Authorization": authorization})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_livez_is_ok(gateway: Gateway) -> None:
    answer = requests.get(f"{gateway.url}/livez", timeout=5)
    assert (answer.status_code, answer.text) == (200, "ok\n")

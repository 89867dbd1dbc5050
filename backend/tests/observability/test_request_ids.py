"""One id per request: the caller's where it is harmless, else one of ours."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from backend.observability import RequestIdMiddleware
from lessons.request_id import request_id


def served(given: str | None) -> tuple[str, str]:
    """The id during the request, and the answer's."""
    seen = []

    def view(_request: HttpRequest) -> HttpResponse:
        seen.append(request_id())
        return HttpResponse()

    headers = {} if given is None else {"X-Request-ID": given}
    response = RequestIdMiddleware(view)(RequestFactory().get("/", headers=headers))
    return seen[0], response["X-Request-ID"]


@pytest.mark.parametrize("given", ["abc-1", "a" * 64, "A.b_c-9", "6f9619ff-8b86-d011-b42d-00c04fc964ff"])
def test_a_harmless_id_is_kept(given: str) -> None:
    assert served(given) == (given, given)


@pytest.mark.parametrize(
    "given", [None, "", "a" * 65, "a b", "a\nSet-Cookie: x", "a\n", "<script>", "idä", "a\x00", "a/b", "a;b"]
)
def test_any_other_is_replaced(given: str | None) -> None:
    during, answered = served(given)

    assert during == answered != given
    assert len(answered) == 32


def test_every_request_has_another_id() -> None:
    assert served(None) != served(None)


def test_after_the_request_there_is_none() -> None:
    served("abc-1")

    assert request_id() == ""


def test_a_request_that_fails_leaves_no_id_behind() -> None:
    def view(_request: HttpRequest) -> HttpResponse:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        RequestIdMiddleware(view)(RequestFactory().get("/"))
    assert request_id() == ""

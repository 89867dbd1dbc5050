"""The page for people: what arrived, how the provider behaves, and nothing that a stranger wrote runs."""

import pytest
import requests

from backend.gateway import Gateway
from backend.tests.gateway.clients import (
    ALICE,
    ALICES_MAIL,
    BOB,
    SCHOOL,
    TOKEN,
    a_mail,
    all_mails,
    send_mail,
    send_sms,
    set_faults,
)


def test_it_shows_what_arrived_with_the_latest_first(gateway: Gateway) -> None:
    send_sms(gateway, "first-key", text="Earlier")
    send_sms(gateway, "second-key", text="Later")
    page = requests.get(gateway.url, timeout=5).text

    assert page.index("Later") < page.index("Earlier")
    assert ALICE in page
    assert "first-key" in page


def test_it_escapes_whatever_it_is_sent(gateway: Gateway) -> None:
    send_sms(gateway, "<b>key</b>", text="<script>alert('x')</script>")
    page = requests.get(gateway.url, timeout=5).text

    assert "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;" in page
    assert "&lt;b&gt;key&lt;/b&gt;" in page
    assert "<script" not in page


def test_it_loads_nothing_but_its_own_stylesheet(gateway: Gateway) -> None:
    answer = requests.get(gateway.url, timeout=5)
    assert "default-src 'none'; style-src 'self'" in answer.headers["Content-Security-Policy"]
    assert 'href="/gateway.css"' in answer.text
    stylesheet = requests.get(f"{gateway.url}/gateway.css", timeout=5)
    assert stylesheet.headers["Content-Type"].startswith("text/css")


def test_it_says_which_settings_are_not_as_usual(gateway: Gateway) -> None:
    assert "Behaving normally" in requests.get(gateway.url, timeout=5).text
    set_faults(gateway, error_rate=1.0, fail_numbers=[BOB])
    page = requests.get(gateway.url, timeout=5).text
    assert '<div class="changed"><dt>error_rate</dt><dd>1</dd></div>' in page
    assert f'<div class="changed"><dt>fail_numbers</dt><dd>{BOB}</dd></div>' in page


def test_it_says_that_nothing_has_arrived(gateway: Gateway) -> None:
    assert "Nothing has arrived yet" in requests.get(gateway.url, timeout=5).text


def test_it_shows_what_arrived(gateway: Gateway) -> None:
    send_mail(gateway, a_mail(subject="Урок <b>отменён</b>"))
    page = requests.get(gateway.url, timeout=5).text

    assert "Урок &lt;b&gt;отменён&lt;/b&gt;" in page
    for shown in (ALICES_MAIL, SCHOOL, "&lt;m1@school.example&gt;", ">ru<", "lesson.ics"):
        assert shown in page


def test_it_leads_to_what_the_e_mail_says(gateway: Gateway) -> None:
    send_mail(gateway)
    [arrived] = all_mails(gateway)
    page = requests.get(gateway.url, timeout=5).text

    for kind, content in (("html", "<p>Hello</p>"), ("txt", "Hello")):
        link = f"/mail/message.{kind}?id={arrived['id']}"
        assert f'href="{link}"' in page
        assert requests.get(gateway.url + link, timeout=5).text.strip() == content


def test_an_e_mail_is_shown_without_letting_it_run_or_load_anything(gateway: Gateway) -> None:
    send_mail(gateway, a_mail(html="<script>alert(1)</script><img src='http://127.0.0.1/'>"))
    [arrived] = all_mails(gateway)

    headers = requests.get(f"{gateway.url}/mail/message.html?id={arrived['id']}", timeout=5).headers

    policy = [part.strip() for part in headers["Content-Security-Policy"].split(";")]
    assert policy[:2] == ["sandbox", "default-src 'none'"]
    assert not any(part.startswith("script-src") for part in policy)
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("query", ["", "?id=", "?id=mail-000000-000001", "?id=../../etc/passwd"])
def test_an_e_mail_that_is_not_there_is_a_404(gateway: Gateway, query: str) -> None:
    assert requests.get(f"{gateway.url}/mail/message.html{query}", timeout=5).status_code == 404


def test_it_says_which_token_changes_the_behaviour(gateway: Gateway) -> None:
    page = requests.get(gateway.url, timeout=5).text
    assert "SMS_GATEWAY_TOKEN" in page
    assert TOKEN not in page

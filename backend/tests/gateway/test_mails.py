"""E-mails that have arrived, read back in order and in parts, however odd they are."""

import pytest

from backend.gateway import Gateway
from backend.gateway.mails import MailStore, read_content
from backend.tests.gateway.clients import ALICES_MAIL, SCHOOL, a_mail, all_mails, ask, mail_stats, send_mail


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"", ""),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"Content-Type: text/plain; charset=klingon\r\n\r\nQapla'", "Qapla'"),
        (b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--y\r\n", ""),
    ],
)
def test_however_odd_an_e_mail_is_it_can_be_read(raw: bytes, text: str) -> None:
    assert read_content(raw).text == text


def test_e_mails_are_listed_in_order_of_arrival_and_in_parts(gateway: Gateway) -> None:
    for number in range(4):
        send_mail(gateway, a_mail(f"<m{number}@school.example>"))
    ids = [arrived["id"] for arrived in all_mails(gateway)]

    assert [arrived["id"] for arrived in all_mails(gateway, f"?since={ids[0]}&limit=2")] == ids[1:3]
    assert ask(gateway, "GET", "/mail/messages?since=sms-000000-1").json()["field"] == "since"


def test_clearing_forgets_e_mails_and_counts(gateway: Gateway) -> None:
    send_mail(gateway)
    assert ask(gateway, "DELETE", "/mail/messages").json() == {"cleared": 1}

    assert (all_mails(gateway), mail_stats(gateway)["raw"]) == ([], 0)
    send_mail(gateway)
    assert all_mails(gateway)[0]["arrival"] == 1


def test_old_e_mails_give_way_but_their_message_ids_are_counted() -> None:
    store, content = MailStore(kept=2), read_content(bytes(a_mail()))
    arrivals = [store.accept(content, sender=SCHOOL, to=[ALICES_MAIL]).arrival for _ in range(4)]

    assert arrivals == [1, 2, 3, 4]
    assert [arrived["arrival"] for arrived in store.after(None, limit=10)] == [3, 4]

"""SMS that have arrived, read back in order and in parts."""

import pytest

from backend.gateway import Gateway
from backend.gateway.messages import MessageStore
from backend.tests.gateway.clients import ALICE, all_sms, ask, send_sms, sms_stats


def test_messages_are_listed_in_order_of_arrival_and_in_parts(gateway: Gateway) -> None:
    ids = [send_sms(gateway, f"k{number}").json()["id"] for number in range(4)]
    assert [message["id"] for message in all_sms(gateway)] == ids
    rest = all_sms(gateway, f"?since={ids[0]}&limit=2")
    assert [message["id"] for message in rest] == ids[1:3]
    assert all_sms(gateway, f"?since={ids[-1]}") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("?limit=0", "limit"),
        ("?limit=many", "limit"),
        ("?since=7", "since"),
        ("?since=sms-000000-1", "since"),
    ],
)
def test_a_bad_parameter_is_named(gateway: Gateway, query: str, field: str) -> None:
    answer = ask(gateway, "GET", f"/sms/messages{query}")
    assert (answer.status_code, answer.json()["field"]) == (400, field)


def test_clearing_forgets_messages_counts_and_keys_but_reuses_no_id(gateway: Gateway) -> None:
    first = send_sms(gateway, "k1")
    assert ask(gateway, "DELETE", "/sms/messages").json() == {"cleared": 1}
    assert (all_sms(gateway), sms_stats(gateway)["raw"]) == ([], 0)

    again = send_sms(gateway, "k1")
    assert again.status_code == 201
    assert again.json()["id"] != first.json()["id"]


def test_old_messages_give_way_but_their_keys_are_remembered() -> None:
    store = MessageStore(kept=3)
    ids = [store.accept(key=f"k{number}", to=ALICE, text="").id for number in range(5)]

    assert [message["id"] for message in store.after(None, limit=10)] == ids[2:]
    assert [message["id"] for message in store.after(ids[0], limit=10)] == ids[2:]
    assert [message["id"] for message in store.after(ids[2], limit=1)] == [ids[3]]
    assert [message["id"] for message in store.latest(2)] == [ids[4], ids[3]]
    assert store.accept(key="k0", to=ALICE, text="").is_duplicate

"""The gateway over real HTTP: what a client of the provider meets, in good and bad moods."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from backend.gateway import Gateway, GatewayError
from backend.gateway.messages import MessageStore

TOKEN = "open sesame"
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}
ALICE, BOB = "+79001234567", "+441632960961"
REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "gateway.jsonl"


@pytest.fixture
def gateway(journal: Path) -> Iterator[Gateway]:
    with Gateway(token=TOKEN, latency_seconds=0.01, log=journal, seed=7) as running:
        yield running


def ask(gateway: Gateway, method: str, path: str, **options: Any) -> requests.Response:
    options.setdefault("headers", AUTHORIZED)
    options.setdefault("timeout", 5)
    return requests.request(method, gateway.url + path, **options)


def send(gateway: Gateway, key: str, *, to: str = ALICE, text: str = "Hello", timeout: float = 5) -> requests.Response:
    headers = AUTHORIZED | {"Idempotency-Key": key}
    body = {"to": to, "text": text}
    return ask(gateway, "POST", "/sms/messages", json=body, headers=headers, timeout=timeout)


def set_faults(gateway: Gateway, **changes: Any) -> None:
    assert ask(gateway, "PUT", "/faults", json=changes).status_code == 200


def stats(gateway: Gateway) -> dict[str, int]:
    counts: dict[str, int] = ask(gateway, "GET", "/stats").json()
    return counts


def messages(gateway: Gateway, query: str = "") -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = ask(gateway, "GET", f"/sms/messages{query}").json()
    return listed


def entries(journal: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in journal.read_text().splitlines()]


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 3
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)


class TestSending:
    def test_a_message_is_accepted_and_can_be_read_back(self, gateway: Gateway) -> None:
        answer = send(gateway, "k1", to=BOB, text="Урок отменён")

        assert answer.status_code == 201
        assert answer.json() == {"id": answer.json()["id"], "status": "accepted"}
        [message] = messages(gateway)
        assert message["id"] == answer.json()["id"]
        assert (message["key"], message["to"], message["text"]) == ("k1", BOB, "Урок отменён")
        assert message["accepted_at"] < message["answered_at"]
        assert message["raw_sends"] == 1

    def test_the_answer_comes_after_the_latency(self, gateway: Gateway) -> None:
        set_faults(gateway, latency_seconds=0.2, slow=0.1)
        started = time.monotonic()
        send(gateway, "k1")
        assert 0.3 <= time.monotonic() - started < 0.6

    def test_the_same_key_again_is_told_so_and_not_sent_again(self, gateway: Gateway) -> None:
        first = send(gateway, "k1")
        second = send(gateway, "k1")

        assert second.status_code == 200
        assert second.json() == first.json() | {"duplicate": True}
        assert messages(gateway)[0]["raw_sends"] == 2
        assert (stats(gateway)["raw"], stats(gateway)["effective"]) == (2, 1)

    def test_a_key_that_is_in_flight_many_times_is_sent_once(self, gateway: Gateway) -> None:
        set_faults(gateway, latency_seconds=0.2)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: send(gateway, "k1"), range(8)))

        assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
        assert len({answer.json()["id"] for answer in answers}) == 1
        assert (stats(gateway)["raw"], stats(gateway)["effective"]) == (8, 1)

    def test_twenty_sends_at_once_take_hardly_longer_than_one(self, gateway: Gateway) -> None:
        set_faults(gateway, latency_seconds=0.3)
        started = time.monotonic()
        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda number: send(gateway, f"k{number}"), range(20)))

        assert time.monotonic() - started < 1
        assert {answer.status_code for answer in answers} == {201}
        assert stats(gateway)["max_in_flight"] > 10
        assert stats(gateway)["in_flight"] == 0

    def test_a_client_that_loses_patience_has_had_its_message_sent(self, gateway: Gateway) -> None:
        set_faults(gateway, latency_seconds=0.3)
        with pytest.raises(requests.Timeout):
            send(gateway, "k1", timeout=0.1)

        assert [message["answered_at"] for message in messages(gateway)] == [None]
        wait_until(lambda: stats(gateway)["unanswered"] == 1)

    def test_a_kept_connection_serves_many_sends_without_delay(self, gateway: Gateway) -> None:
        set_faults(gateway, latency_seconds=0)
        started = time.monotonic()
        with requests.Session() as session:
            for number in range(50):
                session.post(
                    f"{gateway.url}/sms/messages",
                    json={"to": ALICE, "text": "Hello"},
                    headers=AUTHORIZED | {"Idempotency-Key": f"k{number}"},
                    timeout=5,
                )
        assert time.monotonic() - started < 1
        assert stats(gateway)["effective"] == 50


class TestDeclining:
    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"text": "Hello"}, "to"),
            ({"to": ALICE}, "text"),
            ({"to": ALICE, "text": " "}, "text"),
            ({"to": 79001234567, "text": "Hello"}, "to"),
        ],
    )
    def test_a_missing_or_wrong_field_is_named(self, gateway: Gateway, body: dict[str, Any], field: str) -> None:
        headers = AUTHORIZED | {"Idempotency-Key": "k1"}
        answer = ask(gateway, "POST", "/sms/messages", json=body, headers=headers)
        assert (answer.status_code, answer.json()["field"]) == (400, field)

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"to"', b"\xff", b"[" * 20_000])
    def test_a_malformed_body_is_a_400(self, gateway: Gateway, body: bytes) -> None:
        headers = AUTHORIZED | {"Idempotency-Key": "k1"}
        answer = ask(gateway, "POST", "/sms/messages", data=body, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (400, "malformed")

    @pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k" * 256}])
    def test_a_missing_or_overlong_key_is_a_400(self, gateway: Gateway, headers: dict[str, str]) -> None:
        body = {"to": ALICE, "text": "Hello"}
        answer = ask(gateway, "POST", "/sms/messages", json=body, headers=AUTHORIZED | headers)
        assert (answer.status_code, answer.json()["field"]) == (400, "Idempotency-Key")

    @pytest.mark.parametrize("to", ["89001234567", "+123456", "+1234567890123456", ALICE + "\n"])
    def test_an_unknown_form_of_number_is_permanent(self, gateway: Gateway, to: str) -> None:
        answer = send(gateway, "k1", to=to)
        assert (answer.status_code, answer.json()["error"]) == (422, "unknown_number")
        assert (stats(gateway)["declined"], stats(gateway)["raw"]) == (1, 0)

    def test_a_body_beyond_the_limit_is_a_413(self, gateway: Gateway) -> None:
        assert send(gateway, "k1", text="x" * 70_000).status_code == 413

    def test_a_body_of_unknown_length_is_a_411(self, gateway: Gateway) -> None:
        answer = ask(gateway, "POST", "/sms/messages", data=iter([b"{}"]))
        assert answer.status_code == 411

    def test_unknown_paths_and_methods_are_told_apart(self, gateway: Gateway) -> None:
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
            ("GET", "/stats"),
            ("GET", "/faults"),
            ("PUT", "/faults"),
            ("DELETE", "/faults"),
        ],
    )
    def test_without_the_token_there_is_nothing_to_get(
        self, gateway: Gateway, method: str, path: str, authorization: str | None
    ) -> None:
        answer = ask(gateway, method, path, headers={"Authorization": authorization})
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"


class TestFaults:
    def test_only_the_settings_named_change(self, gateway: Gateway) -> None:
        before = ask(gateway, "GET", "/faults").json()
        changed = ask(gateway, "PUT", "/faults", json={"error_rate": 0.5, "slow": 2}).json()
        assert changed == before | {"error_rate": 0.5, "slow": 2}
        assert ask(gateway, "GET", "/faults").json() == changed

    def test_a_reset_brings_back_the_settings_of_the_start(self, gateway: Gateway) -> None:
        before = ask(gateway, "GET", "/faults").json()
        set_faults(gateway, refuse=True, latency_seconds=3)
        assert ask(gateway, "DELETE", "/faults").json() == before

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("latency_seconds", -1),
            ("latency_seconds", float("nan")),
            ("slow", "1"),
            ("slow", 601),
            ("error_rate", 1.1),
            ("error_rate", True),
            ("error_status", 200),
            ("error_status", 500.0),
            ("retry_after_seconds", -1),
            ("refuse", 1),
            ("accept_then_time_out", None),
            ("fail_numbers", ALICE),
            ("fail_numbers", ["12"]),
            ("no_such_setting", 1),
        ],
    )
    def test_a_bad_setting_is_named_and_nothing_changes(self, gateway: Gateway, name: str, value: object) -> None:
        before = ask(gateway, "GET", "/faults").json()
        body = json.dumps({"slow": 1} | {name: value})
        answer = ask(gateway, "PUT", "/faults", data=body)
        assert (answer.status_code, answer.json()["field"]) == (400, name)
        assert ask(gateway, "GET", "/faults").json() == before

    def test_an_error_carries_its_status_and_retry_after(self, gateway: Gateway) -> None:
        set_faults(gateway, error_rate=1, error_status=503, retry_after_seconds=7)
        answer = send(gateway, "k1")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "7")
        assert (stats(gateway)["failed"], messages(gateway)) == (1, [])

    def test_an_error_has_no_retry_after_unless_it_is_set(self, gateway: Gateway) -> None:
        set_faults(gateway, error_rate=1)
        answer = send(gateway, "k1")
        assert answer.status_code == 500
        assert "Retry-After" not in answer.headers

    def test_the_same_seed_fails_the_same_sends(self) -> None:
        def failures() -> list[bool]:
            with Gateway(token=TOKEN, latency_seconds=0, seed=3) as gateway:
                set_faults(gateway, error_rate=0.5)
                return [send(gateway, f"k{number}").ok for number in range(20)]

        assert failures() == failures()
        assert {True, False} == set(failures())

    def test_refusing_resets_sends_but_leaves_the_rest_alone(self, gateway: Gateway) -> None:
        set_faults(gateway, refuse=True)
        with pytest.raises(requests.ConnectionError, match="reset"):
            send(gateway, "k1")

        assert (stats(gateway)["refused"], stats(gateway)["effective"]) == (1, 0)
        set_faults(gateway, refuse=False)
        assert send(gateway, "k1").status_code == 201

    def test_accept_then_time_out_sends_and_never_answers(self, gateway: Gateway) -> None:
        set_faults(gateway, accept_then_time_out=True)
        with pytest.raises(requests.Timeout):
            send(gateway, "k1", timeout=0.2)

        wait_until(lambda: stats(gateway)["in_flight"] == 0)
        assert (stats(gateway)["effective"], stats(gateway)["unanswered"]) == (1, 1)
        ask(gateway, "DELETE", "/faults")
        assert send(gateway, "k1").json()["duplicate"] is True

    def test_only_the_failing_numbers_fail(self, gateway: Gateway) -> None:
        set_faults(gateway, fail_numbers=[BOB])
        answer = send(gateway, "k1", to=BOB)
        assert (answer.status_code, answer.json()["error"]) == (422, "unreachable_number")
        assert send(gateway, "k2", to=ALICE).status_code == 201


class TestReadingBack:
    def test_messages_are_listed_in_order_of_arrival_and_in_parts(self, gateway: Gateway) -> None:
        ids = [send(gateway, f"k{number}").json()["id"] for number in range(4)]
        assert [message["id"] for message in messages(gateway)] == ids
        rest = messages(gateway, f"?since={ids[0]}&limit=2")
        assert [message["id"] for message in rest] == ids[1:3]
        assert messages(gateway, f"?since={ids[-1]}") == []

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("?limit=0", "limit"),
            ("?limit=many", "limit"),
            ("?since=7", "since"),
            ("?since=sms-000000-1", "since"),
        ],
    )
    def test_a_bad_parameter_is_named(self, gateway: Gateway, query: str, field: str) -> None:
        answer = ask(gateway, "GET", f"/sms/messages{query}")
        assert (answer.status_code, answer.json()["field"]) == (400, field)

    def test_clearing_forgets_messages_counts_and_keys_but_reuses_no_id(self, gateway: Gateway) -> None:
        first = send(gateway, "k1")
        assert ask(gateway, "DELETE", "/sms/messages").json() == {"cleared": 1}
        assert (messages(gateway), stats(gateway)["raw"]) == ([], 0)

        again = send(gateway, "k1")
        assert again.status_code == 201
        assert again.json()["id"] != first.json()["id"]

    def test_old_messages_give_way_but_their_keys_are_remembered(self) -> None:
        store = MessageStore(kept=3)
        ids = [store.accept(key=f"k{number}", to=ALICE, text="").id for number in range(5)]

        assert [message["id"] for message in store.after(None, limit=10)] == ids[2:]
        assert [message["id"] for message in store.after(ids[0], limit=10)] == ids[2:]
        assert [message["id"] for message in store.after(ids[2], limit=1)] == [ids[3]]
        assert [message["id"] for message in store.latest(2)] == [ids[4], ids[3]]
        assert store.accept(key="k0", to=ALICE, text="").is_duplicate


class TestJournal:
    def test_each_send_leaves_one_line_that_tells_its_fate(self, gateway: Gateway, journal: Path) -> None:
        sent = send(gateway, "k1")
        send(gateway, "k1")
        send(gateway, "k2", to="12")
        set_faults(gateway, refuse=True)
        with pytest.raises(requests.ConnectionError):
            send(gateway, "k3")

        accepted, duplicate, declined, faults, refused = entries(journal)
        assert (accepted["outcome"], accepted["status"]) == ("accepted", 201)
        assert (accepted["key"], accepted["to"], accepted["text"]) == ("k1", ALICE, "Hello")
        assert accepted["id"] == duplicate["id"] == sent.json()["id"]
        assert accepted["arrived_at"] < accepted["answered_at"] < duplicate["arrived_at"]
        assert (duplicate["outcome"], duplicate["status"]) == ("duplicate", 200)
        assert (declined["outcome"], declined["status"]) == ("unknown_number", 422)
        assert faults["changes"] == {"refuse": True}
        assert (refused["outcome"], refused["key"]) == ("refused", "k3")
        assert (refused["status"], refused["answered_at"]) == (None, None)

    def test_looking_leaves_no_line(self, gateway: Gateway, journal: Path) -> None:
        messages(gateway)
        ask(gateway, "GET", "/")
        assert entries(journal) == []

    def test_any_text_that_json_can_carry_is_sent_shown_and_written_down(self, gateway: Gateway, journal: Path) -> None:
        assert send(gateway, "k1", text="half a pair: \ud83d, a nought: \0").ok
        assert ask(gateway, "GET", "/").status_code == 200
        assert entries(journal)[0]["text"] == "half a pair: \ud83d, a nought: \0"


class TestPage:
    def test_it_shows_what_arrived_with_the_latest_first(self, gateway: Gateway) -> None:
        send(gateway, "first-key", text="Earlier")
        send(gateway, "second-key", text="Later")
        page = requests.get(gateway.url, timeout=5).text

        assert page.index("Later") < page.index("Earlier")
        assert ALICE in page
        assert "first-key" in page

    def test_it_escapes_whatever_it_is_sent(self, gateway: Gateway) -> None:
        send(gateway, "<b>key</b>", text="<script>alert('x')</script>")
        page = requests.get(gateway.url, timeout=5).text

        assert "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;" in page
        assert "&lt;b&gt;key&lt;/b&gt;" in page
        assert "<script" not in page

    def test_it_loads_nothing_but_its_own_stylesheet(self, gateway: Gateway) -> None:
        answer = requests.get(gateway.url, timeout=5)
        assert "default-src 'none'; style-src 'self'" in answer.headers["Content-Security-Policy"]
        assert 'href="/gateway.css"' in answer.text
        stylesheet = requests.get(f"{gateway.url}/gateway.css", timeout=5)
        assert stylesheet.headers["Content-Type"].startswith("text/css")

    def test_it_says_which_settings_are_not_as_usual(self, gateway: Gateway) -> None:
        assert "Behaving normally" in requests.get(gateway.url, timeout=5).text
        set_faults(gateway, error_rate=1.0, fail_numbers=[BOB])
        page = requests.get(gateway.url, timeout=5).text
        assert '<div class="changed"><dt>error_rate</dt><dd>1</dd></div>' in page
        assert f'<div class="changed"><dt>fail_numbers</dt><dd>{BOB}</dd></div>' in page

    def test_it_says_that_nothing_has_arrived(self, gateway: Gateway) -> None:
        assert "Nothing has arrived yet" in requests.get(gateway.url, timeout=5).text

    def test_livez_is_ok(self, gateway: Gateway) -> None:
        answer = requests.get(f"{gateway.url}/livez", timeout=5)
        assert (answer.status_code, answer.text) == (200, "ok\n")


class TestLife:
    def test_stopping_hangs_up_on_sends_in_flight_and_on_kept_connections(
        self, gateway: Gateway, journal: Path
    ) -> None:
        set_faults(gateway, latency_seconds=30)
        idle = socket.create_connection((gateway.host, gateway.port))
        with ThreadPoolExecutor(1) as pool:
            sending = pool.submit(send, gateway, "k1", timeout=60)
            wait_until(lambda: stats(gateway)["in_flight"] == 1)
            started = time.monotonic()
            gateway.stop()
            assert time.monotonic() - started < 2
            with pytest.raises(requests.ConnectionError):
                sending.result()
        with idle:
            assert idle.recv(1) == b""
        last = entries(journal)[-1]
        assert (last["outcome"], last["status"]) == ("accepted", None)

    def test_a_stopped_gateway_refuses_and_remembers_when_it_is_back(self, gateway: Gateway) -> None:
        send(gateway, "k1")
        gateway.stop()
        with pytest.raises(requests.ConnectionError, match="refused"):
            send(gateway, "k1")

        gateway.start()
        assert send(gateway, "k1").json()["duplicate"] is True

    def test_a_busy_port_is_told_in_one_line(self, gateway: Gateway) -> None:
        with pytest.raises(GatewayError, match=f"cannot listen on 127.0.0.1:{gateway.port}"):
            Gateway(token=TOKEN, port=gateway.port).start()

    def test_a_log_that_cannot_be_written_is_told_in_one_line(self, tmp_path: Path) -> None:
        with pytest.raises(GatewayError, match="cannot write"):
            Gateway(token=TOKEN, log=tmp_path)

    def test_it_does_not_start_without_a_token(self) -> None:
        with pytest.raises(GatewayError, match="token"):
            Gateway(token="")

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_as_a_process_it_prints_its_address_and_ends_on_a_signal(self, number: signal.Signals) -> None:
        command = [sys.executable, "-m", "backend.gateway", "--port", "0", "--latency", "30"]
        with subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env=os.environ | {"SMS_GATEWAY_TOKEN": TOKEN},
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                line = process.stdout.readline() if process.stdout else ""
                url = line.removeprefix("Gateway listening on ").strip()
                assert requests.get(f"{url}/livez", timeout=5).ok
                process.send_signal(number)
                assert process.wait(timeout=2) == 0
            finally:
                process.kill()

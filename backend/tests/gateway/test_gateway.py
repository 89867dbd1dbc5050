"""The gateway as a whole: started, stopped, started again; alone in a process."""

import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from backend.gateway import Gateway, GatewayError
from backend.tests.gateway.clients import TOKEN, entries, send_sms, set_faults, sms_stats
from lessons.tests.waiting import wait_until

REPOSITORY = Path(__file__).resolve().parents[3]


def test_stopping_hangs_up_on_sends_in_flight_and_on_kept_connections(gateway: Gateway, journal: Path) -> None:
    set_faults(gateway, latency_seconds=30)
    idle = socket.create_connection((gateway.host, gateway.port))
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(send_sms, gateway, "k1", timeout=60)
        wait_until(lambda: sms_stats(gateway)["in_flight"] == 1)
        started = time.monotonic()
        gateway.stop()
        assert time.monotonic() - started < 2
        with pytest.raises(requests.ConnectionError):
            sending.result()
    with idle:
        assert idle.recv(1) == b""
    last = entries(journal)[-1]
    assert (last["outcome"], last["status"]) == ("accepted", None)


def test_a_stopped_gateway_refuses_and_remembers_when_it_is_back(gateway: Gateway) -> None:
    send_sms(gateway, "k1")
    gateway.stop()
    with pytest.raises(requests.ConnectionError, match="refused"):
        send_sms(gateway, "k1")

    gateway.start()
    assert send_sms(gateway, "k1").json()["duplicate"] is True


def test_a_busy_port_is_told_in_one_line(gateway: Gateway) -> None:
    with pytest.raises(GatewayError, match=f"cannot listen on 127.0.0.1:{gateway.port}"):
        Gateway(token=TOKEN, port=gateway.port).start()


def test_a_log_that_cannot_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(GatewayError, match="cannot write"):
        Gateway(token=TOKEN, log=tmp_path)


def test_it_does_not_start_without_a_token() -> None:
    with pytest.raises(GatewayError, match="token"):
        Gateway(token="")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_as_a_process_it_prints_its_address_and_ends_on_a_signal(number: signal.Signals) -> None:
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

"""What changes while production runs: processes reload, go away and come back, stop. And what they wrote meanwhile."""

import json
import os
import re
import signal
import threading
import time
from collections import Counter

import requests

from backend.tests.extra.browser import Browser
from backend.tests.extra.production.site import HOST, PASSWORD, REHEARSED, SETTINGS, problem
from backend.tests.extra.rehearsal import Rehearsal
from lessons.tests.waiting import wait_until

pytestmark = REHEARSED


def test_no_request_fails_while_gunicorn_reloads(stack: Rehearsal, visitor: Browser) -> None:
    """What `docker kill -s HUP` does: old workers finish what they have, new ones take over. Until these are ready,
    requests wait; clients keep their connections to nginx."""
    answers: Counter[object] = Counter()
    finished = threading.Event()

    def ask() -> None:
        client = Browser(visitor.base, HOST)
        while not finished.is_set():
            for method, path in (("GET", "/livez"), ("POST", "/api/v1/lessons/"), ("GET", "/redoc/")):
                try:
                    answers[path, client.request(method, path, timeout=60).status_code] += 1
                except requests.RequestException as error:
                    answers[path, type(error).__name__] += 1
            time.sleep(0.15)  # nginx lets 100 requests a second through

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(2):
        time.sleep(1)
        os.kill(stack.processes["app"].popen.pid, signal.SIGHUP)
        time.sleep(4)
    wait_until(lambda: sum(answers.values()) > 60, within_seconds=90)
    finished.set()
    for thread in threads:
        thread.join()

    statuses = {status for _, status in answers}
    assert statuses <= {200, 401}, answers
    assert stack.log("app").count("Handling signal: hup") == 2


def test_while_the_application_is_away_nginx_says_when_to_come_again(stack: Rehearsal, visitor: Browser) -> None:
    visitor.get("/static/lessons/site.css")
    stack.stop("app")
    try:
        answer = visitor.get("/api/v1/me/")
        assert answer.status_code == 502
        assert problem(answer)["code"] == "unavailable"
        assert answer.headers["Retry-After"] == "5"
    finally:
        stack.start_again("app")
    assert visitor.get("/accounts/login/").status_code == 200


def test_everybody_stops_gracefully(stack: Rehearsal) -> None:
    for name in ("celery_beat", "celery_worker", "celery_worker_log", "celery_worker_email", "celery_worker_sms"):
        assert stack.stop(name) < 15, name
        assert "Traceback" not in stack.log(name)


def without_celerys_farewell(log: str) -> str:
    """Celery prints two things past all logging: that it is root, which the container's user is not, and its end."""
    warning = r"^\S+ SecurityWarning: You're running the worker.*?warnings\.warn\([^\n]*\n"
    return re.sub(warning, "", log, flags=re.DOTALL | re.MULTILINE).replace("worker: Warm shutdown (MainProcess)\n", "")


def test_logs_are_one_object_per_line_and_name_nobody(stack: Rehearsal) -> None:
    for name in ("nginx", "app", "celery_worker", "celery_worker_log"):
        lines = [line for line in without_celerys_farewell(stack.log(name)).splitlines() if line]
        assert lines, name
        if name == "nginx":  # what it says of its troubles has a form of its own, and shares the file
            lines = [line for line in lines if line.startswith('{"timestamp"') and line.endswith("}")]
        for line in lines:
            assert {"timestamp", "level", "logger"} <= set(json.loads(line)), line
        for secret in ("rosa@school.example", PASSWORD, "apassword", "bpassword", "cpassword", SETTINGS["SECRET_KEY"]):
            assert secret not in stack.log(name), name

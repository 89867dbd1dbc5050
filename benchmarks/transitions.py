"""How many transitions a second the site answers, with everything that a transition does.

    .venv/bin/python benchmarks/transitions.py --url http://127.0.0.1:8000

Runs against the demo. Drafts are made first; then every lesson is scheduled, started and completed by eight clients at
once. Prints transitions per second and the latencies of each step.
"""

import argparse
import random
import statistics
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import local

import requests

CLIENTS = 8
STEPS = ("schedule", "start", "complete")
PASSWORD = "demo-pass-1"  # noqa: S105 - the demo's

_thread = local()


class Site:
    """The API, as teacher_1, over one kept connection per client."""

    def __init__(self, url: str) -> None:
        self.url = f"{url.rstrip('/')}/api/v1"
        self.authorization = f"Bearer {self._token('teacher_1')}"

    def _token(self, username: str) -> str:
        body = {"username": username, "password": PASSWORD}
        return str(requests.post(f"{self.url}/auth/token/", json=body, timeout=10).json()["access"])

    def student(self) -> int:
        headers = {"Authorization": f"Bearer {self._token('student_1')}"}
        return int(requests.get(f"{self.url}/me/", headers=headers, timeout=10).json()["id"])

    def post(self, path: str, body: dict[str, object] | None = None) -> tuple[dict[str, object], float]:
        """The answer, and the milliseconds that it took."""
        if not hasattr(_thread, "session"):
            _thread.session = requests.Session()
        started = time.perf_counter()
        response = _thread.session.post(
            f"{self.url}{path}", json=body, headers={"Authorization": self.authorization}, timeout=10
        )
        milliseconds = (time.perf_counter() - started) * 1000
        response.raise_for_status()
        return response.json(), milliseconds


def drafts(site: Site, number: int, pool: ThreadPoolExecutor) -> list[int]:
    """So many drafts of a minute each, at a time that hardly another run has taken."""
    student, first = site.student(), datetime.now(UTC) + timedelta(days=60 + random.randrange(1000))

    def draft(n: int) -> int:
        start = first + timedelta(minutes=n)
        times = {"start_time": start.isoformat(), "end_time": (start + timedelta(minutes=1)).isoformat()}
        lesson, _ = site.post("/lessons/", {"title": f"Bench {n}", "students": [student], **times})
        return int(str(lesson["id"]))

    return list(pool.map(draft, range(number)))


def report(name: str, milliseconds: Iterable[float], seconds: float) -> None:
    sorted_ = sorted(milliseconds)
    p95 = sorted_[int(len(sorted_) * 0.95) - 1]
    print(
        f"{name:<10} {len(sorted_) / seconds:8.0f}/s   median {statistics.median(sorted_):6.1f} ms   p95 {p95:6.1f} ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--lessons", type=int, default=300)
    arguments = parser.parse_args()
    site = Site(arguments.url)
    everything: list[float] = []
    with ThreadPoolExecutor(CLIENTS) as pool:
        lessons = drafts(site, arguments.lessons, pool)
        began = time.perf_counter()
        for step in STEPS:
            started = time.perf_counter()
            took = [ms for _, ms in pool.map(lambda pk, step=step: site.post(f"/lessons/{pk}/{step}/"), lessons)]
            report(step, took, time.perf_counter() - started)
            everything += took
        report("together", everything, time.perf_counter() - began)


if __name__ == "__main__":
    main()

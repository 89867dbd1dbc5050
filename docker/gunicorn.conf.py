"""How gunicorn serves the site: in the containers, and in `make demo`, which only moves the address."""

import gc
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

bind = "0.0.0.0:8000"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
# Workers show that they live by touching a file; on a disk that can block.
_memory = "/dev/shm"  # noqa: S108  # nosec B108
worker_tmp_dir = _memory if Path(_memory).is_dir() else None
control_socket_disable = True
timeout = 60  # longer than PostgreSQL's statement_timeout lets any request take
graceful_timeout = 30  # what a worker that is asked to stop may still need for requests under way
keepalive = 30  # longer than any client of ours keeps an idle connection
# What leaks is given back, and not by all workers at once.
max_requests, max_requests_jitter = 20_000, 2_000
forwarded_allow_ips = ""  # who asked is backend.proxies' business
limit_request_line, limit_request_fields = 8190, 100
accesslog = None  # nginx writes it, with the request's id
_format = os.environ.get("LOG_FORMAT") or ("json" if os.environ.get("ENVIRONMENT") == "production" else "console")
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"chosen": {"()": "backend.observability.logs.formatter", "kind": _format}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "chosen"}},
    "loggers": {"gunicorn.error": {"handlers": ["console"], "level": "INFO", "propagate": False}},
}

# Each worker writes its figures into files here, and /metrics adds them up (backend.metrics). Set before any of them
# imports the application; a directory that is given (a volume, a tmpfs) is emptied, figures start anew.
_given = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
_figures = Path(_given) if _given else Path(tempfile.mkdtemp(prefix="lessons-metrics-"))
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_figures)


def post_worker_init(_worker: Any) -> None:
    gc.freeze()  # what has been imported stays: collecting garbage does not look through it, which takes 80 ms


def on_starting(_server: Any) -> None:
    _figures.mkdir(parents=True, exist_ok=True)
    for file in _figures.glob("*.db"):
        file.unlink()


def child_exit(_server: Any, worker: Any) -> None:
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(_server: Any) -> None:
    if not _given:
        shutil.rmtree(_figures, ignore_errors=True)

"""A client that a program has written, from the file in docs/ alone, takes a lesson through its life."""

import importlib
import io
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from PIL import Image
from pytest_django.live_server_helper import LiveServer

from lessons.models import Delivery, User
from lessons.notifications.expand import expand
from lessons.tests.people import PASSWORD, in_days

SCHEMA = Path(__file__).resolve().parents[3] / "docs" / "openapi.yaml"
NAME = "generated_lesson_client"
# Its own linting is left out; a picture is to it as good as any bytes.
CONFIG = "post_hooks: []\ncontent_type_overrides:\n  image/jpeg: application/octet-stream\n"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    directory = tmp_path_factory.mktemp("generated")
    (directory / "config.yaml").write_text(CONFIG)
    command = (
        *(str(Path(sys.executable).with_name("openapi-python-client")), "generate", "--fail-on-warning"),
        *("--path", str(SCHEMA), "--meta", "none", "--config", str(directory / "config.yaml")),
        *("--output-path", str(directory / NAME)),
    )
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    sys.path.insert(0, str(directory))
    yield directory / NAME
    sys.path.remove(str(directory))


class Api:
    """The generated operations by their ids, as somebody who has logged in with them."""

    def __init__(self, generated: Path, url: str, username: str) -> None:
        self.models = importlib.import_module(f"{NAME}.models")
        self._modules: dict[str, ModuleType] = {
            file.stem: importlib.import_module(f"{NAME}.api.{file.parent.name}.{file.stem}")
            for file in (generated / "api").glob("*/[a-z]*.py")
        }
        client = importlib.import_module(f"{NAME}.client")
        self.client = client.Client(base_url=url, raise_on_unexpected_status=True)
        token = self("auth_token", body=self.models.TokenInputRequest(username=username, password=PASSWORD))
        self.client = client.AuthenticatedClient(base_url=url, token=token.access, raise_on_unexpected_status=True)

    def answer(self, operation: str, *args: Any, **kwargs: Any) -> Any:
        return self._modules[operation].sync_detailed(*args, client=self.client, **kwargs)

    def __call__(self, operation: str, *args: Any, **kwargs: Any) -> Any:
        """What the operation answers with, as one of the generated classes."""
        return self.answer(operation, *args, **kwargs).parsed


@pytest.fixture
def teacher(generated: Path, live_server: LiveServer, alice: User) -> Api:
    return Api(generated, live_server.url, "alice")


def test_it_takes_a_lesson_through_its_life(teacher: Api, bob: User) -> None:
    models, start = teacher.models, in_days(3)
    (student,) = teacher("users_list", search="bo").results

    lesson = teacher(
        "lessons_create",
        body=models.LessonInputRequest(
            title="Algebra", students=[student.id], start_time=start, end_time=start + timedelta(hours=1)
        ),
        idempotency_key="only-once",
    )
    assert lesson.available_transitions == [models.Transition.SCHEDULE, models.Transition.CANCEL]
    read = teacher.answer("lessons_retrieve", lesson.id)
    assert read.parsed.title == "Algebra"

    edited = teacher(
        "lessons_partial_update",
        lesson.id,
        body=models.PatchedLessonInputRequest(title="Geometry"),
        if_match=read.headers["ETag"],
    )
    stale = teacher("lessons_schedule", lesson.id, if_match=read.headers["ETag"])
    scheduled = teacher("lessons_schedule", lesson.id, body=models.ReasonInputRequest(reason="As agreed"))
    later = start + timedelta(days=1)
    moved = teacher(
        "lessons_reschedule",
        lesson.id,
        body=models.RescheduleInputRequest(start_time=later, end_time=later + timedelta(hours=1)),
    )
    for step in ("lessons_start", "lessons_complete"):
        moved = teacher(step, lesson.id)
    refused = teacher("lessons_cancel", lesson.id)

    assert (edited.title, scheduled.status, moved.status) == (
        "Geometry",
        models.LessonStatus.SCHEDULED,
        models.LessonStatus.COMPLETED,
    )
    assert (stale.code, refused.code) == (
        models.ProblemCode.VERSION_MISMATCH,
        models.ProblemCode.TRANSITION_NOT_ALLOWED,
    )
    assert refused.current_status == models.LessonStatus.COMPLETED
    history = teacher("lessons_events", lesson.id)
    assert [event.name.value for event in history.results][-2:] == ["started", "completed"]
    assert history.results[-1].dispatch == moved.dispatch


def test_it_follows_messages_and_recovers_failures(teacher: Api, alice: User, bob: User) -> None:
    models, start = teacher.models, in_days(3)
    lesson = teacher(
        "lessons_create",
        body=models.LessonInputRequest(
            title="Algebra", students=[bob.pk], start_time=start, end_time=start + timedelta(hours=1)
        ),
    )
    expand()
    Delivery.objects.filter(channel="sms").update(state="dead")

    (dispatch,) = teacher("dispatches_list", lesson=lesson.id).results
    dead = teacher("deliveries_list", dispatch=dispatch.id, state=models.DeliveriesListState.DEAD)
    one = teacher("deliveries_retrieve", dead.results[0].id)
    revived = teacher("deliveries_redeliver", one.id, body=models.ReasonInputRequest(reason="A new number"))
    rest = teacher("dispatches_redeliver", dispatch.id)

    assert dispatch.by_channel["sms"] == len(dead.results) == 2
    assert (one.state, revived.state) == (models.DeliveryState.DEAD, models.DeliveryState.PENDING)
    assert "dead" not in rest.by_state
    assert teacher("chord_runs_list").code == models.ProblemCode.PERMISSION_DENIED
    assert teacher("lessons_list", page_size=1).results[0].id == lesson.id


def test_it_uploads_a_photo_and_reads_the_calendar(teacher: Api, generated: Path) -> None:
    models, types = teacher.models, importlib.import_module(f"{NAME}.types")
    picture = io.BytesIO()
    Image.new("RGB", (64, 64)).save(picture, "PNG")
    picture.seek(0)
    file = types.File(payload=picture, file_name="me.png", mime_type="image/png")

    me = teacher("me_update", body=models.MeUpdateFilesBody(photo=file))
    quiet = teacher("me_update", body=models.PatchedMeInputRequest(channels=[models.Channel.LOG]))

    assert me.photo.endswith(f"/users/{me.id}/photo/")
    assert quiet.channels == [models.Channel.LOG]
    assert teacher("users_photo", me.id).payload.read(2) == b"\xff\xd8"
    assert "BEGIN:VCALENDAR" in teacher("lessons_calendar")

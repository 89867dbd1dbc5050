"""What is written out by hand has the fields that the schema declares, in their order."""

from types import SimpleNamespace

import pytest

from lessons.api.serializers import LessonDetailSerializer, LessonSerializer, PersonSerializer
from lessons.models import User
from lessons.tests.people import scheduled

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("serializer_class", [LessonSerializer, LessonDetailSerializer])
def test_a_lesson_is_written_as_its_fields_would_write_it(
    serializer_class: type[LessonSerializer], alice: User, bob: User
) -> None:
    lesson = scheduled(alice, bob)
    serializer = serializer_class(lesson, context={"request": SimpleNamespace(user=alice)})

    by_fields = {
        name: field.to_representation(field.get_attribute(lesson)) for name, field in serializer.fields.items()
    }
    assert list(serializer.data) == list(serializer.fields)
    assert serializer.data == by_fields


def test_a_person_is_written_as_the_fields_would_write_them(alice: User) -> None:
    serializer = PersonSerializer(alice)

    assert serializer.data == {name: getattr(alice, name) for name in serializer.fields}

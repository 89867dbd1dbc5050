"""The API searches titles as the admin does; and lists what was not sent, for which so far all of it was sorted."""

import string

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.contrib.postgres.search import SearchVector
from django.db import migrations, models

SIGNS = string.punctuation
TITLE_WORDS = SearchVector(
    models.Func(
        models.F("title"),
        models.Value(SIGNS),
        models.Value(" " * len(SIGNS)),
        function="translate",
        output_field=models.TextField(),
    ),
    config="simple",
)


class Migration(migrations.Migration):
    atomic = False  # nobody waits while an index is built

    dependencies = [("lessons", "0005_speed")]

    operations = [
        AddIndexConcurrently(
            model_name="lesson",
            index=GinIndex(TITLE_WORDS, name="lesson_titles"),
        ),
        RemoveIndexConcurrently(model_name="lesson", name="lesson_title_words"),
        AddIndexConcurrently(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state__in", ["dead", "skipped"])),
                fields=["state", "id"],
                name="delivery_unsent",
            ),
        ),
    ]

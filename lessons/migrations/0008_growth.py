"""A search of lessons by their teacher's name looked among all students, too."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # nobody waits while an index is built

    dependencies = [("lessons", "0007_room")]

    operations = [
        AddIndexConcurrently(
            model_name="user",
            index=models.Index(
                condition=models.Q(("role", "student"), _negated=True), fields=["role"], name="user_of_staff"
            ),
        ),
    ]

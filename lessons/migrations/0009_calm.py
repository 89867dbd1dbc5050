"""Less to look up and to keep for each message, and indexes that are not taken for each other.

One index of what is in flight instead of two, and one reference less, which another implies. Only who says `id > 0` is
served by the index of what is unfinished; and the oldest event is found without sorting all that wait.
"""

import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # nobody waits while an index is built

    dependencies = [("lessons", "0008_growth")]

    operations = [
        AddIndexConcurrently(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state", "leased")), fields=["channel", "run"], name="delivery_leased"
            ),
        ),
        RemoveIndexConcurrently(model_name="delivery", name="delivery_in_flight"),
        RemoveIndexConcurrently(model_name="delivery", name="delivery_in_run"),
        AddIndexConcurrently(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("id__gt", 0), ("state__in", ["pending", "leased"])),
                fields=["lesson", "recipient", "channel", "dispatch"],
                name="delivery_open",
            ),
        ),
        RemoveIndexConcurrently(model_name="delivery", name="delivery_unfinished"),
        AddIndexConcurrently(
            model_name="dispatch",
            index=models.Index(
                condition=models.Q(("expanded_at__isnull", True)), fields=["event"], name="dispatch_unexpanded"
            ),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="lesson",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="lessons.lesson",
            ),
        ),
    ]

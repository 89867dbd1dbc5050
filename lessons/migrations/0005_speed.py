"""Statistics and dead rows of the tables that change all the time are looked after early, by their own share of rows.

At the server's default, a fifth of a table, two million deliveries would gather 400,000 dead rows under the relay's
hottest index first. The teacher's own index goes: `lesson_of_teacher` begins with the same column.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

HOT = ("lessons_delivery", "lessons_dispatch", "lessons_chordrun", "lessons_lesson", "lessons_booking")
GROWING = ("lessons_lessonevent", "lessons_deliveryattempt")

EARLY = (
    "autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500,"
    " autovacuum_analyze_scale_factor = 0.02, autovacuum_analyze_threshold = 500"
)
INSERTS = "autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.02"
NAMES = (
    "autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold,"
    " autovacuum_analyze_scale_factor, autovacuum_analyze_threshold, autovacuum_vacuum_insert_scale_factor"
)


def looked_after(table: str, settings: str) -> migrations.RunSQL:
    return migrations.RunSQL(f"ALTER TABLE {table} SET ({settings})", f"ALTER TABLE {table} RESET ({NAMES})")


class Migration(migrations.Migration):
    dependencies = [("lessons", "0004_admin")]

    operations = [
        migrations.AlterField(
            model_name="lesson",
            name="teacher",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="lessons_taught",
                to=settings.AUTH_USER_MODEL,
                verbose_name="teacher",
            ),
        ),
        *(looked_after(table, EARLY) for table in HOT),
        *(looked_after(table, INSERTS) for table in GROWING),
    ]

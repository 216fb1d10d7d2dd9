"""Years whose books are let go, and what they came to in the reports.

PostgreSQL refuses to delete a receipt of a year that was not let go (billing/bygones.py writes the
year first). SQLite empties its tables line by line in tests, so there the model alone says so.
"""

import django.utils.timezone
from django.db import migrations, models

POSTGRESQL = """
CREATE FUNCTION receipt_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM billing_yearletgo WHERE year >= OLD.year) THEN
        RAISE EXCEPTION 'a receipt is kept until its year is let go'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER receipt_is_kept BEFORE DELETE ON billing_receipt
FOR EACH ROW EXECUTE FUNCTION receipt_is_kept()
"""


def guard(_apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRESQL)


def unguard(_apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION receipt_is_kept CASCADE")


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0022_members_at_a_glance'),
    ]

    operations = [
        migrations.CreateModel(
            name='YearLetGo',
            fields=[
                ('year', models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('counts', models.JSONField(default=dict)),
            ],
        ),
        migrations.CreateModel(
            name='Bygone',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('figure', models.CharField(max_length=24)),
                ('month', models.DateField()),
                ('key', models.CharField(blank=True, max_length=40)),
                ('count', models.BigIntegerField(default=0)),
                ('value', models.BigIntegerField(default=0)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('figure', 'month', 'key'), name='one_bygone_per_figure_month_key')],
            },
        ),
        migrations.RunPython(guard, unguard),
    ]

"""A receipt tells the part of its amount that was given on top (DOMAIN 1.4)."""

from django.db import migrations, models

GUARD = """
CREATE TRIGGER receipt_is_final BEFORE UPDATE ON billing_receipt
BEGIN SELECT RAISE(ABORT, 'a receipt is never changed'); END
"""


# SQLite changes a table by copying it, which loses its trigger; PostgreSQL keeps it.
def guard(_apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute(GUARD)


def lift(_apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TRIGGER receipt_is_final")


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0017_campaigns_and_extra_gifts'),
    ]

    operations = [
        migrations.RunPython(lift, guard),
        migrations.AddField(
            model_name='receipt',
            name='extra_cents',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddConstraint(
            model_name='receipt',
            constraint=models.CheckConstraint(condition=models.Q(('extra_cents__lt', models.F('amount_cents'))), name='receipt_extra_is_part'),
        ),
        migrations.RunPython(guard, lift),
    ]

"""Months of the books that finance closed. The database itself refuses to change one.

Nor does PostgreSQL let one be deleted; SQLite empties its tables line by line in tests, so it
cannot be told that rule. A later migration that alters billing_period on SQLite copies it and loses
the trigger: lift and guard it around the change, as 0007 does for receipts.
"""

import billing.ids
import django.utils.timezone
from django.db import migrations, models

SQLITE = """
CREATE TRIGGER period_is_final BEFORE UPDATE ON billing_period
BEGIN SELECT RAISE(ABORT, 'a closed month is never changed'); END
"""
POSTGRESQL = """
CREATE FUNCTION period_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'a closed month is never changed' USING ERRCODE = 'check_violation'; END $$;
CREATE TRIGGER period_is_final BEFORE UPDATE OR DELETE ON billing_period
FOR EACH ROW EXECUTE FUNCTION period_is_final()
"""


def guard(_apps, schema_editor):
    sql = SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL
    schema_editor.execute(sql)


def unguard(_apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TRIGGER period_is_final")
    else:
        schema_editor.execute("DROP FUNCTION period_is_final CASCADE")


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0019_figures'),
        ('members', '0005_charge_reports'),
    ]

    operations = [
        migrations.CreateModel(
            name='Period',
            fields=[
                ('id', models.UUIDField(default=billing.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('month', models.DateField(unique=True)),
                ('closed_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('closed_by', models.CharField(max_length=64)),
                ('opening_cents', models.BigIntegerField()),
                ('closing_cents', models.BigIntegerField()),
                ('deferred_cents', models.BigIntegerField()),
                ('figures', models.JSONField()),
            ],
            options={
                'ordering': ['-month'],
            },
        ),
        migrations.AddField(
            model_name='ledgerline',
            name='closed_month',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='payment',
            name='closed_month',
            field=models.DateField(null=True),
        ),
        migrations.AddIndex(
            model_name='ledgerline',
            index=models.Index(fields=['closed_month', 'booked_at'], name='line_of_the_books'),
        ),
        migrations.AddIndex(
            model_name='payment',
            index=models.Index(condition=models.Q(('outside_stripe', True)), fields=['closed_month', 'paid_at'], name='payment_outside_of_the_books'),
        ),
        migrations.AddConstraint(
            model_name='period',
            constraint=models.CheckConstraint(condition=models.Q(('closed_by', ''), _negated=True), name='period_says_by_whom'),
        ),
        migrations.RunPython(guard, unguard),
    ]

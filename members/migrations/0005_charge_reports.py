"""Reports of charges that nobody recognised, which the database does not let anybody change.

A later migration that alters this table on SQLite copies it, and loses the trigger: lift and guard
it around the change.
"""

import billing.ids
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


WORDS = "a report is never changed"
GUARDED = (
    "BEFORE UPDATE OF id, press, day, amount_cents, last4, received_at ON members_chargereport"
)
SQLITE = f"""
CREATE TRIGGER report_is_final {GUARDED}
BEGIN SELECT RAISE(ABORT, '{WORDS}'); END
"""
POSTGRESQL = f"""
CREATE FUNCTION report_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '{WORDS}' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER report_is_final {GUARDED}
FOR EACH ROW EXECUTE FUNCTION report_is_final()
"""


def guard(_apps, schema_editor):
    sql = SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL
    schema_editor.execute(sql)


def unguard(_apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TRIGGER report_is_final")
    else:
        schema_editor.execute("DROP FUNCTION report_is_final CASCADE")


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0014_customers_change_and_go'),
        ('members', '0004_withdrawals'),
    ]

    operations = [
        migrations.CreateModel(
            name='ChargeReport',
            fields=[
                ('id', models.UUIDField(default=billing.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('press', models.CharField(max_length=64, unique=True)),
                ('day', models.DateField()),
                ('amount_cents', models.PositiveIntegerField()),
                ('last4', models.CharField(max_length=4)),
                ('received_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('finding', models.CharField(choices=[('waiting', 'Not looked at yet'), ('refunded', 'One payment, given back'), ('over', 'One payment, given back before or with its bank'), ('several', 'Several payments: a person has to look'), ('above', 'One payment, above the ceiling: a person has to look'), ('held_back', 'One payment, too many today: a person has to look'), ('stuck', 'Stripe said no: a person has to look'), ('unknown', 'Nothing of ours')], default='waiting', max_length=16)),
                ('slot', models.CharField(max_length=16, null=True, unique=True)),
                ('settled_at', models.DateTimeField(null=True)),
                ('payment', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='charge_reports', to='billing.payment')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('finding', 'waiting')), fields=['received_at'], name='chargereport_waiting'), models.Index(fields=['finding', 'received_at'], name='chargereport_by_finding')],
                'constraints': [models.CheckConstraint(condition=models.Q(('finding__in', ['waiting', 'refunded', 'over', 'several', 'above', 'held_back', 'stuck', 'unknown'])), name='chargereport_finding_known'), models.CheckConstraint(condition=models.Q(('amount_cents__gt', 0)), name='chargereport_amount_cents_positive'), models.CheckConstraint(condition=models.Q(models.Q(('finding', 'waiting'), ('settled_at__isnull', True)), models.Q(models.Q(('finding', 'waiting'), _negated=True), ('settled_at__isnull', False)), _connector='OR'), name='chargereport_settled_says_when'), models.CheckConstraint(condition=models.Q(models.Q(('finding__in', ('waiting', 'unknown', 'several')), ('payment__isnull', True)), models.Q(models.Q(('finding__in', ('waiting', 'unknown', 'several')), _negated=True), ('payment__isnull', False)), _connector='OR'), name='chargereport_finding_has_payment')],
            },
        ),
        migrations.RunPython(guard, unguard),
    ]

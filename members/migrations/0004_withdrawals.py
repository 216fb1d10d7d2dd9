"""Statements of withdrawal, and the database's own refusal to change what was declared.

What names a person may be sealed anew or emptied; what was declared, and when, stays. A later
migration that alters this table on SQLite copies it, and loses the trigger: lift and guard it
around the change.
"""

import billing.ids
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


WORDS = "a statement is never changed"
GUARDED = "BEFORE UPDATE OF id, press, reference, received_at ON members_withdrawal"
SQLITE = f"""
CREATE TRIGGER statement_is_final {GUARDED}
BEGIN SELECT RAISE(ABORT, '{WORDS}'); END
"""
POSTGRESQL = f"""
CREATE FUNCTION statement_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '{WORDS}' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER statement_is_final {GUARDED}
FOR EACH ROW EXECUTE FUNCTION statement_is_final()
"""


def guard(_apps, schema_editor):
    sql = SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL
    schema_editor.execute(sql)


def unguard(_apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TRIGGER statement_is_final")
    else:
        schema_editor.execute("DROP FUNCTION statement_is_final CASCADE")


class Migration(migrations.Migration):

    dependencies = [
        ('members', '0003_addresses_and_privacy'),
    ]

    operations = [
        migrations.CreateModel(
            name='Withdrawal',
            fields=[
                ('id', models.UUIDField(default=billing.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('press', models.CharField(max_length=64, unique=True)),
                ('reference', models.UUIDField()),
                ('email_sealed', models.BinaryField()),
                ('email_hash', models.CharField(max_length=64)),
                ('name_sealed', models.BinaryField(default=b'')),
                ('received_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('outcome', models.CharField(choices=[('waiting', 'Not looked at yet'), ('withdrawn', 'Ended at once, all is given back'), ('cancelled', 'Too late to withdraw: it ends with the paid period'), ('gift', 'A gift, given back'), ('late_gift', 'A gift, too late to be given back'), ('over', 'It had ended before'), ('unknown', 'Nothing of ours'), ('stuck', 'Stripe said no: a person has to look')], default='waiting', max_length=16)),
                ('settled_at', models.DateTimeField(null=True)),
                ('supporter', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='withdrawals', to='members.supporter')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('outcome', 'waiting')), fields=['received_at'], name='withdrawal_waiting'), models.Index(fields=['outcome', 'received_at'], name='withdrawal_by_outcome')],
                'constraints': [models.CheckConstraint(condition=models.Q(('outcome__in', ['waiting', 'withdrawn', 'cancelled', 'gift', 'late_gift', 'over', 'unknown', 'stuck'])), name='withdrawal_outcome_known'), models.CheckConstraint(condition=models.Q(models.Q(('outcome', 'waiting'), ('settled_at__isnull', True)), models.Q(models.Q(('outcome', 'waiting'), _negated=True), ('settled_at__isnull', False)), _connector='OR'), name='withdrawal_settled_says_when'), models.CheckConstraint(condition=models.Q(models.Q(('outcome__in', ['waiting', 'unknown']), ('supporter__isnull', True)), models.Q(models.Q(('outcome__in', ['waiting', 'unknown']), _negated=True), ('supporter__isnull', False)), _connector='OR'), name='withdrawal_unknown_is_nobodys')],
            },
        ),
        migrations.RunPython(guard, unguard),
    ]

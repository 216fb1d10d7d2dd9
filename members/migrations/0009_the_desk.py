"""The desk: what staff did, what they searched by, and the index of names.

The database itself refuses to change an act, and to delete one within 24 months: what is older goes
with members/retention.py. A later migration that alters this table on SQLite copies it, and loses
the triggers: lift and guard them around the change. Names that are here already are indexed now;
one that no key opens is left out, and `manage.py vault_rehash` takes it in once a key does.
"""

import billing.ids
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from members import vault
from members.models.name import hashes


ACT_WORDS = "what staff did is never changed, and kept for 24 months"
# By its name: the suite lifts it while it empties its tables.
KEPT = f"""
CREATE TRIGGER act_is_kept BEFORE DELETE ON members_staffact
WHEN OLD.at > datetime('now', '-24 months')
BEGIN SELECT RAISE(ABORT, '{ACT_WORDS}'); END
"""
SQLITE = [
    f"""
CREATE TRIGGER act_is_final BEFORE UPDATE ON members_staffact
BEGIN SELECT RAISE(ABORT, '{ACT_WORDS}'); END
""",
    KEPT,
]
POSTGRESQL = [
    f"""
CREATE FUNCTION act_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.at <= now() - interval '24 months' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '{ACT_WORDS}' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER act_is_final BEFORE UPDATE OR DELETE ON members_staffact
FOR EACH ROW EXECUTE FUNCTION act_is_final()
""",
]


def guard(_apps, schema_editor):
    for sql in SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL:
        schema_editor.execute(sql)


def unguard(_apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for name in ("act_is_final", "act_is_kept"):
            schema_editor.execute(f"DROP TRIGGER {name}")
    else:
        schema_editor.execute("DROP FUNCTION act_is_final CASCADE")


def index_names(apps, _schema_editor):
    supporters = apps.get_model("members", "Supporter").objects.exclude(name_sealed=b"")
    tokens = apps.get_model("members", "NameToken").objects
    waiting = []
    for row in supporters.order_by("pk").only("pk", "name_sealed").iterator(chunk_size=500):
        try:
            name = vault.unseal(row.name_sealed, row=row.pk, column="supporter.name")
        except vault.VaultError:
            continue
        waiting += [tokens.model(supporter_id=row.pk, token_hash=each) for each in hashes(name)]
        if len(waiting) >= 500:
            tokens.bulk_create(waiting, ignore_conflicts=True)
            waiting = []
    tokens.bulk_create(waiting, ignore_conflicts=True)


class Migration(migrations.Migration):

    dependencies = [
        ('members', '0008_browsers_and_looks'),
    ]

    operations = [
        migrations.CreateModel(
            name='NameToken',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('token_hash', models.CharField(max_length=64)),
                ('supporter', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='name_tokens', to='members.supporter')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('token_hash', 'supporter'), name='one_token_per_word_of_a_name')],
            },
        ),
        migrations.CreateModel(
            name='Search',
            fields=[
                ('id', models.UUIDField(default=billing.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('sought', models.CharField(choices=[('email', 'E-mail address'), ('name', 'Name'), ('receipt', 'Receipt'), ('payment', 'Payment by card, amount and day'), ('stripe', "Id of Stripe's"), ('ours', 'Id of ours'), ('nothing', 'Not recognised')], max_length=16)),
                ('term_hash', models.CharField(max_length=64)),
                ('purpose', models.CharField(choices=[('asked', 'They asked us for something'), ('payment', 'A payment needed a person to look at it'), ('mail', 'A letter could not be delivered'), ('books', 'The books had to be closed or checked'), ('safety', 'The service had to be kept safe'), ('law', 'The law asked for it')], max_length=16)),
                ('hits', models.PositiveSmallIntegerField()),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('staff', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='searches', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['staff', '-at'], name='search_by_staff'), models.Index(fields=['term_hash'], name='search_by_term'), models.Index(fields=['at'], name='search_by_age')],
                'constraints': [models.CheckConstraint(condition=models.Q(('sought__in', ['email', 'name', 'receipt', 'payment', 'stripe', 'ours', 'nothing'])), name='search_sought_known'), models.CheckConstraint(condition=models.Q(('purpose__in', ['asked', 'payment', 'mail', 'books', 'safety', 'law'])), name='search_purpose_known')],
            },
        ),
        migrations.CreateModel(
            name='StaffAct',
            fields=[
                ('id', models.UUIDField(default=billing.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('role', models.CharField(max_length=16)),
                ('act', models.CharField(choices=[('resend', 'Send a receipt again'), ('refund', 'Refund'), ('cancel', 'End with the paid period'), ('keep', 'Take the ending back'), ('end', 'End now'), ('pause', 'Pause'), ('resume', 'End the pause'), ('comp', 'Give a free membership'), ('uncomp', 'Take the free membership back'), ('address', 'Correct the e-mail address'), ('sign-out', 'Sign out everywhere'), ('erase', 'Erase'), ('note', 'Note')], max_length=16)),
                ('reason', models.CharField(choices=[('wrote', 'They wrote to us'), ('called', 'They called'), ('mistake', 'We made a mistake'), ('payment', 'A payment went wrong'), ('complaint', 'They complained'), ('safety', 'To keep them safe'), ('law', 'The law asks for it')], max_length=16)),
                ('phrase', models.CharField(blank=True, choices=[('called', 'They called, and were answered'), ('wrote', 'They wrote, and were answered'), ('no-answer', 'We tried to reach them, and could not'), ('proof', 'They showed that the payment is theirs'), ('no-proof', 'They could not show that the record is theirs'), ('call-back', 'They wait for an answer of ours'), ('settled', 'It is settled: nothing more to do'), ('bank', 'They ask their bank'), ('care', 'Take special care: write only to the address on record')], max_length=16)),
                ('subject', models.UUIDField()),
                ('amount_cents', models.PositiveIntegerField(null=True)),
                ('currency', models.CharField(blank=True, max_length=3)),
                ('press', models.CharField(max_length=64, unique=True)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('staff', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='acts', to=settings.AUTH_USER_MODEL)),
                ('supporter', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='acts', to='members.supporter')),
            ],
            options={
                'indexes': [models.Index(fields=['supporter', '-at'], name='act_for_supporter'), models.Index(fields=['staff', '-at'], name='act_by_staff'), models.Index(fields=['at'], name='act_by_age')],
                'constraints': [models.CheckConstraint(condition=models.Q(('act__in', ['resend', 'refund', 'cancel', 'keep', 'end', 'pause', 'resume', 'comp', 'uncomp', 'address', 'sign-out', 'erase', 'note'])), name='staffact_act_known'), models.CheckConstraint(condition=models.Q(('reason__in', ['wrote', 'called', 'mistake', 'payment', 'complaint', 'safety', 'law'])), name='staffact_reason_known'), models.CheckConstraint(condition=models.Q(models.Q(('act', 'note'), ('phrase__in', ['called', 'wrote', 'no-answer', 'proof', 'no-proof', 'call-back', 'settled', 'bank', 'care'])), models.Q(models.Q(('act', 'note'), _negated=True), ('phrase', '')), _connector='OR'), name='staffact_note_has_phrase'), models.CheckConstraint(condition=models.Q(('amount_cents__gt', 0)), name='staffact_amount_cents_positive')],
            },
        ),
        migrations.AddField(
            model_name='supporter',
            name='name_indexed',
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AddIndex(
            model_name='supporter',
            index=models.Index(condition=models.Q(('name_indexed', False)), fields=['id'], name='supporter_to_index'),
        ),
        migrations.RunPython(guard, unguard),
        migrations.RunPython(index_names, migrations.RunPython.noop),
    ]

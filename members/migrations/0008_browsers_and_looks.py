"""Browsers that are signed in, who looked at a record, and why somebody left.

The database itself refuses to change a look or an answer, and to delete a look within 24 months
(DOMAIN 4.8, 4.10): what is older goes with members/retention.py; of TRUNCATE says 0011. A later
migration that alters one of these on SQLite copies it, and loses the triggers: lift and guard them
around the change.
"""

import billing.ids
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


LOOK_WORDS = "who looked at a record is never changed, and kept for 24 months"
ANSWER_WORDS = "an answer is never changed"
# Two, each by its name: the suite lifts the second one while it empties its tables.
KEPT = f"""
CREATE TRIGGER look_is_kept BEFORE DELETE ON members_accesslog
WHEN OLD.at > datetime('now', '-24 months')
BEGIN SELECT RAISE(ABORT, '{LOOK_WORDS}'); END
"""
SQLITE = [
    f"""
CREATE TRIGGER look_is_final BEFORE UPDATE ON members_accesslog
BEGIN SELECT RAISE(ABORT, '{LOOK_WORDS}'); END
""",
    KEPT,
    f"""
CREATE TRIGGER answer_is_final BEFORE UPDATE ON members_farewell
BEGIN SELECT RAISE(ABORT, '{ANSWER_WORDS}'); END
""",
]
POSTGRESQL = [
    f"""
CREATE FUNCTION look_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.at <= now() - interval '24 months' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '{LOOK_WORDS}' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER look_is_final BEFORE UPDATE OR DELETE ON members_accesslog
FOR EACH ROW EXECUTE FUNCTION look_is_final()
""",
    f"""
CREATE FUNCTION answer_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '{ANSWER_WORDS}' USING ERRCODE = 'check_violation'; END $$;
CREATE TRIGGER answer_is_final BEFORE UPDATE ON members_farewell
FOR EACH ROW EXECUTE FUNCTION answer_is_final()
""",
]


def guard(_apps, schema_editor):
    for sql in SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL:
        schema_editor.execute(sql)


def unguard(_apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for name in ("look_is_final", "look_is_kept", "answer_is_final"):
            schema_editor.execute(f"DROP TRIGGER {name}")
    else:
        for name in ("look_is_final", "answer_is_final"):
            schema_editor.execute(f"DROP FUNCTION {name} CASCADE")


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0017_campaigns_and_extra_gifts'),
        ('members', '0007_the_shield'),
    ]

    operations = [
        migrations.CreateModel(
            name='AccessLog',
            fields=[
                ('id', models.UUIDField(default=billing.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('role', models.CharField(max_length=16)),
                ('action', models.CharField(choices=[('shown', 'Looked at'), ('found', 'Found in a search or a list'), ('exported', 'Taken out in a file'), ('changed', 'Changed'), ('removed', 'Deleted')], max_length=16)),
                ('fields', models.JSONField(default=list)),
                ('purpose', models.CharField(choices=[('asked', 'They asked us for something'), ('payment', 'A payment needed a person to look at it'), ('mail', 'A letter could not be delivered'), ('books', 'The books had to be closed or checked'), ('safety', 'The service had to be kept safe'), ('law', 'The law asked for it')], max_length=16)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('staff', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='looks', to=settings.AUTH_USER_MODEL)),
                ('supporter', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='looks', to='members.supporter')),
            ],
            options={
                'indexes': [models.Index(fields=['supporter', '-at'], name='access_to_supporter'), models.Index(fields=['staff', '-at'], name='access_by_staff'), models.Index(fields=['at'], name='access_by_age')],
                'constraints': [models.CheckConstraint(condition=models.Q(('action__in', ['shown', 'found', 'exported', 'changed', 'removed'])), name='accesslog_action_known'), models.CheckConstraint(condition=models.Q(('purpose__in', ['asked', 'payment', 'mail', 'books', 'safety', 'law'])), name='accesslog_purpose_known')],
            },
        ),
        migrations.CreateModel(
            name='Browser',
            fields=[
                ('id', models.UUIDField(default=billing.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('program', models.CharField(choices=[('firefox', 'Firefox'), ('edge', 'Edge'), ('samsung', 'Samsung Internet'), ('opera', 'Opera'), ('chrome', 'Chrome'), ('safari', 'Safari'), ('other', 'A browser')], default='other', max_length=16)),
                ('system', models.CharField(choices=[('android', 'Android'), ('iphone', 'iPhone'), ('ipad', 'iPad'), ('windows', 'Windows'), ('mac', 'Mac'), ('chromebook', 'Chromebook'), ('linux', 'Linux'), ('other', 'Something else')], default='other', max_length=16)),
                ('began_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('last_seen_on', models.DateField()),
                ('supporter', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='browsers', to='members.supporter')),
            ],
            options={
                'indexes': [models.Index(fields=['began_at'], name='browser_by_age')],
                'constraints': [models.CheckConstraint(condition=models.Q(('program__in', ['firefox', 'edge', 'samsung', 'opera', 'chrome', 'safari', 'other'])), name='browser_program_known'), models.CheckConstraint(condition=models.Q(('system__in', ['android', 'iphone', 'ipad', 'windows', 'mac', 'chromebook', 'linux', 'other'])), name='browser_system_known')],
            },
        ),
        migrations.CreateModel(
            name='Farewell',
            fields=[
                ('id', models.UUIDField(default=billing.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('reason', models.CharField(choices=[('money', 'I cannot spare it at the moment'), ('once', 'I would rather give now and then'), ('elsewhere', 'I support something else now'), ('reading', 'I read it less than I did'), ('privacy', 'I do not want it on my bank statement'), ('trouble', 'Something did not work'), ('other', 'Something else')], max_length=16)),
                ('press', models.CharField(max_length=64, unique=True)),
                ('said_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('membership', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='farewells', to='billing.membership')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('reason__in', ['money', 'once', 'elsewhere', 'reading', 'privacy', 'trouble', 'other'])), name='farewell_reason_known')],
            },
        ),
        migrations.RunPython(guard, unguard),
    ]

"""Who let whom in on the staff, and lists that staff take out as files.

The database itself refuses to change or delete an act upon the staff. A later migration that alters
that table on SQLite copies it, and loses the triggers: lift and guard them around the change.
"""

import billing.ids
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


WORDS = "what was done to the staff is never changed"
# Two, each by its name: the suite lifts the second one while it empties its tables.
KEPT = f"""
CREATE TRIGGER team_act_is_kept BEFORE DELETE ON members_teamact
BEGIN SELECT RAISE(ABORT, '{WORDS}'); END
"""
SQLITE = [
    f"""
CREATE TRIGGER team_act_is_final BEFORE UPDATE ON members_teamact
BEGIN SELECT RAISE(ABORT, '{WORDS}'); END
""",
    KEPT,
]
POSTGRESQL = [
    f"""
CREATE FUNCTION team_act_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '{WORDS}' USING ERRCODE = 'check_violation'; END $$;
CREATE TRIGGER team_act_is_final BEFORE UPDATE OR DELETE ON members_teamact
FOR EACH ROW EXECUTE FUNCTION team_act_is_final()
""",
]


def guard(_apps, schema_editor):
    for sql in SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL:
        schema_editor.execute(sql)


def unguard(_apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for name in ("team_act_is_final", "team_act_is_kept"):
            schema_editor.execute(f"DROP TRIGGER {name}")
    else:
        schema_editor.execute("DROP FUNCTION team_act_is_final CASCADE")


class Migration(migrations.Migration):

    dependencies = [
        ('members', '0009_the_desk'),
    ]

    operations = [
        migrations.CreateModel(
            name='StaffList',
            fields=[
                ('id', models.UUIDField(default=billing.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('press', models.CharField(max_length=64, unique=True)),
                ('role', models.CharField(max_length=16)),
                ('subject', models.CharField(choices=[('memberships', 'Memberships'), ('payments', 'Payments'), ('supporters', 'Supporters')], max_length=16)),
                ('columns', models.JSONField(default=list)),
                ('filters', models.JSONField(default=dict)),
                ('names', models.BooleanField(default=False)),
                ('purpose', models.CharField(choices=[('asked', 'They asked us for something'), ('payment', 'A payment needed a person to look at it'), ('mail', 'A letter could not be delivered'), ('books', 'The books had to be closed or checked'), ('safety', 'The service had to be kept safe'), ('law', 'The law asked for it')], max_length=16)),
                ('format', models.CharField(choices=[('csv', 'CSV'), ('excel-csv', 'CSV, marked for Excel'), ('xlsx', 'XLSX')], default='csv', max_length=16)),
                ('state', models.CharField(choices=[('asked', 'Waits for a second person'), ('resting', 'Waits a day'), ('making', 'Being made'), ('ready', 'Ready'), ('refused', 'Refused'), ('stopped', 'Stopped'), ('over', 'Gone')], max_length=16)),
                ('asked_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('rests_until', models.DateTimeField(null=True)),
                ('answered_at', models.DateTimeField(null=True)),
                ('rows_foreseen', models.PositiveIntegerField(default=0)),
                ('rows_done', models.PositiveIntegerField(default=0)),
                ('after', models.UUIDField(null=True)),
                ('claim', models.UUIDField(null=True)),
                ('lease_until', models.DateTimeField(null=True)),
                ('ready_at', models.DateTimeField(null=True)),
                ('expires_at', models.DateTimeField(null=True)),
                ('taken_at', models.DateTimeField(null=True)),
                ('times_taken', models.PositiveIntegerField(default=0)),
                ('answered_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lists_asked', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-asked_at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='ListPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('lines', models.PositiveIntegerField()),
                ('body_sealed', models.BinaryField()),
                ('of', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='members.stafflist')),
            ],
            options={
                'ordering': ['of', 'number'],
            },
        ),
        migrations.CreateModel(
            name='TeamAct',
            fields=[
                ('id', models.UUIDField(default=billing.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('deed', models.CharField(choices=[('enrolled', 'Let in'), ('role', 'Role changed'), ('reset', 'Given a new key'), ('removed', 'Let go'), ('locked', 'Locked the house down'), ('opened', 'Opened the house again')], max_length=16)),
                ('role', models.CharField(blank=True, choices=[('viewer', 'Reads reports'), ('support', 'Helps supporters'), ('finance', 'Keeps the books'), ('admin', 'Looks after staff')], max_length=16)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('subject', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='acts_upon', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-at', '-id'],
            },
        ),
        migrations.AddIndex(
            model_name='stafflist',
            index=models.Index(fields=['state', 'lease_until'], name='stafflist_to_make'),
        ),
        migrations.AddConstraint(
            model_name='stafflist',
            constraint=models.CheckConstraint(condition=models.Q(('subject__in', ['memberships', 'payments', 'supporters'])), name='stafflist_subject_known'),
        ),
        migrations.AddConstraint(
            model_name='stafflist',
            constraint=models.CheckConstraint(condition=models.Q(('purpose__in', ['asked', 'payment', 'mail', 'books', 'safety', 'law'])), name='stafflist_purpose_known'),
        ),
        migrations.AddConstraint(
            model_name='stafflist',
            constraint=models.CheckConstraint(condition=models.Q(('format__in', ['csv', 'excel-csv', 'xlsx'])), name='stafflist_format_known'),
        ),
        migrations.AddConstraint(
            model_name='stafflist',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['asked', 'resting', 'making', 'ready', 'refused', 'stopped', 'over'])), name='stafflist_state_known'),
        ),
        migrations.AddConstraint(
            model_name='stafflist',
            constraint=models.CheckConstraint(condition=models.Q(('answered_by__isnull', True), models.Q(('answered_by', models.F('by')), _negated=True), _connector='OR'), name='stafflist_two_are_two'),
        ),
        migrations.AddConstraint(
            model_name='stafflist',
            constraint=models.CheckConstraint(condition=models.Q(('names', False), models.Q(('state__in', ['making', 'ready']), _negated=True), ('answered_by__isnull', False), ('rests_until__isnull', False), _connector='OR'), name='stafflist_names_need_a_second_or_a_day'),
        ),
        migrations.AddConstraint(
            model_name='stafflist',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'ready'), _negated=True), ('expires_at__isnull', False), _connector='OR'), name='stafflist_ready_says_until_when'),
        ),
        migrations.AddConstraint(
            model_name='listpart',
            constraint=models.UniqueConstraint(fields=('of', 'number'), name='listpart_once'),
        ),
        migrations.AddIndex(
            model_name='teamact',
            index=models.Index(fields=['deed', '-at'], name='teamact_by_deed'),
        ),
        migrations.AddConstraint(
            model_name='teamact',
            constraint=models.CheckConstraint(condition=models.Q(('deed__in', ['enrolled', 'role', 'reset', 'removed', 'locked', 'opened'])), name='teamact_deed_known'),
        ),
        migrations.AddConstraint(
            model_name='teamact',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('deed__in', ['locked', 'opened']), ('subject__isnull', True)), models.Q(models.Q(('deed__in', ['locked', 'opened']), _negated=True), ('subject__isnull', False)), _connector='OR'), name='teamact_says_upon_whom'),
        ),
        migrations.RunPython(guard, unguard),
    ]

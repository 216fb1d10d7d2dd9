"""Complimentary memberships, the places of long readings, and tallies of what is left alone."""

import billing.ids
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0007_corrected_documents'),
        ('members', '0001_people'),
    ]

    operations = [
        migrations.CreateModel(
            name='CompMembership',
            fields=[
                ('id', models.UUIDField(default=billing.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('reason', models.CharField(choices=[('hardship', 'Cannot pay just now'), ('volunteer', 'Volunteer'), ('contributor', 'Contributor'), ('staff', 'Staff'), ('goodwill', 'Goodwill')], max_length=16)),
                ('granted_by', models.CharField(max_length=64)),
                ('granted_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('starts_on', models.DateTimeField()),
                ('ends_on', models.DateTimeField()),
                ('revoked_at', models.DateTimeField(null=True)),
                ('revoked_by', models.CharField(blank=True, max_length=64)),
            ],
            options={
                'ordering': ['-granted_at'],
            },
        ),
        migrations.CreateModel(
            name='Tally',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=32)),
                ('day', models.DateField(default=django.utils.timezone.localdate)),
                ('count', models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='Walk',
            fields=[
                ('name', models.CharField(max_length=32, primary_key=True, serialize=False)),
                ('claim', models.UUIDField(null=True)),
                ('lease_until', models.DateTimeField(null=True)),
                ('place', models.JSONField(default=dict)),
                ('seen', models.PositiveIntegerField(default=0)),
                ('healed', models.PositiveIntegerField(default=0)),
                ('remaining', models.PositiveIntegerField(default=0)),
                ('started_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name='compmembership',
            name='supporter',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='comp_memberships', to='members.supporter'),
        ),
        migrations.AddConstraint(
            model_name='tally',
            constraint=models.UniqueConstraint(fields=('name', 'day'), name='one_tally_per_day'),
        ),
        migrations.AddConstraint(
            model_name='compmembership',
            constraint=models.CheckConstraint(condition=models.Q(('reason__in', ['hardship', 'volunteer', 'contributor', 'staff', 'goodwill'])), name='compmembership_reason_known'),
        ),
        migrations.AddConstraint(
            model_name='compmembership',
            constraint=models.CheckConstraint(condition=models.Q(('ends_on__gt', models.F('starts_on'))), name='comp_ends_after_start'),
        ),
    ]

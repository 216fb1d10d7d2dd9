"""The monthly rollups of the figures, what each supporter stands in them for, and when a change came about."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0018_receipts_tell_what_is_on_top'),
        ('members', '0005_charge_reports'),
    ]

    operations = [
        migrations.CreateModel(
            name='Counted',
            fields=[
                ('supporter', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='counted', serialize=False, to='members.supporter')),
                ('parts', models.JSONField(default=list)),
                ('memberships', models.PositiveSmallIntegerField(db_default=0, default=0)),
            ],
        ),
        migrations.CreateModel(
            name='Rollup',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('figure', models.CharField(max_length=24)),
                ('month', models.DateField()),
                ('key', models.CharField(blank=True, max_length=40)),
                ('count', models.BigIntegerField(default=0)),
                ('value', models.BigIntegerField(default=0)),
            ],
        ),
        migrations.AddField(
            model_name='membershipevent',
            name='happened_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name='membership',
            index=models.Index(condition=models.Q(('ends_on__isnull', False), ('state__in', ['active', 'past_due', 'paused'])), fields=['ends_on'], name='membership_leaves'),
        ),
        migrations.AddIndex(
            model_name='membershipevent',
            index=models.Index(condition=models.Q(('old_state', 'paused'), ('new_state', 'paused'), _connector='OR'), fields=['membership'], name='history_of_pauses'),
        ),
        migrations.AddIndex(
            model_name='counted',
            index=models.Index(condition=models.Q(('memberships__gt', 1)), fields=['supporter'], name='counted_twice'),
        ),
        migrations.AddConstraint(
            model_name='rollup',
            constraint=models.UniqueConstraint(fields=('figure', 'month', 'key'), name='one_rollup_per_figure_month_key'),
        ),
        migrations.AddConstraint(
            model_name='rollup',
            constraint=models.CheckConstraint(condition=models.Q(('figure', ''), _negated=True), name='rollup_has_figure'),
        ),
    ]

"""Why somebody was erased: they asked for it, or they lapsed."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('members', '0011_logs_are_not_emptied'),
    ]

    operations = [
        migrations.AddField(
            model_name='erasure',
            name='cause',
            field=models.CharField(choices=[('asked', 'They asked for it'), ('lapsed', '24 months after the last payment')], db_default='asked', default='asked', max_length=16),
        ),
        migrations.AddIndex(
            model_name='erasure',
            index=models.Index(fields=['done_at'], name='erasure_by_end'),
        ),
        migrations.AddConstraint(
            model_name='erasure',
            constraint=models.CheckConstraint(condition=models.Q(('cause__in', ['asked', 'lapsed'])), name='erasure_cause_known'),
        ),
    ]

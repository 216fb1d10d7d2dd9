"""The newest memberships, and those that will end, are read from an index alone."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0021_jobs_and_alarms'),
        ('members', '0008_browsers_and_looks'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='membership',
            name='membership_leaves',
        ),
        migrations.AddIndex(
            model_name='membership',
            index=models.Index(fields=['-created_at', '-id'], name='membership_by_arrival'),
        ),
        migrations.AddIndex(
            model_name='membership',
            index=models.Index(condition=models.Q(('ends_on__isnull', False), ('state__in', ['active', 'past_due', 'paused'])), fields=['ends_on'], include=('id', 'interval', 'amount_cents', 'started_at'), name='membership_leaving'),
        ),
    ]

"""Memberships that staff made free; and periods which no money came for, found as pauses are."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0026_with_what_it_came_in'),
    ]

    operations = [
        migrations.AddField(
            model_name='membership',
            name='free',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddIndex(
            model_name='membershipevent',
            index=models.Index(condition=models.Q(('changes__has_key', 'covered')), fields=['membership'], name='history_of_covered'),
        ),
    ]

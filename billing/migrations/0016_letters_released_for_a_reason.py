"""Why a letter that was held was let go."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0015_intents_are_claimed'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='letterhold',
            name='release_reason',
            field=models.CharField(blank=True, choices=[('mended', 'What was wrong is mended'), ('checked', 'It was checked, and is right'), ('asked', 'The supporter asked for it'), ('timing', 'The moment has come')], db_default='', max_length=16),
        ),
        migrations.AddConstraint(
            model_name='letterhold',
            constraint=models.CheckConstraint(condition=models.Q(('release_reason__in', ['', 'mended', 'checked', 'asked', 'timing'])), name='letterhold_release_reason_known'),
        ),
    ]

"""A payment that had failed tells with what it came in after all."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ('billing', '0025_leaving_is_rolled_up'),
    ]

    operations = [
        migrations.AddField(
            model_name='payment',
            name='recovered_by',
            field=models.CharField(blank=True, choices=[('retry', 'The same means, tried again'), ('new_means', 'Another card or account')], db_default='', default='', max_length=16),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('recovered_by__in', ['', 'retry', 'new_means'])), name='payment_recovered_by_known'),
        ),
    ]

"""One worker at a time carries out what is asked of one membership: an intent is claimed."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0014_customers_change_and_go'),
    ]

    operations = [
        migrations.AddField(
            model_name='intent',
            name='claim',
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name='intent',
            name='lease_until',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddConstraint(
            model_name='intent',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('claim__isnull', True), ('lease_until__isnull', True)), models.Q(('claim__isnull', False), ('lease_until__isnull', False)), _connector='OR'), name='intent_claimed_has_lease'),
        ),
    ]

"""A payment tells what its own period cost, where prorations or a credit stood beside it."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0023_years_let_go'),
    ]

    operations = [
        migrations.AddField(
            model_name='payment',
            name='period_cents',
            field=models.PositiveIntegerField(null=True),
        ),
    ]

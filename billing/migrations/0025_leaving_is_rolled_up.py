"""What is set to end is counted with the other figures; its index is not read any more."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0024_what_a_period_cost"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="membership", name="membership_leaving"),
    ]

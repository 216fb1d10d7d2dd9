"""Stripe is told a new address, and to forget a customer."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0013_letters_planned_ahead'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='intent',
            name='intent_kind_known',
        ),
        migrations.AlterField(
            model_name='intent',
            name='kind',
            field=models.CharField(choices=[('checkout', 'Open a checkout'), ('cancel_at_period_end', 'End with the paid period'), ('keep', 'Take the cancellation back'), ('cancel_now', 'End now, the grace is over'), ('end_now', 'End now'), ('change_amount', 'Change the amount'), ('change_interval', 'Change the rhythm with the next period'), ('drop_change', 'Take a change back'), ('pause', 'Pause'), ('resume', 'End the pause'), ('refund', 'Refund'), ('pay_invoice', 'Collect an open invoice'), ('close_checkout', 'Close an open checkout'), ('update_customer', 'Tell a new address'), ('delete_customer', 'Delete the customer')], max_length=24),
        ),
        migrations.AddConstraint(
            model_name='intent',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['checkout', 'cancel_at_period_end', 'keep', 'cancel_now', 'end_now', 'change_amount', 'change_interval', 'drop_change', 'pause', 'resume', 'refund', 'pay_invoice', 'close_checkout', 'update_customer', 'delete_customer'])), name='intent_kind_known'),
        ),
    ]

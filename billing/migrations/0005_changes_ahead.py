"""What is going to change, what is paid with, and when an intent is tried again."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0004_receipts_are_final'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='intent',
            name='intent_kind_known',
        ),
        migrations.AddField(
            model_name='intent',
            name='next_try_at',
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
        migrations.AddField(
            model_name='intent',
            name='tries',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='membership',
            name='changes_on',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='membership',
            name='next_amount_cents',
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='membership',
            name='next_interval',
            field=models.CharField(blank=True, choices=[('month', 'every month'), ('year', 'every year'), ('once', 'once')], max_length=8),
        ),
        migrations.AddField(
            model_name='membership',
            name='resumes_on',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='membership',
            name='stripe_method_id',
            field=models.CharField(blank=True, max_length=255),
        ),
        migrations.AlterField(
            model_name='intent',
            name='kind',
            field=models.CharField(choices=[('checkout', 'Open a checkout'), ('cancel_at_period_end', 'End with the paid period'), ('keep', 'Take the cancellation back'), ('cancel_now', 'End now, the grace is over'), ('end_now', 'End now'), ('change_amount', 'Change the amount'), ('change_interval', 'Change the rhythm with the next period'), ('drop_change', 'Take a change back'), ('pause', 'Pause'), ('resume', 'End the pause'), ('refund', 'Refund'), ('pay_invoice', 'Collect an open invoice'), ('close_checkout', 'Close an open checkout')], max_length=24),
        ),
        migrations.AlterField(
            model_name='membership',
            name='end_reason',
            field=models.CharField(blank=True, choices=[('requested', 'Cancelled by request'), ('payment_failed', 'Payments failed'), ('disputed', 'Payment disputed'), ('withdrawn', 'Withdrawn within 14 days'), ('duplicate', 'Second membership taken back'), ('replaced', 'Replaced by a new membership'), ('fraud', 'Card reported as stolen'), ('other', 'Other')], max_length=16),
        ),
        migrations.AddConstraint(
            model_name='intent',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['checkout', 'cancel_at_period_end', 'keep', 'cancel_now', 'end_now', 'change_amount', 'change_interval', 'drop_change', 'pause', 'resume', 'refund', 'pay_invoice', 'close_checkout'])), name='intent_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.CheckConstraint(condition=models.Q(('end_reason__in', ['', 'requested', 'payment_failed', 'disputed', 'withdrawn', 'duplicate', 'replaced', 'fraud', 'other'])), name='membership_end_reason_known'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.CheckConstraint(condition=models.Q(('next_interval__in', ['', 'month', 'year'])), name='membership_next_interval_known'),
        ),
    ]

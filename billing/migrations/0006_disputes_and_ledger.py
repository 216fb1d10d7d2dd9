"""Disputes, payouts, and one ledger line for each movement of money; payments outside Stripe."""

import billing.ids
import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0005_changes_ahead'),
    ]

    operations = [
        migrations.CreateModel(
            name='Dispute',
            fields=[
                ('id', models.UUIDField(default=billing.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('stripe_dispute_id', models.CharField(max_length=255, unique=True)),
                ('state', models.CharField(choices=[('inquiry', 'Bank asks'), ('open', 'Disputed'), ('won', 'Won'), ('lost', 'Lost'), ('closed', 'Closed without a dispute')], max_length=16)),
                ('reason', models.CharField(blank=True, max_length=64)),
                ('amount_cents', models.PositiveIntegerField()),
                ('currency', models.CharField(default='eur', max_length=3)),
                ('opened_at', models.DateTimeField()),
                ('respond_by', models.DateTimeField(null=True)),
                ('applied_ticket', models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='LedgerLine',
            fields=[
                ('id', models.CharField(max_length=255, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('payment', 'Payment'), ('payment_returned', 'Payment returned'), ('refund', 'Refund'), ('refund_failed', 'Refund that failed'), ('dispute', 'Dispute'), ('fee', 'Fee of Stripe'), ('payout', 'Payout to the bank'), ('payout_failed', 'Payout that failed'), ('other', 'Other')], max_length=16)),
                ('amount_cents', models.IntegerField()),
                ('fee_cents', models.IntegerField()),
                ('net_cents', models.IntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('source_id', models.CharField(blank=True, db_index=True, max_length=255)),
                ('payout_id', models.CharField(blank=True, db_index=True, max_length=255)),
                ('booked_at', models.DateTimeField(db_index=True)),
                ('available_on', models.DateTimeField()),
                ('recorded_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'ordering': ['booked_at', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Payout',
            fields=[
                ('id', models.CharField(max_length=255, primary_key=True, serialize=False)),
                ('status', models.CharField(max_length=16)),
                ('amount_cents', models.IntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('arrives_on', models.DateTimeField()),
                ('created', models.DateTimeField()),
                ('applied_ticket', models.BigIntegerField(default=0)),
            ],
            options={
                'ordering': ['-created'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='payment',
            name='payment_succeeded_says_when',
        ),
        migrations.AddField(
            model_name='payment',
            name='outside_stripe',
            field=models.BooleanField(default=False),
        ),
        migrations.AlterField(
            model_name='payment',
            name='stripe_charge_id',
            field=models.CharField(blank=True, db_index=True, max_length=255),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'succeeded'), _negated=True), models.Q(('paid_at__isnull', False), models.Q(('outside_stripe', True), models.Q(('stripe_payment_intent_id__isnull', False), models.Q(('stripe_payment_intent_id', ''), _negated=True)), _connector='OR')), _connector='OR'), name='payment_succeeded_says_when'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('outside_stripe', False), models.Q(models.Q(('stripe_invoice_id', ''), _negated=True), ('stripe_payment_intent_id__isnull', True)), _connector='OR'), name='payment_outside_names_invoice'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.UniqueConstraint(condition=models.Q(('outside_stripe', True)), fields=('stripe_invoice_id',), name='one_payment_outside_per_invoice'),
        ),
        migrations.AddField(
            model_name='dispute',
            name='payment',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='disputes', to='billing.payment'),
        ),
        migrations.AddField(
            model_name='ledgerline',
            name='payment',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='ledger_lines', to='billing.payment'),
        ),
        migrations.AddConstraint(
            model_name='payout',
            constraint=models.CheckConstraint(condition=models.Q(('id', ''), _negated=True), name='payout_has_id'),
        ),
        migrations.AddIndex(
            model_name='dispute',
            index=models.Index(fields=['opened_at'], name='dispute_by_day'),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['inquiry', 'open', 'won', 'lost', 'closed'])), name='dispute_state_known'),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.CheckConstraint(condition=models.Q(('amount_cents__gt', 0)), name='dispute_amount_cents_positive'),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.CheckConstraint(condition=models.Q(('stripe_dispute_id', ''), _negated=True), name='dispute_has_stripe_id'),
        ),
        migrations.AddConstraint(
            model_name='ledgerline',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['payment', 'payment_returned', 'refund', 'refund_failed', 'dispute', 'fee', 'payout', 'payout_failed', 'other'])), name='ledgerline_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='ledgerline',
            constraint=models.CheckConstraint(condition=models.Q(('id', ''), _negated=True), name='line_has_id'),
        ),
        migrations.AddConstraint(
            model_name='ledgerline',
            constraint=models.CheckConstraint(condition=models.Q(('net_cents', django.db.models.expressions.CombinedExpression(models.F('amount_cents'), '-', models.F('fee_cents')))), name='line_net_is_amount_less_fee'),
        ),
    ]

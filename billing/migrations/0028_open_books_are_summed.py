"""The books of open months are summed as they grow, and payouts say what is in them.

Where the ledger has lines already no sum is made here: the books read the lines, as before, until
`manage.py rollups` has made the sums, or the night has.
"""

from datetime import date

from django.db import migrations, models
from django.db.models import Q


def keep(apps, _schema_editor):
    """An empty ledger is summed up: say so."""
    if not apps.get_model("billing", "LedgerLine").objects.exists():
        rollups = apps.get_model("billing", "Rollup").objects
        place = {"figure": "books_kept", "month": date(1970, 1, 1), "key": ""}
        rollups.get_or_create(**place, defaults={"count": 1})


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0027_periods_without_money'),
    ]

    operations = [
        migrations.AlterField(
            model_name='bygone',
            name='key',
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AlterField(
            model_name='rollup',
            name='key',
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name='payout',
            name='parts',
            field=models.JSONField(null=True),
        ),
        migrations.AddIndex(
            model_name='ledgerline',
            index=models.Index(condition=Q(('payment', None)), fields=['closed_month', 'booked_at'], include=('currency', 'kind', 'amount_cents', 'fee_cents', 'net_cents'), name='line_alone'),
        ),
        migrations.AddIndex(
            model_name='ledgerline',
            index=models.Index(condition=Q(('payout_id', '')), fields=['kind'], include=('currency', 'net_cents'), name='line_waiting'),
        ),
        migrations.RunPython(keep, migrations.RunPython.noop),
    ]

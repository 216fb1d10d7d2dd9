"""Debit notes take a failed refund's credit note back; a lost dispute has a credit note too."""

import django.db.models.deletion
from django.db import migrations, models

GUARD = """
CREATE TRIGGER receipt_is_final BEFORE UPDATE ON billing_receipt
BEGIN SELECT RAISE(ABORT, 'a receipt is never changed'); END
"""


# SQLite changes a table by copying it, which loses its trigger; PostgreSQL keeps it.
def guard(_apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute(GUARD)


def lift(_apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TRIGGER receipt_is_final")


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0006_disputes_and_ledger'),
    ]

    operations = [
        migrations.RunPython(lift, guard),
        migrations.RemoveConstraint(
            model_name='receipt',
            name='receipt_series_known',
        ),
        migrations.RemoveConstraint(
            model_name='receipt',
            name='credit_note_refers',
        ),
        migrations.RemoveConstraint(
            model_name='receiptseries',
            name='receiptseries_series_known',
        ),
        migrations.AlterField(
            model_name='receipt',
            name='refers_to',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='corrections', to='billing.receipt'),
        ),
        migrations.AlterField(
            model_name='receipt',
            name='refund',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='documents', to='billing.refund'),
        ),
        migrations.AlterField(
            model_name='receipt',
            name='series',
            field=models.CharField(choices=[('R', 'Receipt'), ('C', 'Credit note'), ('D', 'Debit note')], max_length=1),
        ),
        migrations.AlterField(
            model_name='receiptseries',
            name='series',
            field=models.CharField(choices=[('R', 'Receipt'), ('C', 'Credit note'), ('D', 'Debit note')], max_length=1),
        ),
        migrations.AddConstraint(
            model_name='receiptseries',
            constraint=models.CheckConstraint(condition=models.Q(('series__in', ['R', 'C', 'D'])), name='receiptseries_series_known'),
        ),
        migrations.AddField(
            model_name='receipt',
            name='dispute',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='documents', to='billing.dispute'),
        ),
        migrations.AddConstraint(
            model_name='receipt',
            constraint=models.UniqueConstraint(condition=models.Q(('refund__isnull', False)), fields=('refund', 'series'), name='one_document_per_refund_and_series'),
        ),
        migrations.AddConstraint(
            model_name='receipt',
            constraint=models.UniqueConstraint(condition=models.Q(('dispute__isnull', False)), fields=('dispute', 'series'), name='one_document_per_dispute_and_series'),
        ),
        migrations.AddConstraint(
            model_name='receipt',
            constraint=models.CheckConstraint(condition=models.Q(('series__in', ['R', 'C', 'D'])), name='receipt_series_known'),
        ),
        migrations.AddConstraint(
            model_name='receipt',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('dispute__isnull', True), ('refers_to__isnull', True), ('refund__isnull', True), ('series', 'R')), models.Q(('refers_to__isnull', False), ('series__in', ['C', 'D']), models.Q(models.Q(('dispute__isnull', True), ('refund__isnull', False)), models.Q(('dispute__isnull', False), ('refund__isnull', True)), _connector='OR')), _connector='OR'), name='document_refers'),
        ),
        migrations.RunPython(guard, lift),
    ]

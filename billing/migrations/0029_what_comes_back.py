"""A debit that its bank returned has papers too; a dispute lost once more has them once more."""

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
        ('billing', '0028_open_books_are_summed'),
    ]

    operations = [
        migrations.RunPython(lift, guard),
        migrations.RemoveConstraint(
            model_name='receipt',
            name='one_document_per_dispute_and_series',
        ),
        migrations.RemoveConstraint(
            model_name='receipt',
            name='document_refers',
        ),
        migrations.AddField(
            model_name='receipt',
            name='returned',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='documents', to='billing.ledgerline'),
        ),
        migrations.AddField(
            model_name='receipt',
            name='turn',
            field=models.PositiveSmallIntegerField(db_default=1, default=1),
        ),
        migrations.AddConstraint(
            model_name='receipt',
            constraint=models.UniqueConstraint(condition=models.Q(('dispute__isnull', False)), fields=('dispute', 'series', 'turn'), name='one_document_per_dispute_and_turn'),
        ),
        migrations.AddConstraint(
            model_name='receipt',
            constraint=models.UniqueConstraint(condition=models.Q(('returned__isnull', False)), fields=('returned', 'series', 'turn'), name='one_document_per_return_and_turn'),
        ),
        migrations.AddConstraint(
            model_name='receipt',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('dispute__isnull', True), ('refers_to__isnull', True), ('refund__isnull', True), ('returned__isnull', True), ('series', 'R')), models.Q(('refers_to__isnull', False), ('series__in', ['C', 'D']), models.Q(models.Q(('dispute__isnull', True), ('refund__isnull', False), ('returned__isnull', True)), models.Q(('dispute__isnull', False), ('refund__isnull', True), ('returned__isnull', True)), models.Q(('dispute__isnull', True), ('refund__isnull', True), ('returned__isnull', False)), _connector='OR')), _connector='OR'), name='document_refers'),
        ),
        migrations.RunPython(guard, lift),
    ]

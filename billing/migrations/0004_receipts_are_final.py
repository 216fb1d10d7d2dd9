"""The database itself refuses to change a receipt: it is corrected by a second document."""

from django.db import migrations

SQLITE = """
CREATE TRIGGER receipt_is_final BEFORE UPDATE ON billing_receipt
BEGIN SELECT RAISE(ABORT, 'a receipt is never changed'); END
"""
POSTGRESQL = """
CREATE FUNCTION receipt_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'a receipt is never changed' USING ERRCODE = 'check_violation'; END $$;
CREATE TRIGGER receipt_is_final BEFORE UPDATE ON billing_receipt
FOR EACH ROW EXECUTE FUNCTION receipt_is_final()
"""


def guard(_apps, schema_editor):
    sql = SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL
    schema_editor.execute(sql)


def unguard(_apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TRIGGER receipt_is_final")
    else:
        schema_editor.execute("DROP FUNCTION receipt_is_final CASCADE")


class Migration(migrations.Migration):
    dependencies = [("billing", "0003_default_plans")]
    operations = [migrations.RunPython(guard, unguard)]

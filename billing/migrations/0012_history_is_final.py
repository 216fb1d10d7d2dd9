"""The database itself refuses to change a membership's history: what was decided, why, by whom.

Nor does PostgreSQL let a line be deleted while its membership stands. Once it is over, the whole of
it may go: a join that nobody paid after a week, a membership when the law no longer wants its books
(members/retention.py). SQLite empties its tables line by line, so it cannot be told that rule.

A later migration that alters this table on SQLite copies it, and loses the trigger: lift and guard
it around the change, as 0007 does for receipts.
"""

from django.db import migrations

SQLITE = """
CREATE TRIGGER history_is_final BEFORE UPDATE ON billing_membershipevent
BEGIN SELECT RAISE(ABORT, 'a line of history is never changed'); END
"""
POSTGRESQL = """
CREATE FUNCTION history_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        RAISE EXCEPTION 'a line of history is never changed' USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (
        SELECT 1 FROM billing_membership
        WHERE id = OLD.membership_id AND state NOT IN ('ended', 'expired')
    ) THEN
        RAISE EXCEPTION 'a membership that stands keeps its history'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER history_is_final BEFORE UPDATE OR DELETE ON billing_membershipevent
FOR EACH ROW EXECUTE FUNCTION history_is_final()
"""


def guard(_apps, schema_editor):
    sql = SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL
    schema_editor.execute(sql)


def unguard(_apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TRIGGER history_is_final")
    else:
        schema_editor.execute("DROP FUNCTION history_is_final CASCADE")


class Migration(migrations.Migration):
    dependencies = [("billing", "0011_means_of_payment")]
    operations = [migrations.RunPython(guard, unguard)]

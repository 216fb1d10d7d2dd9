"""What is written down of the staff is not emptied either: PostgreSQL asks no line when it truncates.

SQLite has no TRUNCATE, and REPLACE, which deletes past a trigger, is stopped by a pragma of the
connection (config/settings.py). Whoever owns a table can still drop it, or its triggers: let the
service have a role that owns none where that is feared.
"""

from django.db import migrations

WORDS = "what was written down of the staff is never changed"
TABLES = {
    "members_accesslog": "at > now() - interval '24 months'",
    "members_staffact": "at > now() - interval '24 months'",
    "members_teamact": "true",
}


def guard(_apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    for table, kept in TABLES.items():
        schema_editor.execute(f"""
CREATE FUNCTION {table}_is_not_emptied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM {table} WHERE {kept}) THEN
        RAISE EXCEPTION '{WORDS}' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER is_not_emptied BEFORE TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION {table}_is_not_emptied()
""")


def unguard(_apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    for table in TABLES:
        schema_editor.execute(f"DROP FUNCTION {table}_is_not_emptied CASCADE")


class Migration(migrations.Migration):

    dependencies = [
        ('members', '0010_roles_and_lists'),
    ]

    operations = [
        migrations.RunPython(guard, unguard),
    ]

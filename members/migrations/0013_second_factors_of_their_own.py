"""That a member of staff made or removed a second factor of their own is written down as well."""

from importlib import import_module

from django.db import migrations, models

ACTS = import_module("members.migrations.0010_roles_and_lists")


# SQLite changes a table by copying it, which loses its triggers; PostgreSQL keeps them.
def guard(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        ACTS.guard(apps, schema_editor)


def lift(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        ACTS.unguard(apps, schema_editor)


class Migration(migrations.Migration):

    dependencies = [
        ('members', '0012_why_they_were_erased'),
    ]

    operations = [
        migrations.RunPython(lift, guard),
        migrations.RemoveConstraint(
            model_name='teamact',
            name='teamact_deed_known',
        ),
        migrations.AlterField(
            model_name='teamact',
            name='deed',
            field=models.CharField(choices=[('enrolled', 'Let in'), ('role', 'Role changed'), ('reset', 'Given a new key'), ('factor-made', 'Made a second factor'), ('factor-removed', 'Removed a second factor'), ('removed', 'Let go'), ('locked', 'Locked the house down'), ('opened', 'Opened the house again')], max_length=16),
        ),
        migrations.AddConstraint(
            model_name='teamact',
            constraint=models.CheckConstraint(condition=models.Q(('deed__in', ['enrolled', 'role', 'reset', 'factor-made', 'factor-removed', 'removed', 'locked', 'opened'])), name='teamact_deed_known'),
        ),
        migrations.RunPython(guard, lift),
    ]

"""The three ways to support that every newsroom starts with. Amounts in cents."""

from django.db import migrations

PLANS = [
    {"slug": "monthly", "name": "Monthly support", "interval": "month",
     "least_cents": 199, "suggested_cents": 199, "position": 1},
    {"slug": "yearly", "name": "Yearly support", "interval": "year",
     "least_cents": 2388, "suggested_cents": 2388, "position": 2},
    {"slug": "once", "name": "One-off gift", "interval": "once",
     "least_cents": 200, "suggested_cents": 500, "position": 3},
]


def add_plans(apps, _schema_editor):
    plan = apps.get_model("billing", "Plan")
    for fields in PLANS:
        plan.objects.get_or_create(slug=fields["slug"], defaults=fields)


class Migration(migrations.Migration):
    dependencies = [("billing", "0002_ledger")]
    operations = [migrations.RunPython(add_plans, migrations.RunPython.noop)]

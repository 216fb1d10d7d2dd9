"""Campaigns that a join may be counted for, and the part of an amount that was given on top."""
import billing.ids
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0016_letters_released_for_a_reason'),
        ('members', '0005_charge_reports'),
    ]

    operations = [
        migrations.AddField(
            model_name='membership',
            name='extra_cents',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='payment',
            name='extra_cents',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.CreateModel(
            name='Campaign',
            fields=[
                ('id', models.UUIDField(default=billing.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('slug', models.SlugField(max_length=32, unique=True)),
                ('name', models.CharField(max_length=64)),
                ('active', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'ordering': ['-created_at'],
                'constraints': [models.CheckConstraint(condition=models.Q(('slug', ''), _negated=True), name='campaign_has_slug')],
            },
        ),
        migrations.AddField(
            model_name='membership',
            name='campaign',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to='billing.campaign'),
        ),
        migrations.AddField(
            model_name='payment',
            name='campaign',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='billing.campaign'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.CheckConstraint(condition=models.Q(('extra_cents__lt', models.F('amount_cents'))), name='membership_extra_is_part'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('extra_cents__lt', models.F('amount_cents'))), name='payment_extra_is_part'),
        ),
    ]

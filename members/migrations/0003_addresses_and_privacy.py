"""A new address that has to be confirmed, a copy of everything, and being erased."""

import billing.ids
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('members', '0002_letter_wishes'),
    ]

    operations = [
        migrations.AddField(
            model_name='supporter',
            name='signed_out_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.CreateModel(
            name='AddressChange',
            fields=[
                ('id', models.UUIDField(default=billing.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('new_sealed', models.BinaryField()),
                ('new_hash', models.CharField(max_length=64)),
                ('old_sealed', models.BinaryField(default=b'')),
                ('old_hash', models.CharField(blank=True, max_length=64)),
                ('asked_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('expires_at', models.DateTimeField()),
                ('confirmed_at', models.DateTimeField(null=True)),
                ('supporter', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='address_changes', to='members.supporter')),
            ],
            options={
                'indexes': [models.Index(fields=['expires_at'], name='address_change_by_expiry')],
            },
        ),
        migrations.CreateModel(
            name='Erasure',
            fields=[
                ('id', models.UUIDField(default=billing.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('state', models.CharField(choices=[('ending', 'What is paid is being ended at Stripe'), ('clearing', 'Stripe is deleting what it knows of them'), ('telling', 'The last letter goes out'), ('done', 'Nothing names them any more')], default='ending', max_length=16)),
                ('asked_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('told_from', models.DateTimeField(null=True)),
                ('done_at', models.DateTimeField(null=True)),
                ('supporter', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='erasure', to='members.supporter')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', 'done'), _negated=True), fields=['asked_at'], name='erasure_open')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['ending', 'clearing', 'telling', 'done'])), name='erasure_state_known'), models.CheckConstraint(condition=models.Q(models.Q(('done_at__isnull', False), ('state', 'done')), models.Q(models.Q(('state', 'done'), _negated=True), ('done_at__isnull', True)), _connector='OR'), name='erasure_done_says_when')],
            },
        ),
        migrations.CreateModel(
            name='Export',
            fields=[
                ('id', models.UUIDField(default=billing.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('press', models.CharField(max_length=64, unique=True)),
                ('asked_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('expires_at', models.DateTimeField()),
                ('supporter', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='exports', to='members.supporter')),
            ],
            options={
                'indexes': [models.Index(fields=['expires_at'], name='export_by_expiry')],
            },
        ),
    ]

"""Letters that staff hold, that wait for others of their kind, and addresses that get none."""

import billing.ids
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0009_inbox_is_read'),
        ('members', '0002_letter_wishes'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='LetterHold',
            fields=[
                ('id', models.UUIDField(default=billing.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('reason', models.CharField(choices=[('wrong', 'What it says is wrong'), ('doubtful', 'Something has to be checked first'), ('asked', 'The supporter asked for it'), ('timing', 'This is a bad moment')], max_length=16)),
                ('held_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('released_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['-held_at'],
            },
        ),
        migrations.CreateModel(
            name='Suppression',
            fields=[
                ('id', models.UUIDField(default=billing.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('address_hash', models.CharField(max_length=64)),
                ('reason', models.CharField(choices=[('refused', 'The mail server refused the address'), ('bounced', 'Letters came back'), ('complained', 'The recipient called a letter unwanted')], max_length=16)),
                ('since', models.DateTimeField(default=django.utils.timezone.now)),
                ('lifted_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['-since'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='letter',
            name='letter_state_known',
        ),
        migrations.AddField(
            model_name='letter',
            name='gathered_into',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='gathered', to='billing.letter'),
        ),
        migrations.AlterField(
            model_name='letter',
            name='state',
            field=models.CharField(choices=[('queued', 'Waiting'), ('sending', 'Being sent'), ('held', 'Held by staff'), ('sent', 'Sent'), ('gathered', 'Goes with the next collected letter'), ('skipped', 'Not needed any more'), ('failed', 'Given up')], default='queued', max_length=16),
        ),
        migrations.AddIndex(
            model_name='letter',
            index=models.Index(condition=models.Q(('gathered_into__isnull', True), ('state', 'gathered')), fields=['supporter'], name='letter_to_be_gathered'),
        ),
        migrations.AddIndex(
            model_name='letter',
            index=models.Index(condition=models.Q(('sent_at__isnull', False)), fields=['-sent_at'], name='letter_by_sending'),
        ),
        migrations.AddConstraint(
            model_name='letter',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['queued', 'sending', 'held', 'sent', 'gathered', 'skipped', 'failed'])), name='letter_state_known'),
        ),
        migrations.AddField(
            model_name='letterhold',
            name='held_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='letters_held', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='letterhold',
            name='letter',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='holds', to='billing.letter'),
        ),
        migrations.AddField(
            model_name='letterhold',
            name='released_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='letters_released', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='suppression',
            name='lifted_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='letterhold',
            constraint=models.CheckConstraint(condition=models.Q(('reason__in', ['wrong', 'doubtful', 'asked', 'timing'])), name='letterhold_reason_known'),
        ),
        migrations.AddConstraint(
            model_name='letterhold',
            constraint=models.UniqueConstraint(condition=models.Q(('released_at__isnull', True)), fields=('letter',), name='one_open_hold_per_letter'),
        ),
        migrations.AddConstraint(
            model_name='letterhold',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('released_at__isnull', True), ('released_by__isnull', True)), models.Q(('released_at__isnull', False), ('released_by__isnull', False)), _connector='OR'), name='release_says_who_and_when'),
        ),
        migrations.AddConstraint(
            model_name='suppression',
            constraint=models.UniqueConstraint(condition=models.Q(('lifted_at__isnull', True)), fields=('address_hash',), name='one_suppression_in_force_per_address'),
        ),
        migrations.AddConstraint(
            model_name='suppression',
            constraint=models.CheckConstraint(condition=models.Q(('address_hash', ''), _negated=True), name='suppression_has_hash'),
        ),
        migrations.AddConstraint(
            model_name='suppression',
            constraint=models.CheckConstraint(condition=models.Q(('reason__in', ['refused', 'bounced', 'complained'])), name='suppression_reason_known'),
        ),
    ]

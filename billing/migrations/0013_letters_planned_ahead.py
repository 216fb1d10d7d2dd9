"""Indexes for the letters that are planned ahead: each is searched by the day that calls for it."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0012_history_is_final'),
        ('members', '0002_letter_wishes'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='membership',
            name='membership_renews_yearly',
        ),
        migrations.AddIndex(
            model_name='membership',
            index=models.Index(condition=models.Q(('interval', 'year'), ('state__in', ['active', 'paused'])), fields=['period_end'], name='membership_renews_yearly'),
        ),
        migrations.AddIndex(
            model_name='membership',
            index=models.Index(condition=models.Q(('method_kind', 'sepa_debit'), ('state__in', ['active', 'paused'])), fields=['period_end'], name='membership_is_debited'),
        ),
        migrations.AddIndex(
            model_name='membership',
            index=models.Index(condition=models.Q(('card_expires_on__isnull', False), ('state__in', ['active', 'past_due', 'paused'])), fields=['card_expires_on'], name='membership_card_runs_out'),
        ),
        migrations.AddIndex(
            model_name='membership',
            index=models.Index(condition=models.Q(('resumes_on__isnull', False), ('state', 'paused')), fields=['resumes_on'], name='membership_resumes'),
        ),
        migrations.AddIndex(
            model_name='membership',
            index=models.Index(condition=models.Q(('state', 'past_due')), fields=['past_due_since'], name='membership_overdue'),
        ),
    ]

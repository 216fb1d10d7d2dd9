"""How supporters want their letters, and which staff want the weekly figures."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('members', '0001_people'),
    ]

    operations = [
        migrations.AddField(
            model_name='staffmember',
            name='wants_digest',
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AddField(
            model_name='supporter',
            name='discreet',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='supporter',
            name='receipt_rhythm',
            field=models.CharField(choices=[('every', 'With every payment'), ('quarter', 'Every three months'), ('year', 'Once a year')], db_default='every', default='every', max_length=8),
        ),
        migrations.AddField(
            model_name='supporter',
            name='wants_statement',
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AddConstraint(
            model_name='supporter',
            constraint=models.CheckConstraint(condition=models.Q(('receipt_rhythm__in', ['every', 'quarter', 'year'])), name='supporter_receipt_rhythm_known'),
        ),
    ]

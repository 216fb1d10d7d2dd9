"""What a membership is paid with: the kind, and the last day of a card."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0010_letters_held_and_gathered'),
    ]

    operations = [
        migrations.AddField(
            model_name='membership',
            name='card_expires_on',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='membership',
            name='method_kind',
            field=models.CharField(blank=True, db_default='', max_length=32),
        ),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0006_identity_canonical"),
    ]

    operations = [
        migrations.AddField(
            model_name="whatsappuser",
            name="enrichment_due_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="whatsappuser",
            name="enrichment_attempts",
            field=models.PositiveSmallIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AddIndex(
            model_name="whatsappuser",
            index=models.Index(
                condition=models.Q(("enrichment_due_at__isnull", False)),
                fields=["enrichment_due_at"],
                name="user_enrichment_due",
            ),
        ),
    ]

"""`manage.py export_alert_rules`: the alert rules for Prometheus."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import translation

from monitoring.alerts.export import rules_file
from monitoring.alerts.rules import RULES
from monitoring.models import AlertRule


class Command(BaseCommand):
    help = "Print the alert rules that are on as a Prometheus rules file, with what staff changed of them."

    def handle(self, *args: Any, **options: Any) -> None:
        rules = AlertRule.objects.filter(is_enabled=True, slug__in=RULES)
        with translation.override(settings.LANGUAGE_CODE):
            self.stdout.write(rules_file(rules), ending="")

"""Looks at all of the rest; nothing imports it."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class MonitoringConfig(AppConfig):
    name = "monitoring"
    verbose_name = _("Monitoring")

    def ready(self) -> None:
        from botsite.roles import roles_sync
        from monitoring.services.audit import record_audit
        from monitoring.services.breaker_events import record_transitions
        from monitoring.services.heartbeats import end_with_worker
        from monitoring.services.rule_sync import rules_sync
        from monitoring.services.security_events import record_security_events
        from monitoring.watch.starting import watch_processes

        end_with_worker()
        record_audit()
        record_transitions()
        record_security_events()
        watch_processes()
        post_migrate.connect(rules_sync, sender=self, dispatch_uid="rules_sync")
        # Ours is the last app: the permissions of all the others are there by now.
        post_migrate.connect(roles_sync, sender=self, dispatch_uid="roles_sync")

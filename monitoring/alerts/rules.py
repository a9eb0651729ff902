"""The one table of shipped rules. Staff change thresholds and the like in admin (models/alert_rule.py)."""

from monitoring.alerts.definition import RuleDefinition
from monitoring.alerts.shipped import assistant, outages, stores, traffic

_TABLES = (outages.TABLE, stores.TABLE, traffic.TABLE, assistant.TABLE)

RULES: dict[str, RuleDefinition] = {rule.slug: rule for table in _TABLES for rule in table}

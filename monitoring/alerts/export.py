"""The rules as a file for Prometheus."""

import json
from collections.abc import Iterable, Iterator

from monitoring.alerts.promql import expression
from monitoring.models import AlertRule

_HEADER = """\
# The alert rules that are on, as `manage.py export_alert_rules` wrote them. Prometheus knows less than the
# site itself: rules that need more than its metrics are named at the end.
groups:
  - name: botsite
    rules:"""


def rules_file(rules: Iterable[AlertRule]) -> str:
    """Return a Prometheus rules file (YAML), with texts in the active language."""
    lines, left_out = [_HEADER], []
    for rule in rules:
        if text := expression(rule):
            lines += _alert(rule, text)
        else:
            left_out.append(f"# {rule.slug}: {rule.title}")
    return "\n".join([*lines, *(["# Evaluated by the site alone:"] if left_out else []), *left_out, ""])


def _alert(rule: AlertRule, text: str) -> Iterator[str]:
    """JSON's texts are YAML's, too."""
    definition = rule.definition
    yield f"      - alert: {''.join(word.capitalize() for word in rule.slug.split('_'))}"
    yield f"        expr: {json.dumps(text)}"
    if rule.hold:
        yield f"        for: {rule.hold.total_seconds():.0f}s"
    yield "        labels:"
    yield f"          severity: {rule.severity.value}"
    yield "        annotations:"
    yield f"          summary: {json.dumps(rule.title, ensure_ascii=False)}"
    if definition:
        description = f"{definition.meaning} {definition.action}"
        yield f"          description: {json.dumps(description, ensure_ascii=False)}"

"""The rules as Prometheus reads them."""

import json
import shutil
import subprocess
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from monitoring.alerts.promql import expression
from monitoring.alerts.rules import RULES
from monitoring.models import AlertRule

pytestmark = pytest.mark.django_db
PROMTOOL = shutil.which("promtool")


def exported() -> str:
    out = StringIO()
    call_command("export_alert_rules", stdout=out)
    return out.getvalue()


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed (Debian: prometheus)")
def test_promtool_takes_it(tmp_path: Path) -> None:
    file = tmp_path / "rules.yml"
    file.write_text(exported())

    checked = subprocess.run(
        [str(PROMTOOL), "check", "rules", str(file)], capture_output=True, text=True, check=False
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert f"{exported().count('- alert:')} rules found" in checked.stdout


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed (Debian: prometheus)")
def test_prometheus_fires_as_the_site_does(tmp_path: Path) -> None:
    """Counters that grow: promtool plays them through the rules."""
    AlertRule.objects.exclude(slug__in=["cache_errors", "race_errors", "high_token_threads"]).update(
        is_enabled=False
    )
    (tmp_path / "rules.yml").write_text(exported())
    series = {
        'cache_requests_total{layer="thread",level="redis",result="hit"}': "0+60x20",
        'cache_requests_total{layer="thread",level="redis",result="error"}': "0+40x20",
        "race_errors_total": "0+3x20",
        "high_token_threads": "6x20",
    }
    test = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": values} for name, values in series.items()],
                "promql_expr_test": [
                    {
                        "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
                        "eval_time": "12m",
                        "exp_samples": [
                            {"labels": '{alertname="CacheErrors"}', "value": 1},
                            {"labels": '{alertname="HighTokenThreads"}', "value": 1},
                        ],
                    }
                ],
            }
        ],
    }
    (tmp_path / "test.yml").write_text(json.dumps(test))  # JSON is YAML, too

    played = subprocess.run(
        [str(PROMTOOL), "test", "rules", "test.yml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert played.returncode == 0, played.stdout + played.stderr


def test_the_seeds_rules_read_as_they_were_written() -> None:
    rules = {rule.slug: expression(rule) for rule in AlertRule.objects.all()}

    assert rules["race_errors"] == "sum(rate(race_errors_total[300s])) > 0.1"
    assert rules["high_token_threads"] == "high_token_threads > 5"
    assert rules["provider_down"] == 'health_check_up{check=~"llm:.+"} == 0'
    assert rules["rate_limits"] == "sum by (scope) (increase(rate_limited_total[300s])) > 100"


def test_every_rule_is_in_it_or_named_as_left_out() -> None:
    text = exported()
    for slug in RULES:
        name = "".join(word.capitalize() for word in slug.split("_"))
        assert f"- alert: {name}\n" in text or f"# {slug}: " in text


def test_what_staff_changed_is_exported_and_what_is_off_is_not() -> None:
    AlertRule.objects.filter(slug="race_errors").update(own_threshold=7, own_hold_seconds=30)
    AlertRule.objects.filter(slug="tokens_lost").update(is_enabled=False)
    text = exported()

    assert "sum(rate(race_errors_total[300s])) > 7" in text
    assert "for: 30s" in text
    assert "TokensLost" not in text

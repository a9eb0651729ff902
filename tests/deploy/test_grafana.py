"""The shipped dashboard asks for what there is, in words that Prometheus understands."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.botsite.api.client import make_key
from tests.monitoring.metrics.families import families

DASHBOARD = Path(__file__).resolve().parents[2] / "deploy" / "grafana" / "botsite.json"
PROMTOOL = shutil.which("promtool")
ASKED_FOR = {
    "Race errors por minuto",
    "Threads con tokens altos",
    "Cleanups ejecutados",
    "Tiempo de procesamiento promedio",
}
"""The panels of the original documents."""
BEYOND_OUR_LABELS = {"le", "instance", "job"}  # Prometheus' own
_BRACES = re.compile(r"\{([^}]*)\}")
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring) ?\(([^)]*)\)")
_WORD = re.compile(r"[a-zA-Z_]\w*")
_OPERATORS = {"or", "and", "unless"}


@pytest.fixture(scope="module")
def dashboard() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(DASHBOARD.read_text())
    return loaded


@pytest.fixture(scope="module")
def expressions(dashboard: dict[str, Any]) -> list[str]:
    """Every query, with Grafana's own variables filled in."""
    targets = [target for panel in dashboard["panels"] for target in panel.get("targets", [])]
    assert len(targets) > 25
    return [target["expr"].replace("$__rate_interval", "5m").replace("$__range", "6h") for target in targets]


@pytest.mark.skipif(PROMTOOL is None, reason="there is no promtool here (apt install prometheus)")
def test_prometheus_understands_every_query(expressions: list[str], tmp_path: Path) -> None:
    rules = [{"record": f"dashboard:query_{n}", "expr": query} for n, query in enumerate(expressions)]
    file = tmp_path / "rules.yml"
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))  # JSON is YAML

    ended = subprocess.run([str(PROMTOOL), "check", "rules", file], capture_output=True, text=True)

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"{len(rules)} rules found" in ended.stdout


@pytest.mark.django_db
def test_queries_name_only_what_is_scraped(expressions: list[str], client: Client) -> None:
    ours = families().values()
    hosts = client.get("/metrics/host", headers={"X-Api-Key": make_key("metrics:read")}).content.decode()
    known = {name for family in ours for name in family.sample_names} | set(_WORD.findall(hosts))
    labels = {label for family in ours for label in family.labels} | {"status"} | BEYOND_OUR_LABELS

    for query in expressions:
        assert _metrics_of(query) <= known, query
        assert _metrics_of(query), query
        assert _labels_of(query) <= labels, query


def test_the_panels_that_were_asked_for_are_there(dashboard: dict[str, Any]) -> None:
    titles = [panel["title"] for panel in dashboard["panels"]]

    assert set(titles) >= ASKED_FOR
    assert len(titles) == len(set(titles))


def test_panels_lie_beside_each_other_and_take_any_data_source(dashboard: dict[str, Any]) -> None:
    assert [each["name"] for each in dashboard["templating"]["list"]] == ["datasource"]
    cells = [cell for panel in dashboard["panels"] for cell in _cells(panel["gridPos"])]
    assert len(cells) == len(set(cells))
    assert max(column for column, _ in cells) < 24
    identifiers = [panel["id"] for panel in dashboard["panels"]]
    assert len(identifiers) == len(set(identifiers))
    for panel in dashboard["panels"]:
        if panel["type"] != "row":
            sources = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
            assert {source["uid"] for source in sources} == {"${datasource}"}
            assert panel["description"]


def _cells(place: dict[str, int]) -> list[tuple[int, int]]:
    columns = range(place["x"], place["x"] + place["w"])
    return [(column, place["y"] + line) for column in columns for line in range(place["h"])]


def _metrics_of(query: str) -> set[str]:
    """Return the words that are neither labels nor functions nor operators."""
    bare = _GROUPING.sub("", _BRACES.sub("", re.sub(r"\[[^]]*\]", "", query)))
    functions = set(re.findall(r"([a-z_]+) *\(", bare))
    return set(_WORD.findall(bare)) - functions - _OPERATORS


def _labels_of(query: str) -> set[str]:
    selected = {name for found in _BRACES.findall(query) for name in re.findall(r"(\w+) ?[=!]", found)}
    grouped = {word for found in _GROUPING.findall(query) for word in _WORD.findall(found)}
    return selected | grouped

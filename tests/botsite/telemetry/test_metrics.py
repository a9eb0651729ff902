"""The facade: declared names only, and histograms that tell a percentile closely."""

import pytest

from botsite.telemetry import metrics
from botsite.telemetry.series import BUCKET_BOUNDS, UndeclaredMetric, bucket_of, decoded
from tests.recording import RecordedMetrics


def test_counts_add_up_by_label(recorded: RecordedMetrics) -> None:
    metrics.count("turns_total", result="answered")
    metrics.count("turns_total", 2, result="answered")
    metrics.count("turns_total", result="failed")

    assert recorded.total("turns_total", "answered") == 3
    assert recorded.total("turns_total", "failed") == 1


def test_labels_may_come_in_any_order(recorded: RecordedMetrics) -> None:
    metrics.count("ai_requests_total", 7, provider="openai", result="ok")
    metrics.count("ai_requests_total", 5, result="ok", provider="openai")

    assert recorded.total("ai_requests_total", "openai", "ok") == 12


def test_a_labels_value_may_hold_anything(recorded: RecordedMetrics) -> None:
    metrics.count("turns_total", result='a|b,"c"\n ñ')

    assert recorded.total("turns_total", 'a|b,"c"\n ñ') == 1


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("turns_totl", {"result": "answered"}),
        ("turns_total", {}),
        ("turns_total", {"outcome": "answered"}),
        ("turns_total", {"result": "answered", "more": "x"}),
        ("turn_seconds", {}),
    ],
)
def test_an_undeclared_counter_raises(name: str, labels: dict[str, str]) -> None:
    with pytest.raises(UndeclaredMetric, match=name):
        metrics.count(name, **labels)


def test_in_production_it_is_logged_once_and_nothing_breaks(
    recorded: RecordedMetrics, caplog: pytest.LogCaptureFixture
) -> None:
    metrics.install(recorded, forgiving=True)

    for _ in range(3):
        metrics.count("no_such_metric")
        metrics.observe("turns_total", 1.0, result="answered")

    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"]
    assert recorded.total("turns_total", "answered") == 0


def test_durations_are_counted_in_their_bucket(recorded: RecordedMetrics) -> None:
    for seconds in (0.2, 0.4, 0.4):
        metrics.observe("ai_request_seconds", seconds, provider="openai")

    assert recorded.observations("ai_request_seconds", "openai") == 3
    assert recorded.total("ai_request_seconds", "openai") == pytest.approx(1.0)


@pytest.mark.parametrize("seconds", [-1.0, 0.0, 0.0005, 0.001, 0.00101, 0.37, 1.0, 59.9, 600.0])
def test_a_bucket_holds_what_is_up_to_its_bound(seconds: float) -> None:
    number = bucket_of(seconds)

    assert seconds <= BUCKET_BOUNDS[number] * (1 + 1e-9)
    assert number == 0 or seconds > BUCKET_BOUNDS[number - 1]


def test_every_bound_belongs_to_its_own_bucket() -> None:
    assert [bucket_of(bound) for bound in BUCKET_BOUNDS] == list(range(len(BUCKET_BOUNDS)))
    assert BUCKET_BOUNDS[-1] > 600
    assert bucket_of(1e9) == len(BUCKET_BOUNDS)


def test_what_an_older_version_left_behind_is_skipped() -> None:
    fields = {
        '["dropped_total"]': "1",
        '["turns_total"]': "1",
        '["turn_seconds"]': "1",
        '["race_errors_total","user"]': "1",
        '["turns_total","answered"]': "2",
    }

    assert {key: value.total for key, value in decoded(fields).items()} == {
        ("turns_total", ("answered",)): 2.0
    }

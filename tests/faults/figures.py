"""The figures of a run, and whether they keep what is promised."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tests.faults.client import TIMEOUT_SECONDS, WebhookClient
from tests.faults.evidence import Evidence, calls_with_effect, user_of
from tests.faults.scenarios import Scenario

EXPECTED_STATUSES = (0, 200, 503)  # 0: the web server was killed, or Postgres hung


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Seconds unless said otherwise. `offered` counts messages, `posts` attempts by status (0: no answer).

    `belated_calls` are those that had no effect.
    """

    offered: int
    acknowledged: int
    posts: Mapping[int, int]
    inbound: Mapping[str, int]
    outbound: Mapping[str, int]
    calls: int
    interrupted_calls: int
    belated_calls: int
    webhook_p50: float
    webhook_p99: float
    slowest_refusal: float
    reply_p50: float
    reply_p99: float
    slowest_reclaim: float
    drain: float | None

    def missed(self, scenario: Scenario) -> list[str]:
        """Return the targets that were not kept, one sentence each."""
        limits = (
            ("webhook p99", self.webhook_p99, scenario.webhook_p99),
            ("slowest refusal", self.slowest_refusal, scenario.refusal_seconds),
            ("slowest reclaim", self.slowest_reclaim, scenario.reclaim_target),
            ("drain", float("inf") if self.drain is None else self.drain, scenario.drain_target),
        )
        missed = [
            f"{name} {value:.2f} s, promised are {limit:g} s"
            for name, value, limit in limits
            if limit is not None and value > limit
        ]
        missed += [
            f"{count} webhooks answered with {status}"
            for status, count in self.posts.items()
            if status not in EXPECTED_STATUSES
        ]
        if self.acknowledged < self.offered:
            missed.append(f"{self.offered - self.acknowledged} messages were never acknowledged")
        return missed


def measure(evidence: Evidence, client: WebhookClient, *, drain_seconds: float | None) -> Figures:
    waited = [a.seconds for a in client.attempts if a.status or a.seconds >= TIMEOUT_SECONDS]
    with_effect = calls_with_effect(evidence)
    replies = list(_reply_times(evidence))
    return Figures(
        offered=client.offered,
        acknowledged=len(evidence.acknowledged),
        posts=Counter(attempt.status for attempt in client.attempts),
        inbound=Counter(row.state for row in evidence.inbound),
        outbound=Counter(row.state for row in evidence.outbound),
        calls=len(evidence.calls),
        interrupted_calls=sum(call.interrupted is not None for call in evidence.calls),
        belated_calls=sum(call.belated and call.number not in with_effect for call in evidence.calls),
        webhook_p50=percentile(waited, 50),
        webhook_p99=percentile(waited, 99),
        slowest_refusal=max((a.seconds for a in client.attempts if a.status not in (0, 200)), default=0.0),
        reply_p50=percentile(replies, 50),
        reply_p99=percentile(replies, 99),
        slowest_reclaim=max(_reclaim_times(evidence), default=0.0),
        drain=drain_seconds,
    )


def percentile(values: Iterable[float], percent: float) -> float:
    """The smallest value that `percent` of all do not exceed; 0 when there are none."""
    ordered = sorted(values)
    if not ordered:
        return 0.0
    return ordered[max(0, -int(-len(ordered) * percent // 100) - 1)]


def _reply_times(evidence: Evidence) -> Iterable[float]:
    """From a message's first 200 to the acceptance of its reply."""
    acknowledged = {message.marker: message.acknowledged for message in evidence.acknowledged}
    for sent in evidence.sent:
        for marker in sent.markers:
            if marker in acknowledged:
                yield max(0.0, sent.at - acknowledged[marker])


def _reclaim_times(evidence: Evidence) -> Iterable[float]:
    """From the death or stop of a process in a call to when another takes the same messages up.

    They are taken up by a new run of the customer's that comes before the next call about them: who begins it
    may be killed before it gets as far as a call, which is one more crash and not a slow reclaim. Without a
    next call the answer was fetched, or the process got it after all.
    """
    for call in evidence.calls:
        if call.interrupted is None:
            continue
        calls = [c.started for c in evidence.calls if set(c.asked) & set(call.asked)]
        if not (later := [at for at in calls if at > call.interrupted]):
            continue
        customer = {user_of(marker) for marker in call.asked}
        runs = [run.started for run in evidence.runs if run.user in customer]
        yield min([at for at in runs if at > call.interrupted] + later) - call.interrupted

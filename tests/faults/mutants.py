"""Deliberate violations of the rules: the judge has to catch every one."""

from dataclasses import replace

from tests.faults.mutation import Mutant, Replacement
from tests.faults.scenarios import Fault, Scenario, graph_fault

QUICK = {"SEND_PAIR_SECONDS": "0", "LOCK_TIMEOUT_SECONDS": "5"}
"""A lease is never longer than LOCK_TIMEOUT_SECONDS, so that a crash is reclaimed within a short run."""


def _quick(name: str, *faults: Fault, seconds: float = 8, users: int = 12) -> Scenario:
    return Scenario(
        name=name,
        about="mutant",
        seconds=seconds,
        users=users,
        rate=8,
        concurrency=8,
        latency=(0.3, 1.5),
        faults=faults,
        environment=QUICK,
        drain_seconds=20,
    )


def _frozen_for(seconds: float) -> tuple[Fault, Fault]:
    return Fault(3, "freeze", {"worker": 0}), Fault(3 + seconds, "thaw", {"worker": 0})


MUTANTS = (
    Mutant(
        "acknowledged-too-early",
        "200 only after commit",
        (
            Replacement(
                "conversations/webhooks.py",
                "inbox.receive(channel, _verified_events(channel, request, body, path_secret))",
                "inbox.Receipt()\n"
                "    events = _verified_events(channel, request, body, path_secret)\n"
                "    __import__('threading').Timer(0.5, inbox.receive, (channel, events)).start()",
            ),
        ),
        _quick("early-ack", *(Fault(at, "kill", {"victim": "web"}) for at in (2.5, 6.5)), seconds=10),
        "lost",
    ),
    Mutant(
        "repeats-stored",
        "dedup by unique constraint",
        (
            Replacement(
                "conversations/services/inbox.py",
                "        external_id=message.external_id,\n        kind",
                '        external_id=f"{message.external_id}:{user.last_sequence}",\n        kind',
            ),
        ),
        _quick("repeats"),
        "duplicated",
    ),
    Mutant(
        "user-not-claimed",
        "claim users, not messages",
        (
            Replacement(
                "botsite/resilience/leases.py",
                "candidate = rows.filter(free()).values_list",
                "candidate = rows.values_list",
            ),
            Replacement("botsite/resilience/leases.py", "rows.filter(free(), pk=pk,", "rows.filter(pk=pk,"),
            Replacement(
                "conversations/services/sweeper.py",
                "filter(leases.free(), Q(turn_due_at__lte=Now())",
                "filter(Q(turn_due_at__lte=Now())",
            ),
        ),
        _quick("no-claim", seconds=12),
        "overlapping",
    ),
    Mutant(
        "epoch-not-checked",
        "every write of a turn is conditional on the epoch",
        (
            Replacement(
                "conversations/services/turns.py",
                "return lease.renew(LEASE_SECONDS, **changes)",
                "return WhatsAppUser.objects.filter(pk=lease.pk).exists()",
            ),
        ),
        _quick("no-epoch", *_frozen_for(9), seconds=14),
        "stale",
    ),
    Mutant(
        "newest-first",
        "each user's messages are answered in order",
        (
            Replacement(
                "conversations/services/turns.py",
                '.order_by("sequence")[:BURST_LIMIT]',
                '.order_by("-sequence")[:1]',
            ),
        ),
        _quick("lifo", users=4),
        "out of order",
    ),
    Mutant(
        "unknown-sent-again",
        "an ambiguous send is a visible state, never repeated by itself",
        (
            Replacement(
                "conversations/services/sending.py",
                "    if isinstance(error, AmbiguousError):\n"
                "        return Outcome(OutboundState.UNKNOWN, reason, delay=RECONCILE_SECONDS)\n",
                "    if isinstance(error, AmbiguousError):\n"
                "        return Outcome(OutboundState.PENDING, reason, delay=1, failures=1)\n",
            ),
        ),
        replace(_quick("resend", *graph_fault(2, 4, drop="after")), statuses=False),
        "duplicated",
    ),
    Mutant(
        "anybody's-number",
        "the recipient is the user's own",
        (
            Replacement(
                "conversations/services/sending.py",
                "UserIdentity.objects.filter(user__messages=message.pk, replaced_at=None)",
                "UserIdentity.objects.filter(channel__users__messages=message.pk)",
            ),
        ),
        _quick("recipient"),
        "leaked",
    ),
    Mutant(
        "everybody's-history",
        "identity travels in every prompt",
        (
            Replacement(
                "conversations/services/threads.py",
                "Message.objects.filter(thread=thread)",
                "Message.objects.filter(channel=thread.user.channel)",
            ),
        ),
        _quick("history"),
        "leaked",
    ),
    Mutant(
        "published-in-the-ack-path",
        "publishing to Redis is outside the ack path",
        (
            Replacement(
                "conversations/services/inbox.py",
                "wakeups.wake_turn(user_id, delay=settings.BUFFER_SECONDS)",
                "wakeups.app.send_task(wakeups.RUN_TURN, args=(user_id,), countdown=1, retry=False)",
            ),
        ),
        replace(
            _quick("publish", Fault(2, "redis", {"mode": "hang"}), Fault(7, "redis", {"mode": "pass"})),
            webhook_p99=1,
        ),
        "webhook p99",
    ),
    Mutant(
        "redis-is-the-queue",
        "Postgres alone is truth: without Redis everything is still answered",
        (
            Replacement(
                "conversations/services/sweeper.py",
                '        self._submit("turn", turns.run_turn, users_with_due_turns)\n',
                "",
            ),
        ),
        _quick("no-sweeper", Fault(2, "redis", {"mode": "refuse"}), Fault(6, "redis", {"mode": "pass"})),
        "lost",
    ),
    Mutant(
        "vanished-usage-forgotten",
        "what a model was asked for is in the books, or listed as unknown",
        (
            Replacement(
                "conversations/services/usage.py",
                "usage_unknown=bool(language_models()))",
                "usage_unknown=False)",
            ),
        ),
        _quick("books", *(Fault(at, "kill", {"victim": "worker"}, during_call=True) for at in (2, 5))),
        "unbilled",
    ),
)

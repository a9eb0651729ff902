"""The judge: what the house did wrong, from nothing but the evidence.

lost          acknowledged, and at the end neither answered by a reply that the Graph API accepted, nor
              visibly held, ignored or parked with a reason, nor its reply visibly failed, unknown or parked
duplicated    a message that two accepted sends answer, or two accepted sends with one token
out of order  replies in another order than our sequence, a sequence in another order than the messages came
              (one was acknowledged before the other was first sent), or a burst not in the provider's order
overlapping   two model calls for one user at a time, unless the first one's process was killed or stopped, or
              one is belated (of a process that was just woken or got its database back, so that its claim may
              have run out before it asked) and its answer had no effect
leaked        a marker of one user in a send to another, or in another's prompt
stale         a reply of a call whose messages were asked again later, by whoever had claimed the user then (a
              belated call that had no effect does not count)
unaccounted   an accepted send that no stored message knows
unbilled      a call that the model answered, and is paid for, in no run's usage, while its user has no run
              left that is listed as one of which nobody knows what it used; such a run stands for the paid
              calls that began while it was its user's latest, and for one at the least
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise, zip_longest
from typing import Literal

from tests.faults.evidence import (
    REFUSED_STATES,
    SENT_STATES,
    Evidence,
    ModelCall,
    StoredInbound,
    StoredOutbound,
    StoredRun,
    calls_with_effect,
    user_of,
)

Kind = Literal[
    "lost", "duplicated", "out of order", "overlapping", "leaked", "stale", "unaccounted", "unbilled"
]


@dataclass(frozen=True, slots=True)
class Violation:
    kind: Kind
    detail: str


def judge(evidence: Evidence) -> list[Violation]:
    """Return every violation; an empty list is what the house promises."""
    rules: dict[Kind, Callable[[Evidence], Iterator[str]]] = {
        "lost": _lost,
        "duplicated": _duplicated,
        "out of order": _out_of_order,
        "overlapping": _overlapping,
        "leaked": _leaked,
        "stale": _stale,
        "unaccounted": _unaccounted,
        "unbilled": _unbilled,
    }
    return [Violation(kind, detail) for kind, rule in rules.items() for detail in rule(evidence)]


def _lost(evidence: Evidence) -> Iterator[str]:
    stored = {row.marker: row for row in evidence.inbound}
    tokens = {sent.token for sent in evidence.sent}
    replies: dict[str, list[StoredOutbound]] = defaultdict(list)
    for row in evidence.outbound:
        for marker in row.covers:
            replies[marker].append(row)
    for message in evidence.acknowledged:
        marker = message.marker
        problem = _fate(stored.get(marker), replies[marker], tokens)
        if problem:
            yield f"{marker}: {problem}"


def _fate(row: StoredInbound | None, replies: list[StoredOutbound], tokens: set[str]) -> str:
    """Say what is wrong with the end of one acknowledged message; empty: nothing is."""
    if row is None:
        return "acknowledged and not stored"
    if row.state == "pending":
        return "still pending"
    if row.state in ("held", "ignored", "parked"):
        return "" if row.reason else f"{row.state} without a reason"
    if not replies:
        return f"{row.state} without a reply"
    problems = [_reply_problem(reply, tokens) for reply in replies]
    return "" if "" in problems else problems[0]


def _reply_problem(reply: StoredOutbound, tokens: set[str]) -> str:
    if reply.state in SENT_STATES:
        return "" if reply.token in tokens else f"its reply is {reply.state} and was never accepted"
    if reply.state in REFUSED_STATES:
        return "" if reply.reason else f"its reply is {reply.state} without a reason"
    return f"its reply is still {reply.state}"


def _duplicated(evidence: Evidence) -> Iterator[str]:
    covered_by_row = {row.token: row.covers for row in evidence.outbound}
    answered: Counter[str] = Counter()
    for sent in evidence.sent:
        answered.update(set(sent.markers) or covered_by_row.get(sent.token, frozenset()))
    yield from (f"{marker}: answered {count} times" for marker, count in answered.items() if count > 1)
    tokens = Counter(sent.token for sent in evidence.sent)
    yield from (f"token {token}: accepted {count} times" for token, count in tokens.items() if count > 1)


def _out_of_order(evidence: Evidence) -> Iterator[str]:
    sequences = {row.marker: row.sequence for row in evidence.inbound}
    yield from _replies_out_of_order(evidence, sequences)
    yield from _sequence_out_of_order(evidence, sequences)
    yield from _bursts_out_of_order(evidence, sequences)


def _replies_out_of_order(evidence: Evidence, sequences: dict[str, int]) -> Iterator[str]:
    by_user: dict[int, list[list[int]]] = defaultdict(list)
    for sent in evidence.sent:
        known = [sequences[marker] for marker in sent.markers if marker in sequences]
        if known:
            by_user[sent.user].append(known)
    for user, replies in by_user.items():
        for earlier, later in pairwise(replies):
            if max(earlier) > min(later):
                yield f"u{user}: replied to {later} after {earlier}"


def _sequence_out_of_order(evidence: Evidence, sequences: dict[str, int]) -> Iterator[str]:
    by_user = defaultdict(list)
    for message in evidence.acknowledged:
        if message.marker in sequences:
            by_user[user_of(message.marker)].append(message)
    for messages in by_user.values():
        messages.sort(key=lambda message: message.first_sent)
        for one, other in combinations(messages, 2):
            if one.acknowledged < other.first_sent and sequences[one.marker] > sequences[other.marker]:
                yield f"{other.marker}: numbered before {one.marker}"


def _bursts_out_of_order(evidence: Evidence, sequences: dict[str, int]) -> Iterator[str]:
    done = {row.marker for row in evidence.inbound if row.state in ("answered", "merged")}
    times = {m.marker: m.provider_time for m in evidence.acknowledged if m.marker in done}
    for call in evidence.calls:
        keys = [(times[m], sequences[m]) for m in call.asked if m in times and m in sequences]
        if keys != sorted(keys):
            yield f"call {call.number}: asked in the order {call.asked}"


def _overlapping(evidence: Evidence) -> Iterator[str]:
    for user, calls in _calls_by_user(evidence).items():
        for one, other in combinations(calls, 2):
            if other.started < one.ended and not _was_cut_off(one, before=other.started):
                yield f"u{user}: call {_named(other)} began while call {_named(one)} was under way"


def _named(call: ModelCall) -> str:
    return f"{call.number} ({call.caller}, {call.started:.2f} to {call.ended:.2f})"


def _was_cut_off(call: ModelCall, *, before: float) -> bool:
    return call.interrupted is not None and call.interrupted <= before


def _calls_by_user(evidence: Evidence) -> dict[int, list[ModelCall]]:
    """All calls but the belated ones without effect, in order of their beginning."""
    with_effect = calls_with_effect(evidence)
    by_user: dict[int, list[ModelCall]] = defaultdict(list)
    for call in sorted(evidence.calls, key=lambda call: call.started):
        if call.asked and (call.number in with_effect or not call.belated):
            by_user[user_of(call.asked[0])].append(call)
    return by_user


def _leaked(evidence: Evidence) -> Iterator[str]:
    for sent in evidence.sent:
        foreign = [marker for marker in sent.markers if user_of(marker) != sent.user]
        if foreign:
            yield f"u{sent.user}: was sent {foreign}"
    for call in evidence.calls:
        users = {user_of(marker) for marker in call.prompt}
        if len(users) > 1:
            yield f"call {call.number}: one prompt with users {sorted(users)}"


def _stale(evidence: Evidence) -> Iterator[str]:
    with_effect = calls_with_effect(evidence)
    for calls in _calls_by_user(evidence).values():
        for one, other in combinations(calls, 2):
            if one.number in with_effect and set(one.asked) & set(other.asked):
                yield f"call {_named(one)}: its answer was taken although call {_named(other)} followed"


def _unaccounted(evidence: Evidence) -> Iterator[str]:
    tokens = {row.token for row in evidence.outbound}
    for sent in evidence.sent:
        if sent.token not in tokens:
            yield f"u{sent.user}: was sent {sent.markers} with the unknown token {sent.token!r}"


def _unbilled(evidence: Evidence) -> Iterator[str]:
    bill: dict[int, list[ModelCall]] = defaultdict(list)
    for call in evidence.calls:
        if call.asked and call.tokens:
            bill[user_of(call.asked[0])].append(call)
    for user, paid in bill.items():
        runs = sorted((run for run in evidence.runs if run.user == user), key=lambda run: run.started)
        known = Counter(run.tokens for run in runs if not run.is_unknown)
        open_items = Counter(call.tokens for call in paid) - known
        covered = sum(_calls_covered(runs, paid))
        if open_items.total() > covered:
            yield f"u{user}: calls of {sorted(open_items.elements())} tokens, {covered} of unknown usage"


def _calls_covered(runs: list[StoredRun], paid: list[ModelCall]) -> Iterator[int]:
    """Yield for each run of unknown usage how many calls it stands for; `runs` are in order."""
    for run, following in zip_longest(runs, runs[1:]):
        end = following.started if following else float("inf")
        if run.is_unknown:
            yield max(1, sum(run.started <= call.started < end for call in paid))

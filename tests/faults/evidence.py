"""What the harness saw from outside: plain values, for the judge to weigh.

Every text of the load carries a marker, "u17 m5 3fa9c1": user 17's fifth message and a nonce. The fake model
repeats what it was asked and signs with the number of the call, "#c12", so that a reply shows which messages
it answers and which call wrote it. All times are seconds of time.time().
"""

import re
from dataclasses import dataclass

_MARKER = re.compile(r"u\d+ m\d+ [0-9a-f]{6}")
_CALL = re.compile(r"#c(\d+)\b")

SENT_STATES = ("accepted", "delivered", "read")
REFUSED_STATES = ("failed", "unknown", "parked")
"""Outbound states that a person sees and that say why the customer may have no reply."""


def markers_in(text: str) -> tuple[str, ...]:
    return tuple(_MARKER.findall(text))


def user_of(marker: str) -> int:
    return int(marker[1:].partition(" ")[0])


def call_in(text: str) -> int | None:
    """The number of the model call that wrote the text; None: it was no model."""
    found = _CALL.search(text)
    return int(found[1]) if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """A message of the load that was answered with 200. `provider_time` is its `timestamp`, whole seconds."""

    marker: str
    first_sent: float
    acknowledged: float
    provider_time: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCall:
    """A call as the fake model saw it: the markers of the last user message, and those of the whole prompt.

    `ended` is when the caller had its answer or gave up. `interrupted`: the calling process was killed or
    stopped before it had its answer, at this time. `belated`: the calling process had just been woken or got
    its database back, so it may have claimed the user long before. `caller` is that process, "worker1-3" in
    its third life. `tokens` is what the model was paid for it; 0: it gave no answer.
    """

    number: int
    caller: str
    asked: tuple[str, ...]
    prompt: frozenset[str]
    started: float
    ended: float
    interrupted: float | None = None
    belated: bool = False
    tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A message that the fake Graph API accepted."""

    user: int
    markers: tuple[str, ...]
    token: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredInbound:
    marker: str
    sequence: int
    state: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredOutbound:
    """`covers`: the markers in its text, else those of the messages that its run answered."""

    token: str
    covers: frozenset[str]
    call: int | None
    state: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRun:
    """`tokens` in and out; `is_unknown`: it is listed as one of which nobody knows what it used."""

    user: int
    tokens: int
    is_unknown: bool
    started: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All of one run; `sent` in the order of acceptance."""

    acknowledged: tuple[Acknowledged, ...] = ()
    calls: tuple[ModelCall, ...] = ()
    sent: tuple[Sent, ...] = ()
    inbound: tuple[StoredInbound, ...] = ()
    outbound: tuple[StoredOutbound, ...] = ()
    runs: tuple[StoredRun, ...] = ()


def calls_with_effect(evidence: Evidence) -> set[int]:
    """Return the numbers of the calls whose answer became a reply, sent or not."""
    return {row.call for row in evidence.outbound if row.call is not None}

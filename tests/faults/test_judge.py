"""The judge has to see every kind of wrong, and nothing where all is well."""

from dataclasses import replace

import pytest

from tests.faults.evidence import (
    Acknowledged,
    Evidence,
    ModelCall,
    Sent,
    StoredInbound,
    StoredOutbound,
    StoredRun,
    call_in,
    markers_in,
    user_of,
)
from tests.faults.judge import judge

A1, A2, A3 = "u1 m1 aaaaaa", "u1 m2 bbbbbb", "u1 m3 cccccc"
B1 = "u2 m1 dddddd"


def acknowledged(marker: str, at: float, *, until: float | None = None, written: int = 0) -> Acknowledged:
    return Acknowledged(
        marker=marker, first_sent=at, acknowledged=until or at + 0.1, provider_time=written or int(at)
    )


def call(number: int, *asked: str, started: float, ended: float | None = None) -> ModelCall:
    return ModelCall(
        number=number,
        caller="worker1-1",
        asked=asked,
        prompt=frozenset(asked),
        started=started,
        ended=started + 1 if ended is None else ended,
    )


def sent(token: str, *markers: str, user: int = 1, at: float = 0) -> Sent:
    return Sent(user=user, markers=markers, token=token, at=at)


def stored(marker: str, sequence: int, state: str = "answered", reason: str = "") -> StoredInbound:
    return StoredInbound(marker=marker, sequence=sequence, state=state, reason=reason)


def reply(
    token: str, *covers: str, call: int | None = 1, state: str = "read", reason: str = ""
) -> StoredOutbound:
    return StoredOutbound(token=token, covers=frozenset(covers), call=call, state=state, reason=reason)


GOOD = Evidence(
    acknowledged=(acknowledged(A1, 10), acknowledged(A2, 11), acknowledged(A3, 20), acknowledged(B1, 10)),
    calls=(call(1, A1, A2, started=12), call(2, B1, started=12), call(3, A3, started=21)),
    sent=(sent("t1", A1, A2), sent("t2", B1, user=2), sent("t3", A3)),
    inbound=(stored(A1, 1, "merged"), stored(A2, 2), stored(A3, 4), stored(B1, 1)),
    outbound=(reply("t1", A1, A2), reply("t2", B1, call=2), reply("t3", A3, call=3)),
)


def kinds(evidence: Evidence) -> set[str]:
    return {violation.kind for violation in judge(evidence)}


def with_inbound(*rows: StoredInbound) -> Evidence:
    others = tuple(row for row in GOOD.inbound if row.marker not in {new.marker for new in rows})
    return replace(GOOD, inbound=others + rows)


def without(token: str) -> Evidence:
    return replace(
        GOOD,
        sent=tuple(sent for sent in GOOD.sent if sent.token != token),
        outbound=tuple(row for row in GOOD.outbound if row.token != token),
    )


def test_nothing_is_wrong_with_a_good_run() -> None:
    assert judge(GOOD) == []


def test_markers_calls_and_users_are_read_from_texts() -> None:
    text = f"re: {A1}\n{B1} #c12"
    assert markers_in(text) == (A1, B1)
    assert (call_in(text), call_in("sorry"), user_of(B1)) == (12, None, 2)


@pytest.mark.parametrize(
    "evidence",
    [
        pytest.param(replace(GOOD, inbound=GOOD.inbound[:-1]), id="not stored"),
        pytest.param(with_inbound(stored(B1, 1, "pending")), id="still pending"),
        pytest.param(with_inbound(stored(B1, 1, "parked")), id="parked without a reason"),
        pytest.param(without("t2"), id="answered without a reply"),
        pytest.param(replace(GOOD, sent=GOOD.sent[:2]), id="called accepted, never was"),
    ],
)
def test_a_message_that_is_gone_is_lost(evidence: Evidence) -> None:
    assert kinds(evidence) == {"lost"}


@pytest.mark.parametrize(("state", "reason"), [("sending", ""), ("pending", "throttled"), ("unknown", "")])
def test_a_reply_that_is_not_sent_and_not_explained_is_lost(state: str, reason: str) -> None:
    evidence = without("t2")
    outbound = (*evidence.outbound, reply("t2", B1, call=2, state=state, reason=reason))
    assert kinds(replace(evidence, outbound=outbound)) == {"lost"}


@pytest.mark.parametrize("state", ["failed", "unknown", "parked"])
def test_a_reply_whose_failure_is_visible_is_not_lost(state: str) -> None:
    evidence = without("t2")
    outbound = (*evidence.outbound, reply("t2", B1, call=2, state=state, reason="no answer"))
    assert judge(replace(evidence, outbound=outbound)) == []


@pytest.mark.parametrize("state", ["held", "ignored", "parked"])
def test_a_message_kept_for_a_person_with_a_reason_is_not_lost(state: str) -> None:
    evidence = without("t2")
    others = tuple(row for row in evidence.inbound if row.marker != B1)
    assert judge(replace(evidence, inbound=(*others, stored(B1, 1, state, "crashed too often")))) == []


def test_a_message_that_was_never_acknowledged_is_nobody_s_loss() -> None:
    evidence = replace(without("t2"), acknowledged=GOOD.acknowledged[:3], inbound=GOOD.inbound[:3])
    assert judge(evidence) == []


def test_two_replies_to_one_message_are_duplicates() -> None:
    evidence = replace(
        GOOD, sent=(*GOOD.sent, sent("t4", A3)), outbound=(*GOOD.outbound, reply("t4", A3, call=None))
    )
    assert kinds(evidence) == {"duplicated"}


def test_one_reply_accepted_twice_is_a_duplicate_though_its_text_shows_no_marker() -> None:
    no_text = (sent("t2", user=2), sent("t2", user=2))
    evidence = replace(GOOD, sent=(GOOD.sent[0], *no_text, GOOD.sent[2]))
    assert kinds(evidence) == {"duplicated"}


def test_replies_in_another_order_than_the_messages_are_out_of_order() -> None:
    assert kinds(replace(GOOD, sent=(GOOD.sent[2], GOOD.sent[1], GOOD.sent[0]))) == {"out of order"}


def test_a_sequence_that_contradicts_the_acknowledgements_is_out_of_order() -> None:
    evidence = replace(
        GOOD,
        calls=(),
        sent=(sent("t1", A1), sent("t2", B1, user=2), sent("t3", A3, A2)),
        inbound=(stored(A1, 1), stored(A2, 4), stored(A3, 2), stored(B1, 1)),
    )
    assert kinds(evidence) == {"out of order"}


def test_messages_under_way_at_the_same_time_may_be_numbered_either_way() -> None:
    evidence = replace(
        GOOD,
        acknowledged=(acknowledged(A1, 10, until=12), acknowledged(A2, 11, until=13, written=9)),
        calls=(call(1, A2, A1, started=14),),
        sent=(sent("t1", A2, A1),),
        inbound=(stored(A1, 2), stored(A2, 1)),
        outbound=(reply("t1", A1, A2),),
    )
    assert judge(evidence) == []


def test_a_burst_against_the_customer_s_clock_is_out_of_order() -> None:
    assert kinds(replace(GOOD, calls=(call(1, A2, A1, started=12),))) == {"out of order"}


def test_two_calls_for_one_user_at_a_time_overlap() -> None:
    evidence = replace(GOOD, calls=(call(1, A1, A2, started=12, ended=22), call(3, A3, started=21)))
    assert kinds(evidence) == {"overlapping"}


def test_the_call_of_a_killed_worker_may_be_overtaken() -> None:
    dead = replace(call(4, A3, started=12, ended=30), interrupted=13)
    assert judge(replace(GOOD, calls=(dead, call(3, A3, started=21)))) == []


def test_a_kill_that_came_after_the_second_call_excuses_nothing() -> None:
    dead = replace(call(4, A3, started=12, ended=30), interrupted=25)
    assert kinds(replace(GOOD, calls=(dead, call(3, A3, started=21)))) == {"overlapping"}


def test_a_woken_worker_s_call_may_overlap_when_it_has_no_effect() -> None:
    belated = replace(call(4, A3, started=21.5), belated=True)
    assert judge(replace(GOOD, calls=(*GOOD.calls, belated))) == []


def test_a_woken_worker_s_answer_that_was_taken_is_stale() -> None:
    stopped = replace(call(3, A3, started=15, ended=17), interrupted=16)
    assert kinds(replace(GOOD, calls=(*GOOD.calls[:2], stopped, call(4, A3, started=21)))) == {"stale"}


def test_a_reply_with_another_user_s_words_is_leaked() -> None:
    evidence = replace(GOOD, sent=(GOOD.sent[0], sent("t2", B1, user=1), GOOD.sent[2]))
    assert "leaked" in kinds(evidence)


def test_a_prompt_with_another_user_s_words_is_leaked() -> None:
    prying = replace(call(2, B1, started=12), prompt=frozenset({A1, B1}))
    assert kinds(replace(GOOD, calls=(prying,))) == {"leaked"}


def test_a_send_that_no_row_knows_is_unaccounted() -> None:
    assert kinds(replace(GOOD, sent=(*GOOD.sent, sent("t9")))) == {"unaccounted"}


def billed(*calls: tuple[int, str], runs: tuple[tuple[int, int, bool], ...]) -> set[str]:
    """The verdict on GOOD with calls of (tokens, marker) and runs of (user, tokens, is_unknown)."""
    paid = tuple(
        replace(call(number, marker, started=100 * number), tokens=tokens)
        for number, (tokens, marker) in enumerate(calls, start=10)
    )
    stored_runs = tuple(
        StoredRun(user=user, tokens=tokens, is_unknown=unknown) for user, tokens, unknown in runs
    )
    return kinds(replace(GOOD, calls=(*GOOD.calls, *paid), runs=stored_runs)) & {"unbilled"}


def test_a_call_in_a_run_s_usage_is_billed() -> None:
    assert billed((30, A1), (20, B1), runs=((1, 30, False), (2, 20, False))) == set()


def test_a_call_that_no_run_knows_is_unbilled() -> None:
    assert billed((30, A1), runs=()) == {"unbilled"}
    assert billed((30, A1), runs=((1, 0, False),)) == {"unbilled"}
    assert billed((30, A1), runs=((1, 29, False),)) == {"unbilled"}
    assert billed((30, A1), runs=((2, 30, False),)) == {"unbilled"}


def test_a_run_stands_for_one_call() -> None:
    assert billed((30, A1), (30, A2), runs=((1, 30, False),)) == {"unbilled"}
    assert billed((30, A1), (30, A2), runs=((1, 30, False), (1, 0, True))) == set()


def test_a_run_of_unknown_usage_stands_for_all_calls_that_it_made() -> None:
    calls = tuple(
        replace(call(number, A1, started=started), tokens=30)
        for number, started in ((10, 1000), (11, 1001), (12, 2000))
    )
    unknown, later = run_at(1, 999, unknown=True), run_at(1, 1999, tokens=30)

    assert "unbilled" not in kinds(replace(GOOD, calls=calls, runs=(later, unknown)))
    assert "unbilled" in kinds(replace(GOOD, calls=calls, runs=(replace(unknown, is_unknown=False), later)))


def test_a_run_of_unknown_usage_does_not_stand_for_the_calls_of_another() -> None:
    calls = tuple(
        replace(call(number, A1, started=started), tokens=30) for number, started in ((10, 1000), (11, 2000))
    )
    runs = run_at(1, 999, unknown=True), run_at(1, 1999)

    assert "unbilled" in kinds(replace(GOOD, calls=calls, runs=runs))


def run_at(user: int, started: float, *, tokens: int = 0, unknown: bool = False) -> StoredRun:
    return StoredRun(user=user, tokens=tokens, is_unknown=unknown, started=started)


def test_a_call_whose_usage_nobody_knows_is_covered_by_its_own_user_s_run() -> None:
    assert billed((30, A1), runs=((1, 0, True),)) == set()
    assert billed((30, A1), runs=((2, 0, True),)) == {"unbilled"}


def test_a_call_that_was_not_answered_costs_nothing() -> None:
    assert billed((0, A1), runs=()) == set()

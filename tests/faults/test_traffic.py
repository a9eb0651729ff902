"""The load must hold what it is said to hold: repeats, disorder, batches."""

from itertools import pairwise

from tests.faults.traffic import plan

PLAN = plan(users=20, rate=20, seconds=100, seed=3)


def test_the_same_seed_gives_the_same_load() -> None:
    assert plan(users=20, rate=20, seconds=100, seed=3) == PLAN
    assert plan(users=20, rate=20, seconds=100, seed=4) != PLAN


def test_every_message_is_delivered_and_about_a_tenth_comes_twice() -> None:
    delivered = [message.wamid for delivery in PLAN for message in delivery.messages]
    assert len(set(delivered)) == 2000
    assert 0.05 < len(delivered) / 2000 - 1 < 0.2


def test_some_arrive_after_what_was_written_later() -> None:
    firsts = {message.marker: message.at for delivery in reversed(PLAN) for message in delivery.messages}
    assert len(firsts) == 2000
    written = [delivery.messages[0].at for delivery in PLAN]
    assert sum(one > other for one, other in pairwise(written)) > 50


def test_every_text_begins_as_it_is_told() -> None:
    deliveries = plan(users=2, rate=1, seconds=3, seed=1, opening="¿Cuál? ")
    assert {message.text for delivery in deliveries for message in delivery.messages} == {
        f"¿Cuál? {message.marker}" for delivery in deliveries for message in delivery.messages
    }


def test_some_webhooks_carry_several_messages_and_none_is_empty() -> None:
    sizes = [len(delivery.messages) for delivery in PLAN]
    assert min(sizes) == 1
    assert max(sizes) > 3

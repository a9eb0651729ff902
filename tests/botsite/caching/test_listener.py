"""What the listener makes of what it hears."""

import pytest

from botsite.caching import shared
from botsite.caching.listener import Listener, SubscriptionLost


@pytest.fixture
def heard() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def listener(heard: list[tuple[str, str]]) -> Listener:
    """One whose thread was not started."""
    return Listener(
        on_news=lambda layer, key: heard.append((layer, key)),
        on_deaf=lambda: None,
        replay=lambda server, *, urgent: None,
    )


def test_news_of_others_are_passed_on(listener: Listener, heard: list[tuple[str, str]]) -> None:
    listener._take({"type": "message", "data": b'["somebody", "status", "shop:s1"]'})

    assert heard == [("status", "shop:s1")]


def test_news_of_its_own_process_are_not(listener: Listener, heard: list[tuple[str, str]]) -> None:
    news = shared._news(shared.Place("", "status", "shop:s1"))

    listener._take({"type": "message", "data": news.encode()})

    assert heard == []


def test_a_second_confirmation_means_that_news_may_have_been_missed(listener: Listener) -> None:
    # The client connects anew by itself in some cases, and subscribes again without a word.
    with pytest.raises(SubscriptionLost):
        listener._take({"type": "subscribe", "data": 1})


@pytest.mark.parametrize("data", [b"", b"{}", b"[1, 2]", b"1", b"\xff"])
def test_garbage_may_have_been_about_anything(listener: Listener, data: bytes) -> None:
    with pytest.raises(SubscriptionLost):
        listener._take({"type": "message", "data": data})

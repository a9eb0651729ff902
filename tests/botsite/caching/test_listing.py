"""What a layer holds, listed for people."""

import pytest
from django.core.cache import caches
from redis import RedisError

from botsite import caching
from botsite.caching import process, shared

LAYER = caching.AI_RESPONSE


def put(channel: str, digest: str, value: object = "answer") -> None:
    caching.put(LAYER, value, channel=channel, digest=digest)


def place(digest: str) -> shared.Place:
    return process.place_of(LAYER, LAYER.key({"channel": "shop", "digest": digest}))


def digests(*, limit: int = 100, **parts: object) -> set[str]:
    return {entry.parts["digest"] for entry in caching.entries(LAYER, limit=limit, **parts).entries}


def test_the_entries_of_a_channel_are_listed_with_their_parts_and_age(db: None) -> None:
    put("shop", "a", {"text": "hola"})
    put("shop:2", "b")
    caching.put(caching.CLIENT_DATA, "other layer", channel="shop", user="a")

    listing = caching.entries(LAYER, limit=100, channel="shop")

    assert listing.is_complete
    [entry] = listing.entries
    assert (entry.parts, entry.value) == ({"channel": "shop", "digest": "a"}, {"text": "hola"})
    assert 0 <= entry.age < 60
    assert digests() == {"a", "b"}
    assert digests(channel="shop:2") == {"b"}
    assert digests(channel="*") == set()


def test_the_newest_come_first(db: None) -> None:
    for name, seconds in (("old", 100.0), ("new", LAYER.ttl), ("middle", 5_000.0)):
        packed, _ = shared.pack(name)
        shared.write(
            process.place_of(LAYER, LAYER.key({"channel": "shop", "digest": name})), packed, seconds=seconds
        )

    listing = caching.entries(LAYER, limit=100, channel="shop")

    assert [entry.value for entry in listing.entries] == ["new", "middle", "old"]


def test_a_listing_is_bounded_and_says_so(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(30):
        put("shop", str(number))

    listing = caching.entries(LAYER, limit=10, channel="shop")
    assert (len(listing.entries), listing.is_complete) == (10, False)
    assert caching.entries(LAYER, limit=30, channel="shop").is_complete

    monkeypatch.setattr(shared, "SCAN_COUNT", 1)
    monkeypatch.setattr(shared, "MOST_SCANS", 2)
    assert not caching.entries(LAYER, limit=30, channel="shop").is_complete


def test_what_cannot_be_read_is_left_out(db: None) -> None:
    put("shop", "good")
    client = caches[shared.ALIAS].client  # type: ignore[attr-defined]  # django-redis's own
    for name in ("text", "list"):
        key = client.make_key(
            process.place_of(LAYER, LAYER.key({"channel": "shop", "digest": name})).value_key()
        )
        connection = client.get_client(write=True)
        if name == "text":
            connection.set(key, b"{no json", px=60_000)
        else:
            connection.lpush(key, "x")

    assert digests(channel="shop") == {"good"}


def test_without_redis_a_listing_says_so(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process.listener, "hears", lambda: False)

    with pytest.raises(RedisError):
        caching.entries(LAYER, limit=10)

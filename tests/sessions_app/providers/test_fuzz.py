"""Webhooks with any of their parts replaced by any JSON: no surprise, and no harm to neighbouring items."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sessions_app.providers.base import (
    BusinessEcho,
    DeviceEvent,
    InboundEvent,
    InboundMessage,
    ProfileChange,
    StatusUpdate,
)
from sessions_app.providers.errors import MalformedPayloadError
from sessions_app.providers.registry import get_provider
from tests.payloads import load, samples

TEXTS = st.text(st.characters(exclude_categories=()), max_size=5)
JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda children: st.lists(children, max_size=3) | st.dictionaries(TEXTS, children, max_size=3),
    max_leaves=5,
)
ITEM_LISTS = {"messages", "statuses", "message_echoes", "chats_updates", "data"}
Place = tuple[Any, Any]


def parse(sample: Path, payload: Any) -> list[InboundEvent]:
    return get_provider(sample.parent.name).parse(json.dumps(payload).encode())


def places(value: Any) -> Iterator[Place]:
    """Yield every (container, key) within a JSON value."""
    if isinstance(value, dict | list):
        for key, child in value.items() if isinstance(value, dict) else enumerate(value):
            yield value, key
            yield from places(child)


def places_in_items(payload: Any) -> Iterator[Place]:
    """Yield the items of the lists of messages, statuses and echoes, and every place within them."""
    for container, key in places(payload):
        if key in ITEM_LISTS and isinstance(container, dict) and isinstance(container[key], list):
            yield from places(container[key])


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_part_may_be_anything(data: st.DataObject) -> None:
    sample = data.draw(st.sampled_from(samples()))
    payload, _ = load(sample)
    container, key = data.draw(st.sampled_from(list(places(payload))))
    container[key] = data.draw(JSON_VALUES)
    try:
        events = parse(sample, payload)
    except MalformedPayloadError:
        assert container is payload
        return
    for event in events:
        assert_storable(event)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_broken_item_is_one_event_and_leaves_the_others_as_they_were(data: st.DataObject) -> None:
    sample = data.draw(st.sampled_from([path for path in samples() if list(places_in_items(load(path)[0]))]))
    payload, _ = load(sample)
    before = parse(sample, payload)
    container, key = data.draw(st.sampled_from(list(places_in_items(payload))))
    container[key] = data.draw(JSON_VALUES)
    after = parse(sample, payload)
    assert len(after) == len(before)
    assert sum(one != other for one, other in zip(before, after, strict=True)) <= 1


def assert_storable(event: InboundEvent) -> None:
    """Names are what the database takes; only words and the raw item may hold anything."""
    names = [event.route]
    if isinstance(event, DeviceEvent):
        names += [event.session_id, event.status]
    elif not isinstance(event, ProfileChange):
        names.append(event.external_id)
    if isinstance(event, InboundMessage | BusinessEcho):
        assert isinstance(event.text, str)
    if isinstance(event, InboundMessage | BusinessEcho | ProfileChange):
        assert event.identities
        names += [identity.value for identity in event.identities]
    if isinstance(event, InboundMessage):
        names += [event.kind, event.reply_to, event.ignore_reason]
    if isinstance(event, StatusUpdate):
        names += [event.callback_data, event.error_code, event.error_detail]
    assert all(isinstance(name, str) and name.isprintable() and len(name) <= 200 for name in names)

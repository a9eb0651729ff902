"""The level within the process: least recently used entries go first, by number and by bytes."""

import os
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botsite.caching.layers import ANY, Layer
from botsite.caching.missing import MISSING

ENTRY_OVERHEAD = 400
"""Bytes that an entry takes beside its value: the key, the tuple, two dictionary slots."""


@dataclass(slots=True)
class _Shelf:
    """The entries of one layer, oldest use first: (value, size, expiry on the monotonic clock)."""

    entries: OrderedDict[str, tuple[Any, int, float]] = field(default_factory=OrderedDict)
    size: int = 0
    generation: int = 0

    def drop(self, key: str) -> int:
        """Take an entry away; returns the bytes that this frees."""
        entry = self.entries.pop(key, None)
        if entry is None:
            return 0
        self.size -= entry[1]
        return entry[1]


class LocalLevel:
    """Entries of all layers, together at most `limit()` bytes. A forked child begins with none."""

    def __init__(self, *, limit: Callable[[], int]) -> None:
        self._limit = limit
        self._begin()
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._shelves: dict[str, _Shelf] = {}
        self._size = 0
        self._everything = 0

    def get(self, layer: Layer, key: str) -> Any:
        """Return the value, which the caller must not change, or MISSING."""
        with self._lock:
            shelf = self._shelves.get(layer.name)
            entry = shelf.entries.get(key) if shelf else None
            if shelf is None or entry is None:
                return MISSING
            if entry[2] <= time.monotonic():
                self._size -= shelf.drop(key)
                return MISSING
            shelf.entries.move_to_end(key)
            return entry[0]

    def generation(self, layer: Layer) -> int:
        """Return the number that every forgetting in the layer raises. Note it before reading elsewhere."""
        with self._lock:
            return self._shelf(layer.name).generation + self._everything

    def put(self, layer: Layer, key: str, value: Any, *, size: int, generation: int) -> None:
        """Keep a value of `size` bytes, unless something was forgotten since `generation` was noted."""
        if not layer.local_entries:
            return
        size += len(key) + ENTRY_OVERHEAD
        limit = self._limit()
        with self._lock:
            shelf = self._shelf(layer.name)
            if size > limit or shelf.generation + self._everything != generation:
                return
            self._size -= shelf.drop(key)
            shelf.entries[key] = (value, size, time.monotonic() + min(layer.ttl, layer.local_ttl))
            shelf.size += size
            self._size += size
            while len(shelf.entries) > layer.local_entries:
                self._size -= shelf.drop(next(iter(shelf.entries)))
            while self._size > limit:
                fullest = max(self._shelves.values(), key=lambda each: each.size)
                self._size -= fullest.drop(next(iter(fullest.entries)))

    def forget(self, layer_name: str, key: str) -> None:
        """Drop what `key` names, which may hold ANY, and let no fill that has begun be kept."""
        with self._lock:
            shelf = self._shelf(layer_name)
            shelf.generation += 1
            if ANY not in key:
                self._size -= shelf.drop(key)
                return
            names = re.compile(re.escape(key).replace(re.escape(ANY), "[^:]*"))
            for known in [known for known in shelf.entries if names.fullmatch(known)]:
                self._size -= shelf.drop(known)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._everything += 1
            self._size = 0
            for shelf in self._shelves.values():
                shelf.entries.clear()
                shelf.size = 0

    def figures(self) -> dict[str, int]:
        """Return {"entries", "bytes", "limitBytes"}."""
        with self._lock:
            entries = sum(len(shelf.entries) for shelf in self._shelves.values())
            return {"entries": entries, "bytes": self._size, "limitBytes": self._limit()}

    def _shelf(self, name: str) -> _Shelf:
        return self._shelves.setdefault(name, _Shelf())

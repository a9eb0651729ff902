"""The cache in figures, for people and for `/metrics/cache`."""

from collections import Counter
from typing import Any

from redis import RedisError

from botsite.caching import shared, usage
from botsite.caching.layers import LAYERS, QR, Layer
from botsite.caching.process import listener, local
from botsite.telemetry import meter_store

METRIC = "cache_requests_total"

Counts = Counter[tuple[str, str, str]]


def stats() -> dict[str, Any]:
    """Return the figures: look-ups of all processes by layer, this process's memory, what Redis holds.

    With Redis down the look-ups are this process's own (`scope` says so) and its keys are None.
    """
    counts, scope = _counts()
    keys = _key_counts()
    return {
        "scope": scope,
        "totalKeys": None if keys is None else sum(keys.values()),
        "qrKeys": None if keys is None else keys.get(QR.name, 0),
        "layers": {layer.name: _layer_figures(layer, counts, keys) for layer in LAYERS.values()},
        "memory": {**local.figures(), **_level_figures("process", counts)},
        "redis": {
            "status": "down" if keys is None else "up",
            "listening": listener.hears(),
            **_level_figures("redis", counts),
        },
    }


def _counts() -> tuple[Counts, str]:
    try:
        totals = meter_store.totals()
    except (RedisError, OSError):
        return Counter(usage.counted), "process"
    found: Counts = Counter()
    for (name, labels), value in totals.items():
        if name == METRIC:
            layer, level, result = labels
            found[layer, level, result] = int(value.total)
    return found, "cluster"


def _key_counts() -> dict[str, int] | None:
    try:
        return shared.key_counts()
    except RedisError:
        return None


def _layer_figures(layer: Layer, counts: Counts, keys: dict[str, int] | None) -> dict[str, Any]:
    # A look-up that misses in the process and hits in Redis is a hit: what counts is the last level.
    last = "redis" if layer.in_redis else "process"
    hits = sum(counts[layer.name, level, "hit"] for level in ("process", "redis"))
    figures = {
        **_rate(hits, counts[layer.name, last, "miss"]),
        "errors": sum(counts[layer.name, level, "error"] for level in ("process", "redis")),
        "ttlSeconds": layer.ttl,
    }
    if keys is not None and layer.in_redis:
        figures["keys"] = keys.get(layer.name, 0)
    return figures


def _level_figures(level: str, counts: Counts) -> dict[str, Any]:
    return _rate(*(sum(counts[name, level, result] for name in LAYERS) for result in ("hit", "miss")))


def _rate(hits: int, misses: int) -> dict[str, Any]:
    return {"hits": hits, "misses": misses, "hitRate": round(hits / max(1, hits + misses), 4)}

"""The benchmarks: each module here holds one, as BENCH."""

import pkgutil
from importlib import import_module

from benchmarks.bench import Bench


def bench_names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load_bench(name: str) -> Bench:
    """Import a bench. Django has to be set up: a bench imports models."""
    bench: Bench = import_module(f"{__name__}.{name}").BENCH
    return bench

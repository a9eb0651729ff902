"""`python -m benchmarks [NAME] [--json FILE] [--quick]`; the exit code is 1 when a target is missed."""

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.bench import BenchError, House
from benchmarks.benches import bench_names, load_bench
from benchmarks.house import open_house
from benchmarks.machine import machine_facts
from benchmarks.report import as_json, table
from benchmarks.runner import run
from botsite.embedded import EmbeddedError


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = _options()
    names = [options.name] if options.name else bench_names()
    try:
        with open_house() as house:
            report = _run_all(names, house, quick=options.quick)
    except (BenchError, EmbeddedError) as error:
        raise SystemExit(f"benchmarks: {error}") from None
    if options.json:
        options.json.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    return int(any(bench["missed"] for bench in report["benches"]))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("name", nargs="?", choices=bench_names(), help="which one; all when none is named")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there too")
    parser.add_argument("--quick", action="store_true", help="hardly any load: shows that it runs")
    return parser.parse_args()


def _run_all(names: Sequence[str], house: House, *, quick: bool) -> dict[str, Any]:
    """Run the benches one after another and print each result as it comes; returns the whole report."""
    facts = machine_facts(house)
    print(", ".join(f"{name}: {fact}" for name, fact in facts.items()), flush=True)
    if quick:
        print("quick: these figures mean nothing", flush=True)
    report: dict[str, Any] = {"machine": facts, "quick": quick, "benches": []}
    for name in names:
        result = run(name, load_bench(name), house, quick=quick)
        print(f"\n{table(result)}", flush=True)
        report["benches"].append(as_json(result))
    return report


if __name__ == "__main__":
    sys.exit(main())

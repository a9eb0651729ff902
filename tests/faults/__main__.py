"""`python -m tests.faults run [SCENARIO …] [--minutes N]`, `mutants [NAME …]`, `folding [--kills N]` or
`alerts [OUTAGE …]`.

Databases are made on the PostgreSQL of DATABASE_URL, or on a private one; all else is brought along.
"""

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from botsite import embedded
from tests.faults.alerting import ENDS_WITHIN, FIRES_WITHIN, watch_outages
from tests.faults.folding import kill_and_audit, migrate
from tests.faults.mutants import MUTANTS
from tests.faults.mutation import Mutant, try_mutant
from tests.faults.outages import OUTAGES, Outage
from tests.faults.report import print_report, write_evidence
from tests.faults.runner import run
from tests.faults.scenarios import SCENARIOS, Scenario
from tests.faults.stack import PROJECT
from tests.faults.stores import database


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = _options()
    folder = options.logs or Path(tempfile.mkdtemp(prefix="botsite-faults-"))
    print(f"logs in {folder}, seed {options.seed}", flush=True)
    work = _WORK[options.command]
    with _server() as server_url:
        return 1 if work(options, server_url, folder) else 0


@contextmanager
def _server() -> Iterator[str]:
    if url := os.environ.get("DATABASE_URL"):
        yield url
        return
    folder = PROJECT / "var" / "faults"
    services = embedded.ensure_running(folder)
    try:
        yield embedded.service_urls(folder).database
    finally:
        services.close()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("command", choices=list(_WORK))
    parser.add_argument(
        "names", nargs="*", help="which scenarios, mutants or outages; all of them when none is named"
    )
    parser.add_argument("--minutes", type=float, help="how long the scenario `kills` runs")
    parser.add_argument("--rate", type=float, help="messages a second")
    parser.add_argument("--kills", type=int, default=100, help="how many processes `folding` kills")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--logs", type=Path)
    options = parser.parse_intermixed_args()
    known = {item.name for item in _NAMED.get(options.command, ())}
    if unknown := set(options.names) - known:
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}")
    return options


def _run_scenarios(options: argparse.Namespace, server_url: str, folder: Path) -> int:
    """Returns how many scenarios failed."""
    failures = 0
    for scenario in SCENARIOS:
        if options.names and scenario.name not in options.names:
            continue
        subfolder = _subfolder(folder, scenario.name)
        report = run(_scaled(scenario, options), server_url=server_url, folder=subfolder, seed=options.seed)
        print_report(report)
        write_evidence(report, subfolder / "evidence.json")
        failures += bool(report.violations or report.problems)
    return failures


def _scaled(scenario: Scenario, options: argparse.Namespace) -> Scenario:
    if options.minutes and scenario.name == "kills":
        scenario = replace(scenario, seconds=options.minutes * 60)
    return replace(scenario, rate=options.rate) if options.rate else scenario


def _run_mutants(options: argparse.Namespace, server_url: str, folder: Path) -> int:
    """Returns how many mutants the judge let pass."""
    escaped = 0
    for mutant in MUTANTS:
        if options.names and mutant.name not in options.names:
            continue
        verdict = try_mutant(
            mutant,
            server_url=server_url,
            folder=_subfolder(folder, mutant.name),
            seed=options.seed,
        )
        print(f"{mutant.name:24} {'caught: ' + verdict if verdict else 'ESCAPED'}", flush=True)
        escaped += not verdict
    return escaped


def _run_folding(options: argparse.Namespace, server_url: str, folder: Path) -> int:
    """Returns how many totals do not add up."""
    with database(server_url, f"botsite_faults_folding_{options.seed}") as store:
        migrate(store.url)
        verdict = kill_and_audit(database_url=store.url, kills=options.kills, seed=options.seed)
    print(f"{verdict.kills} killed, {verdict.hits} of them in a fold; {verdict.runs} runs committed")
    print("\n".join(verdict.wrong) or "every run was folded once")
    return len(verdict.wrong)


def _run_alerts(options: argparse.Namespace, server_url: str, folder: Path) -> int:
    """Returns how many outages were told of too late, or for too long."""
    late = 0
    chosen = [outage for outage in OUTAGES if not options.names or outage.name in options.names]
    print(f"fires within {FIRES_WITHIN:g} s, ends within {ENDS_WITHIN:g} s", flush=True)
    subfolder = _subfolder(folder, "alerts")
    for timing in watch_outages(chosen, server_url=server_url, folder=subfolder, seed=options.seed):
        print(timing.line(), flush=True)
        late += not timing.is_in_time
    return late


_WORK = {"run": _run_scenarios, "mutants": _run_mutants, "folding": _run_folding, "alerts": _run_alerts}
_NAMED: Mapping[str, Sequence[Scenario | Mutant | Outage]] = {
    "run": SCENARIOS,
    "mutants": MUTANTS,
    "alerts": OUTAGES,
}


def _subfolder(folder: Path, name: str) -> Path:
    path = folder / name
    path.mkdir(parents=True, exist_ok=True)
    return path


if __name__ == "__main__":
    sys.exit(main())

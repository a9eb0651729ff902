"""Trying a mutant: a copy of the product with a rule broken, under the load of a scenario.

A mutant is a handful of exact replacements; when the text is not there any more, it says so instead of
testing nothing.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.faults.runner import Report, run
from tests.faults.scenarios import Scenario
from tests.faults.stack import PROJECT

PRODUCT = ("botsite", "conversations", "sessions_app", "monitoring", "templates", "locale", "manage.py")


class StaleMutant(Exception):
    """The text that a mutant replaces is not in the product any more: the mutant has to be rewritten."""


@dataclass(frozen=True)
class Replacement:
    """In the file `path` (from the project's root) the text `old`, which stands there once, becomes `new`."""

    path: str
    old: str
    new: str


@dataclass(frozen=True)
class Mutant:
    """`caught_by`: the kind of violation, or the beginning of the missed target, that must be reported."""

    name: str
    rule: str
    replacements: tuple[Replacement, ...]
    scenario: Scenario
    caught_by: str


def try_mutant(mutant: Mutant, *, server_url: str, folder: Path, seed: int) -> str:
    """Run the mutant's scenario on a mutated copy; returns what the judge said, empty: nothing fitting."""
    tree = folder / "tree"
    copy_product(tree)
    for replacement in mutant.replacements:
        apply(replacement, tree)
    report = run(mutant.scenario, server_url=server_url, folder=folder, seed=seed, tree=tree)
    return _verdict(report, mutant.caught_by)


def copy_product(tree: Path) -> None:
    """Copy what the processes need, replacing an earlier copy."""
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    for name in PRODUCT:
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, tree / name)


def apply(replacement: Replacement, tree: Path) -> None:
    """Mutate one file of `tree`. Raises StaleMutant unless the text stands there exactly once."""
    path = tree / replacement.path
    text = path.read_text()
    if text.count(replacement.old) != 1:
        raise StaleMutant(
            f"{replacement.path} holds {text.count(replacement.old)} times: {replacement.old!r}"
        )
    path.write_text(text.replace(replacement.old, replacement.new))


def _verdict(report: Report, caught_by: str) -> str:
    found = [f"{v.kind}: {v.detail}" for v in report.violations if v.kind == caught_by]
    found += [problem for problem in report.problems if problem.startswith(caught_by)]
    return f"{found[0]} ({len(found)} in all)" if found else ""

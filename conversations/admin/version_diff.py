"""What two versions of a profile have in common, line by line."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from django.contrib.admin.utils import label_for_field
from django.utils.dates import WEEKDAYS

from conversations.llm.opening_hours import format_intervals, week_from_json
from conversations.models import ProfileVersion

LineKind = Literal["same", "added", "removed"]


@dataclass(frozen=True, slots=True)
class FieldDiff:
    """A field with its lines in order, each with what has become of it."""

    label: str
    lines: tuple[tuple[LineKind, str], ...]

    @property
    def is_changed(self) -> bool:
        return any(kind != "same" for kind, _ in self.lines)


def version_diff(old: ProfileVersion | None, new: ProfileVersion) -> list[FieldDiff]:
    """Return every field of `new` beside what it was in `old`; with None nothing has changed."""
    before = _lines_by_field(old or new)
    return [
        FieldDiff(label, tuple(_compared(before[label], lines)))
        for label, lines in _lines_by_field(new).items()
    ]


def _compared(old: list[str], new: list[str]) -> Iterator[tuple[LineKind, str]]:
    for operation, old_from, old_to, new_from, new_to in SequenceMatcher(
        None, old, new, autojunk=False
    ).get_opcodes():
        if operation == "equal":
            yield from (("same", line) for line in new[new_from:new_to])
        else:
            yield from (("removed", line) for line in old[old_from:old_to])
            yield from (("added", line) for line in new[new_from:new_to])


def _lines_by_field(version: ProfileVersion) -> dict[str, list[str]]:
    week = week_from_json(version.week)
    values = {
        "instructions": version.instructions.splitlines(),
        "tone": [version.get_tone_display()],
        "language": [version.get_language_display()],
        "week": [f"{WEEKDAYS[day]}: {format_intervals(times) or '–'}" for day, times in enumerate(week)],
        "timezone": [version.timezone],
        "holidays": [version.holidays] if version.holidays else [],
    }
    return {str(label_for_field(name, ProfileVersion)): lines for name, lines in values.items()}

"""What a measure tells."""

from dataclasses import dataclass


class Unknown(Exception):
    """Nothing can be said now: what was wrong stays wrong, what was right stays right."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The value at one scope, None: not known there. `samples`: what it rests on, where that is a question.

    A scope that is not measured at all, while others may be, is as it should be.
    """

    scope: str
    value: float | None
    samples: float | None = None

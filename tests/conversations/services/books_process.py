"""A process of its own that keeps books as it is told, a command a line, and answers with JSON.

prices                                    the input prices that it knows
set_prices <usd>                          give all prices this input price, one by one
reserve <channel> <usd> <run> [<run> …]   reserve so much for each; answers the steps
race <channel> <usd> <run> [<run> …]      the same, and settle all that were allowed at what was reserved
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from typing import Self


class BooksProcess:
    """The test's end of it."""

    def __init__(self, *, database: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.conversations.services.books_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "botsite.settings", "DATABASE_URL": database},
            text=True,
        )

    def __enter__(self) -> Self:
        assert self.answer() == "ready"
        return self

    def __exit__(self, *exc: object) -> None:
        self.kill()

    def tell(self, *words: object) -> None:
        assert self._process.stdin is not None
        print(*words, file=self._process.stdin, flush=True)

    def answer(self) -> object:
        """What it says to the oldest command that has no answer yet."""
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())

    def ask(self, *words: object) -> object:
        self.tell(*words)
        return self.answer()

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()


def main() -> None:
    import django

    django.setup()
    from conversations.models import ModelPrice
    from conversations.services import budgets, prices

    def set_prices(usd: str) -> str:
        for row in ModelPrice.objects.all():
            row.input = Decimal(usd)
            row.save()
        return "done"

    def reserve(channel: str, usd: str, *runs: str) -> list[str]:
        return [
            budgets.reserve(int(channel), run_id=int(run), estimate_usd=Decimal(usd)).step for run in runs
        ]

    def race(channel: str, usd: str, *runs: str) -> list[str]:
        steps: list[str] = []
        for run in runs:
            allowance = budgets.reserve(int(channel), run_id=int(run), estimate_usd=Decimal(usd))
            if allowance.step is not budgets.Step.OFFLINE:
                budgets.settle(int(run), Decimal(usd), channel_id=int(channel))
            steps.append(allowance.step)
        return steps

    commands: dict[str, Callable[..., object]] = {
        "prices": lambda: [str(price.input) for price in prices.current_prices()],
        "set_prices": set_prices,
        "reserve": reserve,
        "race": race,
    }
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        name, *words = line.split()
        print(json.dumps(commands[name](*words)), flush=True)


if __name__ == "__main__":
    main()

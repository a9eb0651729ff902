"""Running a bench: all contenders by turns, so that whatever else the machine does meets each of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.bench import Bench, Contender, Figure, House, Sample, Target
from benchmarks.summaries import Summary, paired_ratios, summarise

ROUNDS = 5
QUICK_ROUNDS = 2
LARGE_SPREAD = 0.3


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: the summary of each contender, and of our ratio to each of the others."""

    figure: Figure
    summaries: Mapping[str, Summary]
    ratios: Mapping[str, Summary]

    @property
    def is_noisy(self) -> bool:
        return any(summary.spread > LARGE_SPREAD for summary in self.summaries.values())


@dataclass(frozen=True, slots=True)
class Result:
    """What came out of a bench, figure by figure."""

    name: str
    about: str
    rounds: int
    rows: Sequence[Row]
    missed: Sequence[Target]


def run(name: str, bench: Bench, house: House, *, quick: bool) -> Result:
    """Run all rounds of `bench`. Raises BenchError when a figure would be worthless."""
    rounds = QUICK_ROUNDS if quick else ROUNDS
    with bench.contenders(house, quick=quick) as contenders:
        samples = measure_by_turns(contenders, rounds)
    rows = [_row(figure, samples) for figure in next(iter(samples.values()))[0]]
    return Result(name, bench.about, rounds, rows, [] if quick else _missed(bench.targets, rows))


def measure_by_turns(contenders: Sequence[Contender], rounds: int) -> dict[str, list[Sample]]:
    """Return the samples of each contender by its name; every other round goes in reversed order.

    A first round, which warms up, does not count.
    """
    samples: dict[str, list[Sample]] = {contender.name: [] for contender in contenders}
    for number in range(rounds + 1):
        for contender in contenders if number % 2 else reversed(contenders):
            sample = contender.measure()
            if number:
                samples[contender.name].append(sample)
    return samples


def _row(figure: Figure, samples: Mapping[str, Sequence[Sample]]) -> Row:
    measuring = {name: taken for name, taken in samples.items() if figure in taken[0]}
    values = {name: [sample[figure] for sample in taken] for name, taken in measuring.items()}
    ours, *others = values
    return Row(
        figure,
        {name: summarise(each) for name, each in values.items()},
        {name: paired_ratios(values[ours], values[name]) for name in others},
    )


def _missed(targets: Sequence[Target], rows: Sequence[Row]) -> list[Target]:
    ratios = {(row.figure, name): ratio.median for row in rows for name, ratio in row.ratios.items()}
    return [target for target in targets if not target.is_met(ratios[target.figure, target.against])]

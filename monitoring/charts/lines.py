"""Lines over time, broken where nothing is known."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from monitoring.charts.frame import Frame, frame_of
from monitoring.charts.parts import PLOT_HEIGHT, Data, Series, Tone, number
from monitoring.charts.scale import Scale, scale_of

WIDTH = 1000.0
"""Units that the drawing of the lines is wide; it is stretched to the chart's width."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Path:
    """The SVG path of one line, and of the area beneath it."""

    tone: Tone
    line: str
    area: str


@dataclass(frozen=True, slots=True)
class LineChart:
    frame: Frame
    paths: Sequence[Path]
    width: str = number(WIDTH)
    height: str = number(PLOT_HEIGHT)


def line_chart(data: Data) -> LineChart | None:
    """Return the geometry; None where nothing at all is known."""
    if not data.known:
        return None
    scale = scale_of(max(data.known), data.unit)
    return LineChart(frame_of(data, scale), [path_of(line, data, scale) for line in data.series])


def path_of(line: Series, data: Data, scale: Scale) -> Path:
    """Return one line in units of WIDTH × PLOT_HEIGHT."""
    stretches = list(_stretches(_points(line, data, scale)))
    return Path(line.tone, "".join(map(_line, stretches)), "".join(map(_area, stretches)))


def _points(line: Series, data: Data, scale: Scale) -> Iterator[Point | None]:
    """Yield the middle of each step; None where the line is broken."""
    for at, value in zip(data.times, line.values, strict=True):
        if value is None:
            yield None
        else:
            x = data.place(at + data.step / 2) / 100 * WIDTH
            yield x, PLOT_HEIGHT - scale.height(value)


def _stretches(points: Iterable[Point | None]) -> Iterator[list[Point]]:
    stretch: list[Point] = []
    for point in (*points, None):
        if point is not None:
            stretch.append(point)
        elif stretch:
            yield stretch
            stretch = []


def _line(stretch: Sequence[Point]) -> str:
    """A lone point is a line without a length, which round ends make visible."""
    places = " ".join(f"{number(x)} {number(y)}" for x, y in stretch)
    return f"M{places}" if len(stretch) > 1 else f"M{places}h0"


def _area(stretch: Sequence[Point]) -> str:
    if len(stretch) < 2:
        return ""
    base = number(PLOT_HEIGHT)
    return f"{_line(stretch)}V{base}H{number(stretch[0][0])}Z"

"""Charts as numbers for small SVG templates: pure functions, no request, no database.

Horizontal places are percentages and vertical ones pixels, so that a chart takes the width that there is and
its texts keep their size. All of it is text already: templates would write numbers in the reader's way.
"""

from monitoring.charts.bars import BarChart, bar_chart
from monitoring.charts.lines import LineChart, line_chart
from monitoring.charts.parts import Data, Series, Tone
from monitoring.charts.share import Share, share_bar
from monitoring.charts.sparkline import sparkline
from monitoring.charts.units import Unit

__all__ = (
    "BarChart",
    "Data",
    "LineChart",
    "Series",
    "Share",
    "Tone",
    "Unit",
    "bar_chart",
    "line_chart",
    "share_bar",
    "sparkline",
)

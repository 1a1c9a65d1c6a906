"""Pictures of numbers, drawn by leather as SVG without script or style; their colours are the pages' own.

Each stands beside a table that says the same, so a picture is hidden from those who hear the page.
"""

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_CEILING, Decimal

import leather
from markupsafe import Markup

_WIDTH, _LINES, _BAR = 480, 240, 34
#: Of style.css: they turn with the scheme.
COLOURS = ("var(--ship)", "var(--skip)", "var(--ink)", "var(--muted)", "var(--warn)")


def lines_over_time(series: Sequence[tuple[str, Sequence[tuple[date, float]]]]) -> Markup:
    """Draw a line for each series of points on two days or more; nothing where there is none."""
    drawn = [(name, points) for name, points in series if len({day for day, _ in points}) > 1]
    if not drawn:
        return Markup("")
    chart = leather.Chart()
    most = max(value for _, points in drawn for _, value in points)
    chart.add_y_scale(0, _round_up(most))
    for place, (name, points) in enumerate(drawn):
        chart.add_line(list(points), name=name, stroke_color=COLOURS[place % len(COLOURS)], width=2)
    days = max(points[-1][0] for _, points in drawn) - min(points[0][0] for _, points in drawn)
    named = "%b %Y" if days.days > 120 else "%d %b"
    chart.add_x_axis(tick_formatter=lambda day, _place, _count: day.strftime(named))
    chart.add_y_axis(tick_formatter=_number)
    return _picture(chart, _LINES)


def bars(lines: Sequence[tuple[str, int]]) -> Markup:
    """Draw a bar for each line, the first at the top; nothing where all are 0."""
    if not any(value for _, value in lines):
        return Markup("")
    chart = leather.Chart()
    chart.add_x_scale(0, _round_up(max(value for _, value in lines)))
    chart.add_bars([(value, name) for name, value in lines], fill_color=COLOURS[0])
    chart.add_x_axis(tick_formatter=_number)
    return _picture(chart, 80 + _BAR * len(lines))


def _picture(chart: leather.Chart, height: int) -> Markup:
    svg: str = chart.to_svg(width=_WIDTH, height=height)
    size = f'<svg width="{_WIDTH}" height="{height}"'
    sized = f'<svg viewBox="0 0 {_WIDTH} {height}" class="chart" aria-hidden="true" focusable="false"'
    # What leather writes is its own markup, with every name in it escaped.
    return Markup(svg.replace(size, sized, 1))


def _number(value: Decimal | float, _place: int, _count: int) -> str:
    """Return "1.5M", "50k" or "120": marks stand close together."""
    for unit, sign in ((1_000_000, "M"), (1_000, "k")):
        if value >= 10 * unit or (value >= unit and unit > 1_000):
            return f"{float(value) / unit:.4g}{sign}"
    return f"{float(value):,.4g}" if value < 1_000 else f"{value:,.0f}"


def _round_up(most: float) -> Decimal:
    """Return the end of an axis: one or two figures and noughts, so that its marks are whole."""
    if most <= 4:
        return Decimal(4) if most > 1 else Decimal(1)
    unit = Decimal(10) ** (len(str(int(most))) - 1) / 2
    return (Decimal(str(most)) / unit / 4).to_integral_value(ROUND_CEILING) * unit * 4

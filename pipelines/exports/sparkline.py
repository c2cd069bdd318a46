"""A small line over months, drawn as SVG by hand: no browser, no library, the same bytes everywhere."""

from dataclasses import dataclass

from markupsafe import Markup

from metrics.briefs.document import Trend

WIDTH, HEIGHT, PADDING = 92.0, 26.0, 3.0
FEWEST_POINTS = 2


@dataclass(frozen=True)
class Frame:
    """How months and values lie on the drawing."""

    count: int
    low: float
    high: float

    def x(self, place: int) -> float:
        """The place of a month."""
        return PADDING + place * (WIDTH - 2 * PADDING) / max(self.count - 1, 1)

    def y(self, value: float) -> float:
        """The height of a value; beyond the frame, its edge."""
        if self.high <= self.low:
            return HEIGHT / 2
        share = min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)
        return HEIGHT - PADDING - share * (HEIGHT - 2 * PADDING)


def sparkline(trend: Trend | None, label: str) -> Markup:
    """The months as a line, the baseline dashed, the last month as a dot with its 95 % interval.

    Empty where there are too few months for a line.
    """
    if trend is None or len(trend.points) < FEWEST_POINTS:
        return Markup("")
    values = [point.value for point in trend.points]
    shown = values if trend.baseline_value is None else [*values, trend.baseline_value]
    frame = Frame(len(values), min(0.0, *shown), max(shown))
    path = " ".join(f"{frame.x(place):.1f},{frame.y(value):.1f}" for place, value in enumerate(values))
    last, x = trend.points[-1], frame.x(len(values) - 1)
    marks = [f'<polyline class="line" points="{path}"/>']
    if trend.baseline_value is not None:
        y = frame.y(trend.baseline_value)
        marks.insert(0, f'<line class="base" x1="{PADDING:.1f}" x2="{WIDTH - PADDING:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>')
    if last.low is not None and last.high is not None:
        low, high = frame.y(last.low), frame.y(last.high)
        marks.append(f'<line class="interval" x1="{x:.1f}" x2="{x:.1f}" y1="{low:.1f}" y2="{high:.1f}"/>')
    marks.append(f'<circle class="last" cx="{x:.1f}" cy="{frame.y(last.value):.1f}" r="2.2"/>')
    box = f"0 0 {WIDTH:.0f} {HEIGHT:.0f}"
    head = Markup('<svg class="spark" viewBox="{}" role="img" aria-label="{}">').format(box, label)
    return head + Markup("".join(marks)) + Markup("</svg>")

"""The ROI report's figures as SVG by hand: no browser, no plotting library, the same bytes everywhere.

Words stand beside them in the tables; within are only marks, and the ticks of an axis.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from metrics.briefs.roi.document import Curve, Range

BAR_WIDTH, BAR_HEIGHT, BAR_PADDING = 220.0, 16.0, 3.0
CURVE_WIDTH, CURVE_HEIGHT = 240.0, 118.0
LEFT, RIGHT, TOP, BOTTOM = 26.0, 6.0, 6.0, 18.0
TICKS = ((1.0, "1 h"), (4.0, "4 h"), (24.0, "1 d"), (72.0, "3 d"), (168.0, "1 w"), (672.0, "4 w"))
SHARES = (0.0, 0.5, 1.0)


@dataclass(frozen=True)
class Scale:
    """How amounts lie on the bars of one figure: the same for all its rows, and zero among them."""

    low: float
    high: float

    @classmethod
    def of(cls, bounds: Sequence[float]) -> "Scale":
        """A scale that holds all bounds and zero."""
        return cls(min(0.0, *bounds), max(0.0, *bounds))

    def x(self, amount: float) -> float:
        """The place of an amount."""
        if self.high <= self.low:
            return BAR_WIDTH / 2
        return BAR_PADDING + (amount - self.low) / (self.high - self.low) * (BAR_WIDTH - 2 * BAR_PADDING)


def range_bar(found: Range, scale: Scale, label: str, kind: str = "") -> Markup:
    """An estimate as a dot on the line of its range, beside the line of zero."""
    low, high, x, middle = scale.x(found.low), scale.x(found.high), scale.x(found.estimate), BAR_HEIGHT / 2
    marks = [_zero(scale)]
    if high - low >= 1:
        marks.append(f'<line class="range {kind}" x1="{low:.1f}" x2="{high:.1f}" y1="{middle:.1f}" y2="{middle:.1f}"/>')
    marks.append(f'<circle class="estimate {kind}" cx="{x:.1f}" cy="{middle:.1f}" r="3.4"/>')
    return _drawing("bar", BAR_WIDTH, BAR_HEIGHT, label, marks)


def lever_bar(at_low: float, at_high: float, total: float, scale: Scale, label: str) -> Markup:
    """What a total becomes at both ends of one lever: a bar on both sides of the total's own line."""
    ends = sorted((scale.x(at_low), scale.x(at_high)))
    x = scale.x(total)
    height = BAR_HEIGHT - 6
    marks = [_zero(scale)]
    for start, end, kind in ((ends[0], min(x, ends[1]), "down"), (max(x, ends[0]), ends[1], "up")):
        if end > start:
            marks.append(
                f'<rect class="{kind}" x="{start:.1f}" y="3.0" width="{end - start:.1f}" height="{height:.1f}"/>'
            )
    marks.append(f'<line class="total" x1="{x:.1f}" x2="{x:.1f}" y1="0.5" y2="{BAR_HEIGHT - 0.5:.1f}"/>')
    return _drawing("bar", BAR_WIDTH, BAR_HEIGHT, label, marks)


def curve_chart(curve: Curve, label: str) -> Markup:
    """Which share took at most so long: the baseline dashed, the window solid, hours on a logarithmic axis."""
    first, last = math.log(curve.hours[0]), math.log(curve.hours[-1])
    width, height = CURVE_WIDTH - LEFT - RIGHT, CURVE_HEIGHT - TOP - BOTTOM

    def x(hours: float) -> float:
        return LEFT + (math.log(hours) - first) / max(last - first, 1e-9) * width

    def y(share: float) -> float:
        return TOP + (1 - share) * height

    marks = []
    for share in SHARES:
        height_of = y(share)
        ends = f'x1="{LEFT:.1f}" x2="{LEFT + width:.1f}" y1="{height_of:.1f}" y2="{height_of:.1f}"'
        marks.append(f'<line class="rule" {ends}/>')
        marks.append(_text(LEFT - 4, height_of + 2.6, f"{round(share * 100)} %", "end"))
    for hours, text in TICKS:
        if first <= math.log(hours) <= last:
            marks.append(f'<line class="tick" x1="{x(hours):.1f}" x2="{x(hours):.1f}" y1="{TOP:.1f}" y2="{y(0):.1f}"/>')
            marks.append(_text(x(hours), CURVE_HEIGHT - 6, text, "middle"))
    for kind, shares in (("base", curve.baseline), ("line", curve.window)):
        points = " ".join(f"{x(hours):.1f},{y(share):.1f}" for hours, share in zip(curve.hours, shares, strict=True))
        marks.append(f'<polyline class="{kind}" points="{points}"/>')
    return _drawing("curve", CURVE_WIDTH, CURVE_HEIGHT, label, marks)


def _zero(scale: Scale) -> str:
    x = scale.x(0.0)
    return f'<line class="zero" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{BAR_HEIGHT:.1f}"/>'


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{words}</text>'


def _drawing(kind: str, width: float, height: float, label: str, marks: Sequence[str]) -> Markup:
    box = f"0 0 {width:.0f} {height:.0f}"
    head = Markup('<svg class="{}" viewBox="{}" role="img" aria-label="{}">').format(kind, box, label)
    return head + Markup("".join(marks)) + Markup("</svg>")

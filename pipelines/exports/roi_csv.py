"""The figures of the ROI report as CSV: compared figures, the ledger, its sums, assumptions and what they do.

One table with a row per number; `section` says of what. Numbers are those of the document, unrounded.
"""

import csv
import io
from collections.abc import Iterator
from typing import Any

from metrics.briefs.roi.document import Range, RoiReport

COLUMNS = (
    *("section", "tier", "claim", "id", "statistic", "unit", "baseline_value", "value", "low", "high", "is_relative"),
    *("n", "direction", "price", "amount", "amount_low", "amount_high", "counted", "counted_low", "counted_high"),
    *("period", "snapshot_id"),
)
Row = dict[str, Any]


def render(report: RoiReport) -> str:
    """All figures; an empty field is a figure that cannot be given, or one that a section has not."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    known = {"period": report.name, "snapshot_id": report.identity.snapshot_id}
    for row in _rows(report):
        writer.writerow({name: _text(value) for name, value in (row | known).items()})
    return buffer.getvalue()


def _rows(report: RoiReport) -> Iterator[Row]:
    claims = {result.tier: result.claim for result in report.tiers}
    for figure in report.figures:
        bounds = {"low": figure.change_low, "high": figure.change_high, "is_relative": figure.is_relative}
        kept = ("tier", "statistic", "unit", "baseline_value", "value", "n", "direction")
        values = {name: getattr(figure, name) for name in kept}
        yield {"section": "figure", "id": figure.metric, "claim": claims.get(figure.tier)} | values | bounds
    value = report.value
    for line in value.lines:
        row: Row = {
            "section": "line",
            "tier": line.tier,
            "claim": claims.get(line.tier),
            "id": line.kind,
            "unit": line.unit,
        }
        row |= {"price": line.price} | _range(line.quantity, ("value", "low", "high"))
        row |= _range(line.amount, ("amount", "amount_low", "amount_high"))
        yield row | _range(line.counted, ("counted", "counted_low", "counted_high"))
    for each in value.subtotals:
        amounts = _range(each.amount, ("counted", "counted_low", "counted_high"))
        yield {"section": "sum", "id": each.id, "unit": value.currency} | amounts
    yield {"section": "total", "unit": value.currency} | _range(value.total, ("counted", "counted_low", "counted_high"))
    for given in value.assumptions:
        bounds = {"value": given.likely, "low": given.low, "high": given.high}
        yield {"section": "assumption", "id": given.id, "unit": given.unit} | bounds
    for paid in value.spending:
        yield {
            "section": "spending",
            "id": paid.category,
            "unit": value.currency,
            "baseline_value": paid.at_baseline_rate,
            "value": paid.amount,
        }
    for curve in report.curves:
        for hours, before, now in zip(curve.hours, curve.baseline, curve.window, strict=True):
            at = {"statistic": f"share_within_{hours:.3f}_hours", "unit": "fraction"}
            yield (
                {"section": "curve", "tier": curve.tier, "id": curve.metric}
                | at
                | {
                    "baseline_value": before,
                    "value": now,
                }
            )
    for lever in value.levers:
        yield {"section": "lever", "id": lever.id, "counted_low": lever.at_low, "counted_high": lever.at_high}


def _range(found: Range | None, names: tuple[str, str, str]) -> Row:
    values = (found.estimate, found.low, found.high) if found is not None else ("", "", "")
    return dict(zip(names, values, strict=True))


def _text(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else value

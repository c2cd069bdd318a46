"""How a tier stands: the verdicts of one window in one sentence, from their evidence."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

import polars as pl

from metrics.briefs.document import RecordBehind, Standing
from metrics.briefs.figures import figure_name
from metrics.constraints import all_constraints
from metrics.explain import STATISTIC_NAMES
from metrics.model import STATUSES
from metrics.words import from_to, joined, quantity, sentence, share, within_sentence

Row = dict[str, Any]

GRAINS = ("month", "quarter", "trailing_year")
RECORDS_NAMED = 3
"""Records behind a violation that a brief names; the dashboard has more."""


def standings(verdicts: pl.DataFrame, tier: str, month: date, month_end: date) -> tuple[Standing, ...]:
    """The month, and the newest quarter and four quarters that were over with it.

    A grain without verdicts is left out, except the month, of which we then say that we do not know.
    """
    found = []
    for grain in GRAINS:
        rows = _rows(verdicts, tier, grain, month_end)
        if grain == "month":
            rows = [row for row in rows if row["window_start"] == month]
            found.append(_standing(rows, grain, month, month_end))
        elif rows:
            found.append(_standing(rows, grain, rows[0]["window_start"], rows[0]["window_end"]))
    return tuple(found)


def standing_over(verdicts: pl.DataFrame, tier: str, grain: str, end: date) -> Standing | None:
    """How a tier stands in the window of a grain that ends on a day; None where it was not judged."""
    rows = [row for row in verdict_rows(verdicts, tier, grain, end) if row["window_end"] == end]
    return _standing(rows, grain, rows[0]["window_start"], end) if rows else None


def verdict_rows(verdicts: pl.DataFrame, tier: str, grain: str, until: date) -> list[Row]:
    """The verdicts of the newest window of a grain that ends by `until`, their evidence read."""
    return _rows(verdicts, tier, grain, until)


def _rows(verdicts: pl.DataFrame, tier: str, grain: str, until: date) -> list[Row]:
    """The verdicts of the newest window of a grain that ends by `until`."""
    if verdicts.is_empty():
        return []
    over = verdicts.filter((pl.col("tier") == tier) & (pl.col("grain") == grain) & (pl.col("window_end") <= until))
    newest = over.filter(pl.col("window_end") == pl.col("window_end").max()).sort("constraint")
    return [row | {"evidence": json.loads(row["evidence"])} for row in newest.iter_rows(named=True)]


def _standing(rows: Sequence[Row], grain: str, start: date, end: date) -> Standing:
    if not rows:
        unknown = "We do not know: nothing could be judged in this window."
        return Standing(grain, start, end, "", "", False, unknown, "")
    worst = deciding(rows)
    return Standing(
        grain=grain,
        window_start=start,
        window_end=end,
        status=worst["status"],
        claim=worst["claim"],
        is_provisional=any(row["is_provisional"] for row in rows),
        sentence=_sentence(worst, rows),
        claim_sentence=_claim(rows),
        records=_records(worst) if worst["status"] == "violated" else (),
    )


def _records(row: Row) -> tuple[RecordBehind, ...]:
    """The worst records of the guardrail that the sentence tells of."""
    guardrail = _worst_guardrail(row) or {}
    metric = guardrail.get("metric")
    found = [
        record for each in row["evidence"].get("records", []) if each["metric"] == metric for record in each["worst"]
    ]
    return tuple(RecordBehind(each["kind"], each["id"], each.get("url") or "") for each in found[:RECORDS_NAMED])


def deciding(rows: Sequence[Row]) -> Row:
    """The verdict that says most: the worst status; of equals, one with a gain before stability by itself."""
    constraints = all_constraints()

    def place(row: Row) -> tuple[int, bool, str]:
        status = "not_triggered" if row["status"] == "holds" and not _gain(row) else row["status"]
        always = constraints[row["constraint"]].always if row["constraint"] in constraints else False
        return (STATUSES.index(status), always, "" if row["constraint"] == "speed_vs_escape" else row["constraint"])

    return min(rows, key=place)


def _sentence(row: Row, rows: Sequence[Row]) -> str:
    gain, price = _gain(row), _price(row)
    status = row["status"]
    if status == "violated" and price:
        lead = f"{gain}, but {price}" if gain else f"{price}"
        return sentence(f"{lead}, beyond its margin")
    if status == "at_risk" and price:
        chance = share(_certainty(_worst_guardrail(row)))
        lead = f"{gain}, while {price}" if gain else price
        return sentence(f"{lead}; the chance that this is worse than its margin allows is {chance}")
    if status == "inconclusive":
        return _inconclusive(row)
    if status == "holds" and gain:
        return sentence(f"{gain}; every guardrail is within its margin, at a certainty of {share(1 - _chance([row]))}")
    within = [other for other in rows if other["status"] == "holds"]
    if within:
        certainty = share(1 - _chance(within))
        return f"No gain beyond chance; stability is within its margins, at a certainty of {certainty}."
    return "No gain beyond chance."


def _gain(row: Row) -> str:
    """The first of the gains that were there, in words."""
    improved = [gain for gain in row["evidence"].get("gains", []) if gain.get("improved")]
    return _movement(improved[0], "the mixed " if row["tier"] == "all" else "") if improved else ""


def _price(row: Row) -> str:
    worst = _worst_guardrail(row)
    if worst is None:
        return ""
    where = f"in tier {worst['tier']} " if row["tier"] == "all" else ""
    return where + _movement(worst, "")


def _worst_guardrail(row: Row) -> Row | None:
    """The guardrail that made the status: a violated one first, then the most certain, then the largest change."""
    judged: list[Row] = [guardrail for guardrail in row["evidence"].get("guardrails", []) if guardrail.get("judged")]
    if not judged:
        return None
    return max(judged, key=lambda g: (bool(g["violated"]), round(_certainty(g), 3), abs(g.get("change") or 0.0)))


def _movement(numbers: Row, article: str) -> str:
    """`the median of cycle time of changes fell from 24.3 h to 18.5 h`."""
    statistic = "per_week" if numbers.get("per_week") else numbers["statistic"]
    name = figure_name(numbers["metric"], statistic)
    takes_article = statistic in STATISTIC_NAMES or name.endswith(("rate", "share", "time"))
    name = article + name if article else f"the {name}" if takes_article else name
    before, after = numbers["baseline_value"], numbers["value"]
    if before is None or after is None:
        return f"{name} cannot be given"
    was, now = from_to(before, after, numbers["unit"])
    if quantity(before, numbers["unit"]) == now:
        return f"{name} stayed at {now}"
    return f"{name} {'rose' if after > before else 'fell'} from {was} to {now}"


def _certainty(guardrail: Row | None) -> float:
    return float(guardrail.get("certainty_worse") or 0.0) if guardrail else 0.0


def _chance(rows: Sequence[Row]) -> float:
    """The largest chance that a judged guardrail of these verdicts exceeds its margin."""
    return max(
        (_certainty(g) for row in rows for g in row["evidence"].get("guardrails", []) if g.get("judged")), default=0.0
    )


def _inconclusive(row: Row) -> str:
    evidence = row["evidence"]
    for side in (*evidence.get("gains", []), *evidence.get("guardrails", [])):
        if side.get("shortfall"):
            return sentence(f"we do not know: {figure_name(side['metric'], side['statistic'])} has {side['shortfall']}")
    return sentence(f"we do not know: {within_sentence(row['reason'])}")


def _claim(rows: Sequence[Row]) -> str:
    """What may be claimed, and what bars it."""
    claim = rows[0]["claim"]
    if claim == "claimable":
        return "Claimable."
    if claim == "with_reservation":
        triggered = [row for row in rows if row["status"] not in ("not_triggered", "inconclusive")]
        chance = share(_chance(triggered))
        return f"Claimable with reservation: the chance that a margin is exceeded is {chance}{_reservations(rows)}."
    if claim == "none":
        return "No gain to claim."
    barring = [row for row in rows if row["status"] == "violated"] or [
        row for row in rows if row["status"] in ("at_risk", "inconclusive")
    ]
    return f"Not claimable, because of {joined([_name(row) for row in barring])}."


def _reservations(rows: Sequence[Row]) -> str:
    reasons = []
    if rows[0]["grain"] == "month":
        reasons.append("a month is too short for a claim without one")
    if any(row["is_provisional"] for row in rows):
        reasons.append("follow-up still runs")
    return f"; {joined(reasons)}" if reasons else ""


def _name(row: Row) -> str:
    constraint = all_constraints().get(row["constraint"])
    return within_sentence(constraint.name) if constraint else str(row["constraint"])

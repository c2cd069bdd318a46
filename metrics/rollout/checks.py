"""Criteria read off the facts: each says of a tier whether it is met, or that nothing is known."""

from datetime import timedelta

from metrics.margins import FEWEST_UNITS
from metrics.rollout.model import Evaluate, Found
from metrics.rollout.state import GRAIN, YEAR, TierState
from metrics.words import joined, plural, share

CONTEXT_IS_CURRENT = timedelta(days=180)
"""A context package older than half a year describes another code base."""
BEFORE_MERGE = ("pre_commit", "pre_pr", "pre_merge")


def context_packages_complete(state: TierState) -> Found | None:
    """Every onboarded repository has a complete context package, brought up to date within half a year."""
    if not state.onboardings:
        return None
    missing = [row["repo_id"] for row in state.onboardings if not row["context_package_complete"]]
    old = [
        row["repo_id"]
        for row in state.onboardings
        if row["context_package_complete"]
        and row["context_package_updated_at"] is not None
        and state.as_of - row["context_package_updated_at"] > CONTEXT_IS_CURRENT
    ]
    undated = [
        row["repo_id"]
        for row in state.onboardings
        if row["context_package_complete"] and row["context_package_updated_at"] is None
    ]
    total = len(state.onboardings)
    if not (missing or old or undated):
        return Found(True, f"all {plural(total, 'package')} complete and current")
    parts = [
        f"{len(names)} {what} ({_some(names)})"
        for names, what in ((missing, "incomplete"), (old, "older than 180 days"), (undated, "undated"))
        if names
    ]
    return Found(False, f"of {plural(total, 'package')} {joined(parts)}")


def gates_required(state: TierState) -> Found | None:
    """At least one gate before the merge is required by policy."""
    names = sorted({row["gate"] for row in state.policies if row["control_point"] in BEFORE_MERGE})
    return Found(True, f"required before the merge: {joined(names)}") if names else Found(False, "no gate is required")


def access_controlled(state: TierState) -> Found | None:
    """A control of access has taken effect."""
    rows = [row for row in state.control_changes if row["layer"] == "access" and row["effective_at"] <= state.as_of]
    if not rows:
        return None
    last = max(rows, key=lambda row: row["effective_at"])
    return Found(True, f"{last['summary']} ({state.day(last['effective_at'])})")


def baseline_frozen(state: TierState) -> Found | None:
    """The baseline is named, dated and frozen."""
    baseline = state.baseline
    if baseline is None:
        return Found(False, "there is no baseline")
    span = f"{baseline['baseline_start']} to {baseline['baseline_end']}"
    if baseline["frozen_at"] is None:
        return Found(False, f"{span} is a default that moves with the data; name it in plumbline.toml")
    return Found(True, f"{span}, set by {baseline['set_by']}")


def outcomes_watched(state: TierState) -> Found | None:
    """Everything that stability is judged by is watched."""
    row = state.verdict("stability_regression")
    if row is None:
        return None
    if row["not_judged"]:
        return Found(False, f"nothing watches {row['not_judged']}")
    return Found(True, f"all guardrails of stability are read in the quarter from {row['window_start']}")


def lead_time_measured(state: TierState) -> Found | None:
    """Lead time is known of enough changes to be compared later."""
    known = state.value("lead_time", "n")
    if known is None:
        return None
    return Found(known >= FEWEST_UNITS, f"{known:,.0f} changes with a lead time in the newest final quarter")


def repositories_onboarded(state: TierState) -> Found | None:
    """Somebody has begun."""
    if not state.onboardings:
        return None
    return Found(True, f"{len(state.onboardings)} of {len(state.repositories)} repositories onboarded")


def owners_named(state: TierState) -> Found | None:
    """Every assignment to the tier names who owns it."""
    if not state.assignments:
        return None
    nobody = [row["repo_id"] or row["service"] for row in state.assignments if not row["owner"]]
    if nobody:
        return Found(False, f"{plural(len(nobody), 'assignment')} without an owner ({_some(nobody)})")
    return Found(True, f"{plural(len(state.assignments), 'assignment')}, each with an owner")


def staging_kept(state: TierState) -> Found | None:
    """The order of risk was kept."""
    if not state.onboardings:
        return None
    return Found(False, "; ".join(state.staging)) if state.staging else Found(True, "the order of risk was kept")


def verdicts_conclusive(state: TierState) -> Found | None:
    """The newest final quarter could be judged."""
    rows = state.newest_verdicts(GRAIN)
    if not rows:
        return None
    judged = [row for row in rows if row["status"] != "inconclusive"]
    return Found(bool(judged), f"{len(judged)} of {len(rows)} constraints could be judged in the newest quarter")


def stability_holds(state: TierState) -> Found | None:
    """Stability did not get worse by more than its margin."""
    return _not_violated(state, "stability_regression", GRAIN)


def escapes_hold(state: TierState) -> Found | None:
    """Speed was not bought with escapes, on four quarters."""
    return _not_violated(state, "speed_vs_escape", YEAR)


def nothing_violated(state: TierState) -> Found | None:
    """No constraint is violated on four quarters."""
    rows = state.newest_verdicts(YEAR)
    if not rows:
        return None
    violated = sorted(row["constraint"] for row in rows if row["status"] == "violated")
    if violated:
        return Found(False, f"violated on the trailing year: {joined(violated)}")
    return Found(True, f"none of {len(rows)} constraints is violated on the trailing year")


def delivery_not_slower(state: TierState) -> Found | None:
    """Neither cycle time nor lead time got worse beyond chance."""
    rows = [row for metric in ("pr_cycle_time", "lead_time") if (row := state.comparison(metric, "p50"))]
    if not rows:
        return None
    slower = [row["metric"] for row in rows if row["direction"] == "worsened"]
    if slower:
        return Found(False, f"slower than the baseline by the median: {joined(slower)}")
    return Found(True, "no median is slower than its baseline beyond chance")


def gain_claimable(state: TierState) -> Found | None:
    """What was gained may be claimed, on the newest quarter or the trailing year."""
    claims = {grain: rows[0]["claim"] for grain in (YEAR, GRAIN) if (rows := state.newest_verdicts(grain))}
    if not claims or set(claims.values()) == {"none"}:
        return None
    told = joined([f"{claim.replace('_', ' ')} on the {grain.replace('_', ' ')}" for grain, claim in claims.items()])
    return Found(any(claim in ("claimable", "with_reservation") for claim in claims.values()), told)


def overrides_at_most(limit: float) -> Evaluate:
    """Required gates are overridden in no more than a share of their results."""

    def check(state: TierState) -> Found | None:
        rate = state.value("gate_override_rate", "rate")
        if rate is None:
            return None
        return Found(rate <= limit, f"{share(rate)} of required results are overridden, {share(limit)} are allowed")

    return check


def overdue_at_most(limit: float) -> Evaluate:
    """No more than a share of the exceptions in force is past its end or was never reviewed."""

    def check(state: TierState) -> Found | None:
        rate = state.value("exception_overdue", "rate")
        if rate is None:
            return None
        words = f"{share(rate)} of the exceptions in force are past their end or never reviewed"
        return Found(rate <= limit, f"{words}, {share(limit)} are allowed")

    return check


def no_exception_drift(state: TierState) -> Found | None:
    """Exceptions do not become the rule."""
    status = state.failure_modes.get("exception_drift", "no_data")
    return None if status == "no_data" else Found(status != "present", f"exception drift is {status}")


def adoption_at_least(least: float) -> Evaluate:
    """At least a share of the active repositories is onboarded."""

    def check(state: TierState) -> Found | None:
        found = state.onboarded_share
        if found is None:
            return None
        return Found(found >= least, f"{share(found)} of active repositories are onboarded, {share(least)} are asked")

    return check


def first_value_seen(state: TierState) -> Found | None:
    """Somebody got an AI-assisted change through all gates that held."""
    known = state.value("time_to_first_value", "n")
    if known is None:
        return None
    who = "1 repository" if known == 1 else f"{known:,.0f} repositories"
    return Found(known > 0, f"{who} with a first change of proven value")


def _not_violated(state: TierState, constraint: str, grain: str) -> Found | None:
    row = state.verdict(constraint, grain)
    if row is None or row["status"] == "inconclusive":
        return None
    words = (
        f"{constraint} {row['status'].replace('_', ' ')} in the {grain.replace('_', ' ')} from {row['window_start']}"
    )
    return Found(row["status"] != "violated", words)


def _some(names: list[str]) -> str:
    """A few names, and how many more."""
    shown = ", ".join(sorted(names)[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown

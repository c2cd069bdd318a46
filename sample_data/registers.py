"""The registers that people at the sample organisation keep by hand, except those that follow from its changes."""

from datetime import date, timedelta

import numpy as np
import polars as pl

from sample_data.columns import LOGINS, REPO_IDS, SHARED, numbered
from sample_data.company import FIRST_DAY, REPOSITORIES, TEAMS, TIERS, UNITS, Unit

MONTHS = [date(2024 + (9 + index) // 12, (9 + index) % 12 + 1, 1) for index in range(1, 26)]
LOADED_COST_PER_ENGINEER = 13_500.0
INSTANT = pl.Datetime("us")
KEPT_SINCE = date(2024, 9, 1)
WATCHED_BY = {
    "incidents": "incident desk",
    "rollbacks": "release log",
    "defects": "defect tracker",
    "gates": "build server",
    "tests": "build server",
    "deployments": "release log",
}
# Kinds that somebody began to watch later than the rest.
WATCHED_LATER = {("help-centre", "defects"): date(2025, 4, 1), ("sandbox", "tests"): date(2025, 7, 1)}
POLICIES = ("critical_path_coverage", "security_scan", "two_reviewers", "change_freeze", "context_package_current")


def units_of(repository: str) -> list[Unit]:
    """The units that live in a repository: one, or several in a monorepo."""
    return [unit for unit in UNITS if unit.repository == repository]


def repositories_table() -> pl.DataFrame:
    """The table repositories; a monorepo has no service of its own."""
    return pl.DataFrame(
        {
            "repo_id": REPO_IDS,
            "name": REPOSITORIES,
            "service": [None if name in SHARED else units_of(name)[0].service for name in REPOSITORIES],
            "team": [units_of(name)[0].team for name in REPOSITORIES],
            "default_branch": "main",
            "archived": False,
        },
        schema_overrides={"service": pl.String, "default_branch": pl.String},
    )


def tier_assignments_table() -> pl.DataFrame:
    """The table tier_assignments: by repository, and by service where a monorepo holds several tiers."""
    rows = [
        {
            "repo_id": None if unit.repository in SHARED else unit.repo_id,
            "service": unit.service if unit.repository in SHARED else None,
            "tier": unit.tier,
            "valid_from": date(2024, 1, 1),
            "valid_to": None,
            "approved_by": "risk committee",
            "owner": unit.team,
            "review_due": date(2026, 12, 31) if unit.tier >= 3 else date(2027, 6, 30),
            "reason": {4: "moves money or guards access", 3: "customers depend on it", 2: "business runs on it"}.get(
                unit.tier, "internal or public information only"
            ),
        }
        for unit in UNITS
    ]
    return pl.DataFrame(
        rows,
        schema_overrides={"repo_id": pl.String, "service": pl.String, "valid_to": INSTANT},
        infer_schema_length=None,
    ).with_columns(pl.col("valid_from", "valid_to", "review_due").cast(INSTANT))


def onboardings_table() -> pl.DataFrame:
    """The table onboardings; tier 3 went ahead before its context packages were complete."""
    rows = []
    for name in REPOSITORIES:
        dated = [unit for unit in units_of(name) if unit.onboarded]
        if not dated or dated[0].onboarded is None:
            continue
        unit, day = dated[0], dated[0].onboarded
        is_complete = unit.tier != 3 or unit.service in ("billing", "web-banking")
        phases = ((date(2025, 11, 30), "pilot"), (date(2026, 2, 28), "controlled_expansion"))
        rows.append(
            {
                "repo_id": unit.repo_id,
                "team": unit.team,
                "onboarded_at": day,
                "phase": next((phase for until, phase in phases if day <= until), "governance_enforcement"),
                "context_package_complete": is_complete,
                "context_package_updated_at": date(2026, 5, 18) if is_complete else date(2025, 12, 1),
            }
        )
    return pl.DataFrame(rows).with_columns(pl.col("onboarded_at", "context_package_updated_at").cast(INSTANT))


def coverage_table() -> pl.DataFrame:
    """The table coverage: what is watched, service by service; of one nothing is."""
    rows = [
        {
            "kind": kind,
            "service": unit.service,
            "source": source,
            "since": WATCHED_LATER.get((unit.service, kind), KEPT_SINCE),
        }
        for unit in UNITS
        if unit.is_watched
        for kind, source in WATCHED_BY.items()
        if not (unit.link == "none" and kind in ("deployments", "rollbacks"))
    ]
    return pl.DataFrame(rows).with_columns(pl.col("since").cast(INSTANT))


def team_capacity_table() -> pl.DataFrame:
    """The table team_capacity: engineers by month, and what they cost."""
    last = len(MONTHS) - 1
    rows = [
        {
            "team": team.name,
            "month": month,
            "engineers": float(
                round(team.engineers_first + (team.engineers_last - team.engineers_first) * index / last)
            ),
        }
        for team in TEAMS
        for index, month in enumerate(MONTHS)
    ]
    return pl.DataFrame(rows).with_columns(loaded_cost=pl.col("engineers") * LOADED_COST_PER_ENGINEER)


def spend_table(random: np.random.Generator) -> pl.DataFrame:
    """The table spend: assistants from the onboarding on, and what runs anyway."""
    rows = []
    for month in MONTHS[:-1]:
        since = (month.year - 2025) * 12 + month.month - 10
        rows.append({"month": month, "category": "build and test infrastructure", "amount": 21_000.0})
        if since > 0:
            seats = min(20 + 14 * since, 95)
            rows.append({"month": month, "category": "AI assistant licences", "amount": 39.0 * seats})
            rows.append({"month": month, "category": "AI model usage", "amount": 900.0 + 1_150.0 * min(since, 8)})
        if since in (1, 2, 3):
            rows.append({"month": month, "category": "training", "amount": 12_000.0})
    frame = pl.DataFrame(rows)
    amount = pl.Series("amount", np.round(frame["amount"].to_numpy() * random.uniform(0.97, 1.03, frame.height), 2))
    return frame.select(
        numbered("spend", frame.height, "spend_id"), "month", "category", amount, currency=pl.lit("USD")
    )


def exceptions_table(random: np.random.Generator) -> pl.DataFrame:
    """The table exceptions by grant: in tier 3 they multiply in 2026; some are overdue, some were never reviewed."""
    early = random.integers(0, 400, 18)
    late = 400 + np.floor(random.beta(1.6, 1.0, 26) * 315).astype(np.int64)
    days = np.sort(np.concatenate([early, late]))
    tier = np.where(
        days < 400, random.choice([1, 2, 3, 4], 44), random.choice([1, 2, 3, 4], 44, p=[0.1, 0.2, 0.55, 0.15])
    )
    cut_day = 729
    rows = []
    for index, (day, tier_of_row) in enumerate(zip(days.tolist(), tier.tolist(), strict=True)):
        unit = UNITS[random.choice([place for place, each in enumerate(UNITS) if each.tier == tier_of_row])]
        granted = FIRST_DAY + timedelta(days=day)
        lasts = int(random.choice([30, 60, 90]))
        is_closed = day + lasts < cut_day and random.random() < 0.8
        is_reviewed = day + 14 < cut_day and random.random() < 0.75
        rows.append(
            {
                "exception_id": f"exception-{index + 1}",
                "policy": POLICIES[random.integers(len(POLICIES))],
                "repo_id": unit.repo_id,
                "tier": tier_of_row,
                "approver": "head of engineering" if tier_of_row >= 3 else f"lead of {unit.team}",
                "granted_at": granted,
                "expires_at": granted + timedelta(days=lasts),
                "closed_at": granted + timedelta(days=lasts - 3) if is_closed else None,
                "reviewed_at": granted + timedelta(days=14) if is_reviewed else None,
                "requested_by": LOGINS[int(random.integers(len(LOGINS)))],
                "reason": "gate blocks a promised date" if tier_of_row == 3 else "tool support is missing",
                "link": f"https://intranet.halyard.example/exceptions/{index + 1}",
            }
        )
    instants = ("granted_at", "expires_at", "closed_at", "reviewed_at")
    return pl.DataFrame(rows, infer_schema_length=None).with_columns(pl.col(instants).cast(INSTANT))


def tiers_with_onboarding() -> dict[int, date]:
    """The first onboarding of each tier."""
    return {tier: min(unit.onboarded for unit in UNITS if unit.tier == tier and unit.onboarded) for tier in TIERS}

"""What was planted in the sample organisation, and what a build must find of it.

Each truth follows from numbers in behaviour.py; docs/sample-organisation.md shows how surely it can be seen.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

Status = Literal["violated", "at_risk", "inconclusive", "holds", "not_triggered"]
Claim = Literal["claimable", "with_reservation", "not_claimable", "none"]

BASELINE_START, BASELINE_END = date(2024, 11, 1), date(2025, 10, 1)  # the end is exclusive
WINDOW_START, WINDOW_END = date(2025, 10, 1), date(2026, 10, 1)  # the last complete trailing year at the cut
GRAIN = "trailing_year"


@dataclass(frozen=True)
class PlantedTruth:
    """One truth: where it was planted, and the verdict of the trailing year that it must lead to.

    Attributes:
        name: what to call it.
        tier: '1' to '4', or 'all' for the mixture.
        constraint: id of the constraint that must show it.
        statuses: the statuses that tell the truth; any other is an error.
        claims: the claims of that tier that tell the truth.
        since: the first day on which reality differed.
        figures: metric and statistic in which it shows, each with the planted change in words.
        reason: why, in a sentence for people.
        least_share_of_seeds: in how large a share of seeds the build must find it.
    """

    name: str
    tier: str
    constraint: str
    statuses: tuple[Status, ...]
    claims: tuple[Claim, ...]
    since: date
    figures: tuple[str, ...]
    reason: str
    least_share_of_seeds: float


TRUTHS = (
    PlantedTruth(
        name="speed bought with rollbacks",
        tier="3",
        constraint="speed_vs_escape",
        statuses=("violated",),
        claims=("not_claimable",),
        since=date(2025, 11, 3),
        figures=(
            "pr_cycle_time p50: a quarter down",
            "lead_time p50: three tenths down",
            "rollback_rate: more than doubled",
        ),
        reason=(
            "Tier 3 took up AI before its context packages were complete: changes move faster, and the deployments "
            "that carry AI-assisted changes are rolled back several times as often."
        ),
        least_share_of_seeds=0.9,
    ),
    PlantedTruth(
        name="a better median with a worse tail",
        tier="2",
        constraint="median_vs_tail",
        statuses=("violated",),
        claims=("not_claimable",),
        since=date(2025, 11, 3),
        figures=("pr_cycle_time p50: a quarter down", "pr_cycle_time p95: doubled"),
        reason=(
            "Most AI-assisted changes of tier 2 pass review in no time, but one in five goes round and round: the "
            "typical change is faster and the slow ones are much slower."
        ),
        least_share_of_seeds=0.9,
    ),
    PlantedTruth(
        name="a mixture that looks better than its tiers",
        tier="all",
        constraint="mixture_vs_tiers",
        statuses=("violated",),
        claims=("not_claimable",),
        since=date(2025, 11, 3),
        figures=("pr_cycle_time p50, mixed: two fifths down", "pr_cycle_time p50, tier 1: four fifths up"),
        reason=(
            "Agents send twice as many small changes through tier 1, which is the fastest tier, so the mixed median "
            "falls steeply, while in tier 1 itself a merge queue makes every change wait longer."
        ),
        least_share_of_seeds=0.9,
    ),
    PlantedTruth(
        name="the honest success",
        tier="4",
        constraint="speed_vs_escape",
        statuses=("holds", "at_risk"),
        claims=("claimable", "with_reservation"),
        since=date(2025, 11, 24),
        figures=(
            "pr_cycle_time and lead_time p50, p90, p95: a fifth to a third down",
            "rollback_rate, change_failure_rate, escaped_defects: a seventh down",
            "incidents per week: hardly changed",
        ),
        reason=(
            "Tier 4 put gates, context packages and review by owners in place first: it became faster over the whole "
            "distribution, and its deployments no more dangerous."
        ),
        least_share_of_seeds=0.8,
    ),
)

# What the planted truths bring along: the same cause seen by another constraint. Not false alarms.
ACCOMPANYING: frozenset[tuple[str, str]] = frozenset(
    {
        ("3", "stability_regression"),  # rollbacks fail deployments and bring incidents
        ("2", "stability_regression"),  # its 95th percentile is one of the guardrails
        ("1", "speed_vs_review"),  # twice the volume: as large a share unreviewed is twice as many a week
        ("3", "speed_vs_review"),  # AI-assisted changes are more than twice as often unreviewed
    }
)


def may_be_violated(tier: str, constraint: str) -> bool:
    """Whether `violated` would tell the truth of the trailing year there; elsewhere it is a false alarm."""
    planted = {(truth.tier, truth.constraint) for truth in TRUTHS if "violated" in truth.statuses}
    return (tier, constraint) in planted | ACCOMPANYING


@dataclass(frozen=True)
class PlantedFinding:
    """Something else that is wrong in the organisation, and the finding or gate that must tell it.

    Attributes:
        says: what is wrong, in words.
        finding: id of the finding (`findings`), or of a criterion that must fail (`stage_gates`).
        comes_from: where it was planted.
    """

    says: str
    finding: str
    comes_from: str


PLANTED_FINDINGS = (
    PlantedFinding("tier 3 began before tier 2 was done", "risk_staging/3", "onboardings, company.py"),
    PlantedFinding("tier 4 began before tier 2 was done", "risk_staging/4", "onboardings, company.py"),
    PlantedFinding("nobody watches the outcomes of internal-wiki", "unwatched/internal-wiki", "coverage, company.py"),
    PlantedFinding(
        "tier 3's context packages are incomplete",
        "governance_enforcement/context_packages_complete/3",
        "onboardings, registers.py",
    ),
    PlantedFinding(
        "exceptions outlive their end and are not reviewed, most in tier 3",
        "failure_mode/exception_drift/3",
        "exceptions, registers.py",
    ),
    PlantedFinding(
        "tier 1: a merge queue eats what quicker reviews won",
        "failure_mode/faster_code_slower_delivery/1",
        "behaviour.py",
    ),
    PlantedFinding(
        "tier 2: one change in five goes round and round", "failure_mode/tail_risk_blindness/2", "behaviour.py"
    ),
    PlantedFinding("tier 3: passes its gates and does not hold", "failure_mode/plausible_wrongness/3", "behaviour.py"),
    PlantedFinding(
        "tier 3: AI-assisted changes are merged unreviewed", "failure_mode/performative_review/3", "behaviour.py"
    ),
    PlantedFinding("tier 1: approvals at a glance", "failure_mode/performative_review/1", "behaviour.py"),
    PlantedFinding("nobody decided about the mixture", "undecided/mixture_vs_tiers/all", "decisions"),
)

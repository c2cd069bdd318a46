"""Rollback rate: production deployments that were taken back."""

from datetime import date

from metrics.definitions.conditions import FINISHED_IN_PRODUCTION, OUTCOME_FOLLOW_UP, ROLLED_BACK
from metrics.model import Example, Metric, Part, Ratio, Revision

METRIC = Metric(
    id="rollback_rate",
    name="Rollback rate",
    side="lagging",
    place=40,
    headline=True,
    core=True,
    unit="fraction",
    direction="lower",
    formula=(
        "Production deployments rolled back within 3 days of their end, divided by production deployments that"
        " finished (success or failure), by the end of the deployment; by severity of the rollback over the same"
        " deployments. One rolled back twice counts once. Left out: deployments of services for which nobody watches"
        " rollbacks."
    ),
    source="deployments, rollbacks; deployment_facts",
    estimators=(
        Ratio(
            parts=(
                Part(
                    fact="deployment_facts",
                    time="_ended_at",
                    denominator="1",
                    where=f"{FINISHED_IN_PRODUCTION} and _rollbacks_watched",
                ),
                Part(
                    fact="deployment_facts",
                    time="_ended_at",
                    numerator="1",
                    where=f"{FINISHED_IN_PRODUCTION} and _rollbacks_watched and {ROLLED_BACK}",
                    category="coalesce(_rollback_severity::varchar, 'unknown')",
                ),
            ),
        ),
    ),
    follow_up=OUTCOME_FOLLOW_UP,
    inputs=("deployments",),
    watched=("rollbacks",),
    caveats=(
        "A fix that goes forward is no rollback: read change_failure_rate beside it.",
        "A flag switched off counts only where the source records it as a rollback.",
    ),
    paired_constraints=("speed_vs_escape", "mixture_vs_tiers", "stability_regression"),
    examples=(
        Example(
            says=(
                "Two of ten deployments were rolled back, one of them with severity 2; a third was taken back only"
                " after a week."
            ),
            facts={
                "deployment_facts": [
                    *({"_ended_at": f"2026-01-{day:02} 12:00"} for day in range(1, 8)),
                    {"_ended_at": "2026-01-08 12:00", "_rolled_back_at": "2026-01-08 15:00", "_rollback_severity": 2},
                    {"_ended_at": "2026-01-09 12:00", "_rolled_back_at": "2026-01-12 12:00"},
                    {"_ended_at": "2026-01-10 12:00", "_rolled_back_at": "2026-01-17 12:00"},
                ]
            },
            expect={"rate": 0.2},
        ),
        Example(
            says=(
                "Of the same ten deployments one in ten was rolled back with severity 2: the denominator is common"
                " to all severities."
            ),
            segment_kind="category",
            segment="2",
            facts={
                "deployment_facts": [
                    *({"_ended_at": f"2026-01-{day:02} 12:00"} for day in range(1, 9)),
                    {"_ended_at": "2026-01-09 12:00", "_rolled_back_at": "2026-01-09 15:00", "_rollback_severity": 2},
                    {"_ended_at": "2026-01-10 12:00", "_rolled_back_at": "2026-01-10 15:00"},
                ]
            },
            expect={"rate": 0.1},
        ),
    ),
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 20), change="First version: 3 days' follow-up."),),
)

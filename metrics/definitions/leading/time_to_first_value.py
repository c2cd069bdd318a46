"""Time to first value: onboarding to the first AI-assisted change that held."""

from datetime import date

from metrics.definitions.conditions import VALIDATION_FOLLOW_UP
from metrics.model import Distribution, Example, Metric, Revision, Unfinished

METRIC = Metric(
    id="time_to_first_value",
    side="leading",
    name="Time to first value",
    place=10,
    headline=True,
    unit="days",
    direction="lower",
    formula=(
        "Days from the onboarding of a repository to the merge of its first AI-assisted change that passed all"
        " required gates and was validated (14 days in production without a bad outcome), by the onboarding."
        " Repositories without one are not in the quantiles; the product-limit figures (km_p50, km_p90) count them"
        " for as long as they have been onboarded."
    ),
    source="onboardings, changes (ai_use), gate_results, gate_policies, deployments; onboarding_facts",
    estimators=(
        Distribution(
            fact="onboarding_facts",
            time="onboarded_at",
            value="(epoch_us(first_value_at) - epoch_us(onboarded_at)) / 8.64e10",
            first_bin=1.0,
            unfinished=Unfinished(
                fact="onboarding_facts", start="onboarded_at", end="first_value_at", hours_per_unit=24.0
            ),
        ),
    ),
    follow_up=VALIDATION_FOLLOW_UP,
    inputs=("onboardings", "changes", "gate_policies"),
    caveats=(
        ("Where a tier has no gate policy in force no change counts, and the first value never comes."),
        ("Few repositories are onboarded in a quarter: read the repositories, not the percentiles."),
        ("Values still change after the follow-up, as slow repositories arrive: the product-limit figures say so."),
    ),
    examples=(
        Example(
            says="First value came after 10 and 30 days; a third repository still waits.",
            facts={
                "onboarding_facts": [
                    {"onboarded_at": "2026-01-05 12:00", "first_value_at": "2026-01-15 12:00"},
                    {"onboarded_at": "2026-01-05 12:00", "first_value_at": "2026-02-04 12:00"},
                    {"onboarded_at": "2026-01-06 12:00"},
                ]
            },
            expect={"n": 2, "mean": 20.0, "p50": 20.0, "km_p50": 30.0, "km_p90": None},
        ),
    ),
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 21), change="First version."),),
)

"""Throughput stability: how evenly validated work arrives."""

from datetime import date

from metrics.definitions.conditions import VALIDATION_FOLLOW_UP, VALIDATION_PENDING
from metrics.model import Example, Metric, Revision, Variation

METRIC = Metric(
    id="throughput_stability",
    side="lagging",
    name="Throughput stability",
    place=70,
    headline=True,
    unit="fraction",
    direction="lower",
    formula=(
        "Coefficient of variation (standard deviation over mean) of the changes per week that were merged and later"
        " validated, over the 26 weeks that end with the window. Given once a tier has 26 weeks behind it and when"
        " the window is over. Validated, and what is left out, is as in validated_throughput."
    ),
    source="changes, deployments, incidents, rollbacks, defects; change_facts.validated",
    estimators=(
        Variation(
            fact="measured_changes",
            time="merged_at",
            where="validated and (_incidents_watched or _rollbacks_watched or _defects_watched)",
        ),
    ),
    follow_up=VALIDATION_FOLLOW_UP,
    pending=VALIDATION_PENDING,
    inputs=("changes", "deployments"),
    watched=("incidents", "rollbacks", "defects"),
    caveats=(
        "Small tiers vary by chance: a mean of 4 a week has a coefficient of 0.5 without any cause.",
        "Holidays count as instability.",
        "A trend counts too: throughput that doubles over half a year looks unstable.",
    ),
    examples=(
        Example(
            says="26 weeks with 1 and 3 validated changes in turn: mean 2, standard deviation 1.02.",
            start=date(2026, 6, 1),
            facts={
                "change_facts": [
                    {"merged_at": "2025-12-29 12:00", "validated": True},
                    *(
                        {
                            "merged_at": f"{date.fromordinal(date(2026, 6, 30).toordinal() - 7 * week)} 12:00",
                            "validated": True,
                        }
                        for week in range(26)
                        for _ in range(1 if week % 2 else 3)
                    ),
                ]
            },
            expect={"cv": (26 / 25) ** 0.5 / 2},
        ),
    ),
    revisions=(
        Revision(version="1.0.0", effective_at=date(2026, 11, 21), change="First version."),
        Revision(
            version="1.1.0",
            effective_at=date(2026, 11, 21),
            change="Provisional for as long as more than one in a hundred changes waits for deployment or its 14 days.",
        ),
    ),
)

"""The deploy wait stage of the lead time."""

from datetime import date

from metrics.model import Distribution, Example, Metric, Revision, Unfinished

METRIC = Metric(
    id="lead_time_deploy_wait",
    name="Waiting for deployment",
    side="lagging",
    parent="lead_time",
    place=60,
    unit="hours",
    direction="lower",
    formula=(
        "Hours from the merge of a change to the end of the first successful production deployment that holds it,"
        " for the changes deployed in the window: a stage of lead_time. The product-limit figures (km_p50, km_p90)"
        " take the cohort merged in the window instead: deployment ends a change, one not yet deployed counts for as"
        " long as it has been seen; services whose deployments nobody reports are left out of them."
    ),
    source="deployments and their links; change_facts.deploy_wait_seconds",
    estimators=(
        Distribution(
            fact="measured_changes",
            time="deployed_at",
            value="deploy_wait_seconds / 3600",
            unfinished=Unfinished(
                fact="measured_changes", start="merged_at", end="deployed_at", where="_deployments_watched"
            ),
        ),
    ),
    inputs=("changes", "deployments"),
    caveats=(
        (
            "Changes that never reach production by themselves (documentation, tests) wait for ever in the"
            " product-limit figures."
        ),
        (
            "The mean here is over the changes that have the stage; its share of the lead time is its total over all"
            " deployed changes."
        ),
    ),
    examples=(
        Example(
            says=(
                "Three changes waited 1, 5 and 9 hours; a fourth was merged and never deployed: of all four, half"
                " were deployed within 5 hours."
            ),
            facts={
                "change_facts": [
                    {"merged_at": "2026-01-05 09:00", "deployed_at": "2026-01-05 10:00", "deploy_wait_seconds": 3600},
                    {
                        "merged_at": "2026-01-05 09:00",
                        "deployed_at": "2026-01-05 14:00",
                        "deploy_wait_seconds": 5 * 3600,
                    },
                    {
                        "merged_at": "2026-01-05 09:00",
                        "deployed_at": "2026-01-05 18:00",
                        "deploy_wait_seconds": 9 * 3600,
                    },
                    {"merged_at": "2026-01-12 09:00"},
                ]
            },
            expect={"n": 3, "mean": 5.0, "p50": 5.0, "km_p50": 5.0, "km_p90": None},
        ),
    ),
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 20), change="First version."),),
)

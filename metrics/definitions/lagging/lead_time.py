"""Lead time of a change: first commit to running in production."""

from datetime import date

from metrics.model import Distribution, Example, Metric, Revision

METRIC = Metric(
    id="lead_time",
    name="Lead time for changes",
    side="lagging",
    place=20,
    headline=True,
    core=True,
    unit="hours",
    direction="lower",
    formula=(
        "Hours from the first commit of a change (its opening, where no commit is known) to the end of the first"
        " successful production deployment that holds it, for the changes deployed in the window. The six stages"
        " coding, draft, pickup, review, merge wait and deploy wait add up to it exactly. Changes by bots and"
        " changes that no deployment carried are left out."
    ),
    source=(
        "commits, changes, reviews, deployments and their links (DORA: lead time for changes);"
        " change_facts.lead_seconds"
    ),
    estimators=(Distribution(fact="measured_changes", time="deployed_at", value="lead_seconds / 3600"),),
    inputs=("changes", "deployments"),
    caveats=(
        (
            "Only what was deployed is here: a queue before production shows in the product-limit figures of"
            " lead_time_deploy_wait."
        ),
        (
            "A squash or a rebase can lose the first author date; the lead time then starts at the earliest commit"
            " that is left, or at opening."
        ),
        (
            "The link to a deployment is a guess where neither a link nor a sha exists (deploy_link says which);"
            " never to one more than 30 days off."
        ),
    ),
    paired_constraints=("speed_vs_escape", "median_vs_tail", "mixture_vs_tiers"),
    examples=(
        Example(
            says=(
                "Three changes deployed in January after 10, 20 and 60 hours; one merged but never deployed is not"
                " in it."
            ),
            facts={
                "change_facts": [
                    {"merged_at": "2026-01-05 09:00", "deployed_at": "2026-01-05 12:00", "lead_seconds": 10 * 3600},
                    {"merged_at": "2025-12-31 22:00", "deployed_at": "2026-01-01 08:00", "lead_seconds": 20 * 3600},
                    {"merged_at": "2026-01-07 09:00", "deployed_at": "2026-01-08 12:00", "lead_seconds": 60 * 3600},
                    {"merged_at": "2026-01-07 09:00"},
                ]
            },
            expect={"n": 3, "mean": 30.0, "p50": 20.0, "p90": 52.0},
        ),
    ),
    revisions=(
        Revision(version="1.0.0", effective_at=date(2026, 11, 20), change="First version: first commit to production."),
    ),
)

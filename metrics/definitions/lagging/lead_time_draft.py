"""The draft stage of the lead time."""

from datetime import date

from metrics.model import Distribution, Example, Metric, Revision

METRIC = Metric(
    id="lead_time_draft",
    name="Draft",
    side="lagging",
    parent="lead_time",
    place=20,
    unit="hours",
    direction="lower",
    formula=(
        "Hours from the opening of a change to its becoming ready for review, where it began as a draft, for the"
        " changes deployed in the window: a stage of lead_time. Only the first draft counts: turning a change back"
        " into a draft later keeps its clock running."
    ),
    source="change_events, changes; change_facts.draft_seconds",
    estimators=(Distribution(fact="measured_changes", time="deployed_at", value="draft_seconds / 3600"),),
    inputs=("changes", "deployments"),
    caveats=(
        "Teams differ in whether they open early as a draft or late as ready: compare a team with itself.",
        (
            "The mean here is over the changes that have the stage; its share of the lead time is its total over all"
            " deployed changes."
        ),
    ),
    examples=(
        Example(
            says=(
                "Of four changes deployed in January three have this stage, of 1, 5 and 9 hours; the fourth counts"
                " as nothing in it."
            ),
            facts={
                "change_facts": [
                    {"deployed_at": "2026-01-05 10:00", "draft_seconds": 3600},
                    {"deployed_at": "2026-01-05 14:00", "draft_seconds": 5 * 3600},
                    {"deployed_at": "2026-01-05 18:00", "draft_seconds": 9 * 3600},
                    {"deployed_at": "2026-01-05 18:00"},
                ]
            },
            expect={"n": 3, "mean": 5.0, "p50": 5.0, "p90": 8.2},
        ),
    ),
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 20), change="First version."),),
)

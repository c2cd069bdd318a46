"""Gate overrides: required gates that somebody set aside."""

from datetime import date

from metrics.model import Example, Metric, Part, Ratio, Revision

METRIC = Metric(
    id="gate_override_rate",
    side="leading",
    name="Gate override rate",
    place=150,
    unit="fraction",
    direction="lower",
    formula=(
        "Results of required gates that were overridden, divided by all results of required gates, by the run. A"
        " gate is required where a policy of the change's tier says so at that instant. Left out: changes by bots,"
        " and services from before their gates were watched."
    ),
    source="gate_results (outcome, ran_at), gate_policies; gate_facts",
    estimators=(
        Ratio(
            parts=(
                Part(
                    fact="gate_facts",
                    time="ran_at",
                    numerator="(outcome = 'overridden')::integer",
                    denominator="1",
                    where="_is_required and _gates_watched and _in_change_metrics",
                ),
            )
        ),
    ),
    inputs=("gate_results", "gate_policies"),
    watched=("gates",),
    caveats=(
        ("A gate that is no longer required cannot be overridden: read it beside the control changes."),
        "Running a gate more often dilutes it.",
    ),
    examples=(
        Example(
            says="One of five results of required gates was overridden; a gate that nobody requires does not count.",
            facts={
                "gate_facts": [
                    *({"ran_at": "2026-01-05 12:00", "outcome": "passed"} for _ in range(4)),
                    {"ran_at": "2026-01-05 12:00", "outcome": "overridden"},
                    {"ran_at": "2026-01-05 12:00", "outcome": "overridden", "_is_required": False},
                ]
            },
            expect={"rate": 0.2},
        ),
    ),
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 21), change="First version."),),
)

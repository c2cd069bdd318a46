"""Gate pass rate of AI-assisted changes."""

from datetime import date

from metrics.model import Example, Metric, Part, Ratio, Revision

METRIC = Metric(
    id="ai_gate_pass_rate",
    side="leading",
    name="Gate pass rate of AI-assisted changes",
    place=30,
    headline=True,
    unit="fraction",
    direction="higher",
    formula=(
        "AI-assisted changes (assisted or authored) merged in the window whose required gates before the merge"
        " (pre_commit, pre_pr, pre_merge, by the gate policies of their tier) all passed, none overridden, with at"
        " most one review round, divided by all AI-assisted changes merged in it under such a policy. A missing"
        " result is not passed. Left out: changes by bots, changes without a policy in force, changes whose review"
        " rounds cannot be told, and services from before their gates were watched."
    ),
    source="gate_results, gate_policies, reviews, commits, changes (ai_use); change_facts.gates_passed, review_rounds",
    estimators=(
        Ratio(
            parts=(
                Part(
                    fact="measured_changes",
                    time="merged_at",
                    numerator="(gates_passed and review_rounds <= 1)::integer",
                    denominator="1",
                    where=("ai_use in ('assisted', 'authored') and gates_passed is not null and _gates_watched"),
                ),
            ),
        ),
    ),
    inputs=("changes", "gate_results", "gate_policies"),
    watched=("gates",),
    caveats=(
        ("Rises when a gate is dropped or weakened: read it beside the validated share of what passed."),
        ("What counts as AI-assisted is read from the change: use that leaves no trace counts as none."),
        ("Loosening a policy changes what passing means: control_changes lists when that happened."),
    ),
    paired_constraints=("gates_vs_stability",),
    examples=(
        Example(
            says=(
                "Of four AI-assisted changes two passed with at most one review round, one failed a gate and one"
                " went round twice; one without a policy and one without AI are not judged."
            ),
            facts={
                "change_facts": [
                    {"merged_at": "2026-01-05 12:00", "ai_use": "assisted", "gates_passed": True, "review_rounds": 0},
                    {"merged_at": "2026-01-05 12:00", "ai_use": "authored", "gates_passed": True, "review_rounds": 1},
                    {"merged_at": "2026-01-06 12:00", "ai_use": "assisted", "gates_passed": False, "review_rounds": 0},
                    {"merged_at": "2026-01-06 12:00", "ai_use": "assisted", "gates_passed": True, "review_rounds": 2},
                    {"merged_at": "2026-01-06 12:00", "ai_use": "assisted", "review_rounds": 0},
                    {"merged_at": "2026-01-06 12:00", "ai_use": "none", "gates_passed": True, "review_rounds": 0},
                ]
            },
            expect={"rate": 0.5},
        ),
    ),
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 21), change="First version."),),
)

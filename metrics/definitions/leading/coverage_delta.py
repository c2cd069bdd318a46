"""Coverage delta: what changes do to the coverage of critical paths."""

from datetime import date

from metrics.model import Distribution, Example, Metric, Revision

METRIC = Metric(
    id="coverage_delta",
    side="leading",
    name="Coverage delta",
    place=145,
    unit="percentage points",
    direction="higher",
    formula=(
        "Change of test coverage on critical paths that a change brings, in percentage points, as the last gate that"
        " measured it before the merge says, for the changes merged in the window. Left out: changes by bots, and"
        " changes for which no gate measured it."
    ),
    source="gate_results (coverage_delta, ran_at); change_gate_facts",
    estimators=(
        Distribution(
            fact="change_gate_facts",
            time="merged_at",
            value="coverage_delta",
            where="_in_change_metrics",
            first_bin=0.01,
            is_signed=True,
        ),
    ),
    inputs=("gate_results",),
    caveats=(
        ("Coverage says what was executed, not what was checked: read flaky_test_rate and escaped_defects beside it."),
        ("Mostly zero: the mean and the tails tell more than the median."),
        ("Deleting uncovered code raises it, which is as it should be."),
    ),
    paired_constraints=("coverage_vs_signal",),
    examples=(
        Example(
            says="Of four changes one raised coverage by 2 points, one lowered it by 1.",
            facts={
                "change_gate_facts": [
                    {"merged_at": "2026-01-05 12:00", "coverage_delta": delta} for delta in (2.0, 0.0, 0.0, -1.0)
                ]
            },
            expect={"n": 4, "mean": 0.25, "p50": 0.0, "p90": 1.4},
        ),
    ),
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 21), change="First version."),),
)

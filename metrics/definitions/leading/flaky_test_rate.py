"""Flaky tests: runs whose result says nothing."""

from datetime import date

from metrics.model import Example, Metric, Part, Ratio, Revision

METRIC = Metric(
    id="flaky_test_rate",
    side="leading",
    name="Flaky test rate",
    place=70,
    headline=True,
    unit="fraction",
    direction="lower",
    formula=(
        "Test runs marked as flaky (passed and failed on the same code) divided by all test runs, by the run. Left"
        " out: services from before their tests were watched."
    ),
    source="test_runs (is_flaky, ran_at); test_run_facts",
    estimators=(
        Ratio(
            parts=(
                Part(
                    fact="test_run_facts",
                    time="ran_at",
                    numerator="is_flaky::integer",
                    denominator="1",
                    where="_tests_watched",
                ),
            )
        ),
    ),
    inputs=("test_runs",),
    watched=("tests",),
    caveats=(
        ("Only what the source marks: a suite that is never run twice on the same code shows no flakiness."),
        ("Retries hide it: where only the last attempt is reported, it is too low."),
    ),
    paired_constraints=("coverage_vs_signal",),
    examples=(
        Example(
            says="One flaky run among eight.",
            facts={
                "test_run_facts": [
                    *({"ran_at": "2026-01-05 12:00"} for _ in range(7)),
                    {"ran_at": "2026-01-06 12:00", "is_flaky": True},
                    {"ran_at": "2026-01-06 12:00", "is_flaky": True, "_tests_watched": False},
                ]
            },
            expect={"rate": 0.125},
        ),
    ),
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 21), change="First version."),),
)

"""Cycle time of a change: opened to merged."""

from datetime import date

from metrics.model import Distribution, Example, Metric, Revision, Unfinished

METRIC = Metric(
    id="pr_cycle_time",
    name="Cycle time of changes",
    side="lagging",
    place=10,
    headline=True,
    core=True,
    unit="hours",
    direction="lower",
    formula=(
        "Hours from the opening of a change to its merge, for the changes merged in the window. Time as a draft"
        " counts; changes by bots and changes closed without a merge are left out. The product-limit figures"
        " (km_p50, km_p90) take the cohort opened in the window instead: merge or close ends a change, an open one"
        " counts for as long as it has been seen."
    ),
    source="changes (opened_at, merged_at), change_events where they disagree; change_facts.cycle_seconds",
    estimators=(
        Distribution(
            fact="measured_changes",
            time="merged_at",
            value="cycle_seconds / 3600",
            unfinished=Unfinished(fact="measured_changes", start="opened_at", end="coalesce(merged_at, closed_at)"),
        ),
    ),
    caveats=(
        "Elapsed time, nights and weekends included: it is waiting, not labour, and is never priced.",
        (
            "What is still open is not in the window of merges: read km_p50 beside p50 where the note says that"
            " unfinished work flatters."
        ),
        "Splitting changes makes each faster and nothing better: read throughput and change_size beside it.",
    ),
    paired_constraints=(
        "speed_vs_escape",
        "median_vs_tail",
        "mixture_vs_tiers",
        "speed_vs_review",
        "stability_regression",
    ),
    examples=(
        Example(
            says=(
                "Four changes merged after 2, 4, 6 and 30 hours; one more, opened in the same month, is still open;"
                " a bot's does not count."
            ),
            facts={
                "change_facts": [
                    {"opened_at": "2026-01-05 09:00", "merged_at": "2026-01-05 11:00", "cycle_seconds": 2 * 3600},
                    {"opened_at": "2026-01-06 09:00", "merged_at": "2026-01-06 13:00", "cycle_seconds": 4 * 3600},
                    {"opened_at": "2026-01-07 09:00", "merged_at": "2026-01-07 15:00", "cycle_seconds": 6 * 3600},
                    {"opened_at": "2026-01-08 09:00", "merged_at": "2026-01-09 15:00", "cycle_seconds": 30 * 3600},
                    {"opened_at": "2026-01-20 09:00", "state": "open"},
                    {
                        "opened_at": "2026-01-05 09:00",
                        "merged_at": "2026-01-05 09:05",
                        "cycle_seconds": 300,
                        "author_kind": "bot",
                    },
                ]
            },
            expect={
                "n": 4,
                "mean": 10.5,
                "p50": 5.0,
                "p75": 12.0,
                "p90": 22.8,
                "p95": 26.4,
                "km_p50": 6.0,
                "km_p90": None,
            },
        ),
    ),
    revisions=(
        Revision(
            version="1.0.0", effective_at=date(2026, 11, 20), change="First version: wall clock from opening to merge."
        ),
    ),
)

"""Code rework rate: lines that change recent lines again."""

from datetime import date

from metrics.model import Example, Metric, Part, Ratio, Revision

METRIC = Metric(
    id="code_rework_rate",
    side="lagging",
    name="Code rework rate",
    place=151,
    unit="fraction",
    direction="lower",
    formula=(
        "Lines that change again what was written within 21 days before, divided by all lines added and deleted,"
        " over the commits whose source gives the former, by the commit. Left out: commits without that figure or"
        " without lines, and those of changes by bots."
    ),
    source="commits (rework_lines, additions, deletions); commit_rework_facts",
    estimators=(
        Ratio(
            counts_events=False,
            parts=(
                Part(
                    fact="commit_rework_facts",
                    time="committed_at",
                    numerator="least(rework_lines, lines)",
                    denominator="lines",
                    where="_in_change_metrics and lines > 0",
                ),
            ),
        ),
    ),
    inputs=("commits",),
    caveats=(
        ("Needs a source that follows lines through history: few do, and they differ in what counts as the same line."),
        ("Work in progress that is revised within one change counts as rework where the source looks at every commit."),
    ),
    examples=(
        Example(
            says="Of 400 lines in two commits 100 change recent lines again.",
            facts={
                "commit_rework_facts": [
                    {"committed_at": "2026-01-05 12:00", "lines": 300, "rework_lines": 100},
                    {"committed_at": "2026-01-06 12:00", "lines": 100, "rework_lines": 0},
                ]
            },
            expect={"rate": 0.25},
        ),
    ),
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 21), change="First version."),),
)

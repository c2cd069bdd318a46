"""Defect escape rate: the share of defects that were found in production."""

from datetime import date

from metrics.model import Example, Metric, Part, Ratio, Revision

METRIC = Metric(
    id="defect_escape_rate",
    name="Defect escape rate",
    side="lagging",
    place=125,
    unit="fraction",
    direction="lower",
    formula=(
        "Defects found in production divided by all defects found, by the opening of the defect. Left out: services"
        " from before their defects were watched."
    ),
    source="defects (found_in, opened_at); defect_facts",
    estimators=(
        Ratio(
            parts=(
                Part(
                    fact="defect_facts",
                    time="opened_at",
                    numerator="(found_in = 'production')::integer",
                    denominator="1",
                    where="_defects_watched",
                ),
            ),
        ),
    ),
    inputs=("defects",),
    watched=("defects",),
    caveats=(
        (
            "Falls when more is filed before production, whatever happens in it: never a guardrail. escaped_defects"
            " is the one that is judged."
        ),
    ),
    examples=(
        Example(
            says="Three of twelve defects were found in production.",
            facts={
                "defect_facts": [
                    *({"opened_at": "2026-01-05 12:00", "found_in": "pre_production"} for _ in range(9)),
                    *({"opened_at": "2026-01-06 12:00", "found_in": "production"} for _ in range(3)),
                    {"opened_at": "2026-01-06 12:00", "found_in": "production", "_defects_watched": False},
                ]
            },
            expect={"rate": 0.25},
        ),
    ),
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 20), change="First version."),),
)

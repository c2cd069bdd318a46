"""Adoption coverage: active repositories that are onboarded."""

from datetime import date

from metrics.model import Example, Metric, Revision, Stock

METRIC = Metric(
    id="adoption_coverage",
    side="leading",
    name="Adoption coverage",
    place=20,
    headline=True,
    unit="fraction",
    direction="context",
    formula=(
        "Onboarded repositories divided by active ones, at the end of the window (at the cut, while it runs). Active"
        " is a repository with a change merged in the 90 days before, in the tier of that change; merges by bots do"
        " not make one active. Onboarded repositories that are not active are left out."
    ),
    source="onboardings, changes (merged_at); activity_facts",
    estimators=(
        Stock(
            fact="activity_facts",
            start="active_from",
            end="active_until",
            numerator="coalesce(onboarded_at <= moment, false)::integer",
        ),
    ),
    inputs=("onboardings", "changes"),
    caveats=(
        "Onboarded is what the register says, not what people do.",
        (
            "Archiving idle repositories changes nothing, as they are not active; a repository that moves between"
            " tiers may be active in both for 90 days."
        ),
    ),
    examples=(
        Example(
            says=(
                "Of three repositories active at the end of January one was onboarded by then; a fourth had gone quiet."
            ),
            facts={
                "activity_facts": [
                    {
                        "_repo": 1,
                        "active_from": "2026-01-05 12:00",
                        "active_until": "2026-04-05 12:00",
                        "onboarded_at": "2026-01-20 12:00",
                    },
                    {
                        "_repo": 2,
                        "active_from": "2026-01-05 12:00",
                        "active_until": "2026-04-05 12:00",
                        "onboarded_at": "2026-02-20 12:00",
                    },
                    {"_repo": 3, "active_from": "2026-01-05 12:00", "active_until": "2026-04-05 12:00"},
                    {
                        "_repo": 4,
                        "active_from": "2025-09-05 12:00",
                        "active_until": "2026-01-05 12:00",
                        "onboarded_at": "2025-10-05 12:00",
                    },
                ]
            },
            expect={"rate": 1 / 3},
        ),
    ),
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 21), change="First version."),),
)

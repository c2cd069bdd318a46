"""Exception load: exceptions in force."""

from datetime import date

from metrics.model import Example, Metric, Revision, Stock

METRIC = Metric(
    id="exception_load",
    side="leading",
    name="Exceptions in force",
    place=160,
    unit="count",
    direction="lower",
    formula=(
        "Exceptions granted and not closed at the end of the window (at the cut, while it runs), expired ones"
        " included until somebody closes them; in the tier that they name, else in that of their repository."
    ),
    source="exceptions (granted_at, closed_at); exception_facts",
    estimators=(Stock(fact="exception_facts", start="granted_at", end="closed_at"),),
    inputs=("exceptions",),
    caveats=(
        "Counts what is written down: work around a policy without an exception is not here.",
        "One wide exception counts like one narrow one.",
    ),
    examples=(
        Example(
            says="Two of three exceptions are in force at the end of January.",
            facts={
                "exception_facts": [
                    {"granted_at": "2026-01-05 12:00", "expires_at": "2026-03-01 00:00"},
                    {"granted_at": "2026-01-05 12:00", "expires_at": "2026-01-10 00:00"},
                    {
                        "granted_at": "2026-01-05 12:00",
                        "expires_at": "2026-03-01 00:00",
                        "closed_at": "2026-01-20 12:00",
                    },
                    {"granted_at": "2026-02-05 12:00", "expires_at": "2026-03-01 00:00"},
                ]
            },
            expect={"count": 2},
        ),
    ),
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 21), change="First version."),),
)

"""Overdue exceptions: past their end, or never looked at."""

from datetime import date

from metrics.model import Example, Metric, Revision, Stock

METRIC = Metric(
    id="exception_overdue",
    side="leading",
    name="Overdue exceptions",
    place=170,
    unit="fraction",
    direction="lower",
    formula=(
        "Of the exceptions in force at the end of the window (granted, not closed), the share that is past its"
        " expiry or was never reviewed until then."
    ),
    source="exceptions (expires_at, closed_at, reviewed_at); exception_facts",
    estimators=(
        Stock(
            fact="exception_facts",
            start="granted_at",
            end="closed_at",
            numerator="(expires_at <= moment or coalesce(reviewed_at > moment, true))::integer",
        ),
    ),
    inputs=("exceptions",),
    targets={1: 0.0, 2: 0.0, 3: 0.0, 4: 0.0},
    caveats=(
        (
            "Target: none, as an exception names its own end; one that outlives it is a change of policy that nobody"
            " decided."
        ),
        "reviewed_at is the last review: of an earlier window it says only whether that last one had happened.",
    ),
    examples=(
        Example(
            says="Of four exceptions in force one has expired and one was never reviewed.",
            facts={
                "exception_facts": [
                    {
                        "granted_at": "2026-01-05 12:00",
                        "expires_at": "2026-03-01 00:00",
                        "reviewed_at": "2026-01-10 12:00",
                    },
                    {
                        "granted_at": "2026-01-05 12:00",
                        "expires_at": "2026-03-01 00:00",
                        "reviewed_at": "2026-01-12 12:00",
                    },
                    {
                        "granted_at": "2026-01-05 12:00",
                        "expires_at": "2026-01-15 00:00",
                        "reviewed_at": "2026-01-10 12:00",
                    },
                    {"granted_at": "2026-01-05 12:00", "expires_at": "2026-03-01 00:00"},
                ]
            },
            expect={"rate": 0.5},
        ),
    ),
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 21), change="First version."),),
)

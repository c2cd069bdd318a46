"""Context drift: signs that the shared context no longer fits the code."""

from datetime import date

from metrics.model import Example, Metric, Part, Ratio, Revision

METRIC = Metric(
    id="context_drift",
    side="leading",
    name="Context drift",
    place=80,
    headline=True,
    unit="per 100 AI-assisted changes",
    direction="lower",
    formula=(
        "Context signals (context_mismatch, version_misalignment, stale_doc, boundary_violation) that occurred in"
        " the window per 100 AI-assisted changes (assisted or authored) merged in it; by kind of signal over the"
        " same changes. Changes by bots are left out."
    ),
    source="context_signals (kind, occurred_at), changes (ai_use); signal_facts, change_facts",
    estimators=(
        Ratio(
            kind="events",
            scale=100.0,
            parts=(
                Part(
                    fact="measured_changes",
                    time="merged_at",
                    denominator="1",
                    where="ai_use in ('assisted', 'authored')",
                ),
                Part(fact="signal_facts", time="occurred_at", numerator="1", category="kind"),
            ),
        ),
    ),
    inputs=("context_signals", "changes"),
    caveats=(
        ("Counts what somebody or something reports: a new detector raises it without any drift."),
        ("A signal stands in the week in which it occurred, its change in that of its merge."),
    ),
    examples=(
        Example(
            says="Three signals in a month with 50 AI-assisted changes.",
            facts={
                "change_facts": [
                    *({"merged_at": "2026-01-05 12:00", "ai_use": "assisted"} for _ in range(50)),
                    {"merged_at": "2026-01-05 12:00"},
                ],
                "signal_facts": [
                    {"occurred_at": "2026-01-05 12:00", "kind": "stale_doc"},
                    {"occurred_at": "2026-01-05 12:00", "kind": "stale_doc"},
                    {"occurred_at": "2026-01-05 12:00", "kind": "context_mismatch"},
                ],
            },
            expect={"rate": 6.0},
        ),
        Example(
            says="Two of them say that a document is stale.",
            segment_kind="category",
            segment="stale_doc",
            facts={
                "change_facts": [{"merged_at": "2026-01-05 12:00", "ai_use": "assisted"} for _ in range(50)],
                "signal_facts": [
                    {"occurred_at": "2026-01-05 12:00", "kind": "stale_doc"},
                    {"occurred_at": "2026-01-05 12:00", "kind": "stale_doc"},
                    {"occurred_at": "2026-01-05 12:00", "kind": "context_mismatch"},
                ],
            },
            expect={"rate": 4.0},
        ),
    ),
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 21), change="First version."),),
)

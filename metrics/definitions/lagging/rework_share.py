"""Rework share: how much of what is merged repairs earlier work."""

from datetime import date

from metrics.model import Example, Metric, Part, Ratio, Revision

METRIC = Metric(
    id="rework_share",
    name="Rework share",
    side="lagging",
    place=150,
    unit="fraction",
    direction="lower",
    formula=(
        "Of the lines changed by changes merged in the window, the share in changes that repair earlier work:"
        " reverts, hotfixes, and fixes of defects that had escaped to production (`rate`); the same share of the"
        " changes themselves (`rate_changes`). Left out: changes by bots, and from `rate` those whose size is"
        " unknown."
    ),
    source="changes (additions, deletions, kind, reverts_change_id, fixes_defect_id), defects; change_facts.is_rework",
    estimators=(
        Ratio(
            counts_events=False,
            parts=(
                Part(
                    fact="measured_changes",
                    time="merged_at",
                    numerator="case when is_rework then size_lines else 0 end",
                    denominator="size_lines",
                    where="size_lines is not null",
                ),
            ),
        ),
        Ratio(
            statistic="rate_changes",
            parts=(Part(fact="measured_changes", time="merged_at", numerator="is_rework::integer", denominator="1"),),
        ),
    ),
    caveats=(
        (
            "One of four meanings of rework: code_rework_rate looks at lines, deployment_rework_rate at deployments,"
            " review rounds at reviews."
        ),
        "A fix is only known as one where it names its defect (fixes_defect_id), or its kind is hotfix or revert.",
        "A single large revert weighs by its lines: read rate_changes beside rate.",
    ),
    paired_constraints=("throughput_vs_rework",),
    examples=(
        Example(
            says=(
                "Of 400 lines merged in four changes, one revert holds 100; a fifth change of unknown size counts"
                " among the changes only."
            ),
            facts={
                "change_facts": [
                    {"merged_at": "2026-01-05 12:00", "size_lines": 50, "is_rework": False},
                    {"merged_at": "2026-01-05 12:00", "size_lines": 100, "is_rework": False},
                    {"merged_at": "2026-01-05 12:00", "size_lines": 150, "is_rework": False},
                    {"merged_at": "2026-01-06 12:00", "size_lines": 100, "is_rework": True, "rework_reason": "revert"},
                    {"merged_at": "2026-01-06 12:00", "is_rework": False},
                ]
            },
            expect={"rate": 0.25, "rate_changes": 0.2},
        ),
    ),
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 20), change="First version."),),
)

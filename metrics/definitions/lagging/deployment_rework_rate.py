"""Deployment rework rate: production deployments that only repair."""

from datetime import date

from metrics.definitions.conditions import FINISHED_IN_PRODUCTION
from metrics.model import Example, Metric, Part, Ratio, Revision

METRIC = Metric(
    id="deployment_rework_rate",
    side="lagging",
    name="Deployment rework rate",
    place=152,
    unit="fraction",
    direction="lower",
    formula=(
        "Production deployments of kind hotfix (unplanned, to fix a defect that users face), divided by all"
        " production deployments that finished (success or failure), by the end of the deployment. Rollbacks are not"
        " repairs and count below the line only."
    ),
    source="deployments (kind) (DORA: deployment rework rate); deployment_facts",
    estimators=(
        Ratio(
            parts=(
                Part(
                    fact="deployment_facts",
                    time="_ended_at",
                    numerator="(kind = 'hotfix')::integer",
                    denominator="1",
                    where=FINISHED_IN_PRODUCTION,
                ),
            ),
        ),
    ),
    inputs=("deployments",),
    caveats=(
        (
            "A hotfix is one where the source or the mapping rules of the workspace call it so; where neither does, the"
            " rate is zero and means nothing."
        ),
        ("DORA asks people for it in a survey: figures from there do not compare."),
    ),
    paired_constraints=("throughput_vs_rework",),
    examples=(
        Example(
            says="One hotfix among five production deployments.",
            facts={
                "deployment_facts": [
                    *({"_ended_at": "2026-01-05 12:00"} for _ in range(3)),
                    {"_ended_at": "2026-01-06 12:00", "kind": "hotfix"},
                    {"_ended_at": "2026-01-06 14:00", "kind": "rollback"},
                ]
            },
            expect={"rate": 0.2},
        ),
    ),
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 21), change="First version."),),
)

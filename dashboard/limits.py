"""What a reader limited to some teams does not see: conditions on the views of a snapshot, one table after the other.

They lie beneath every query, so that no page, filter or address can reach around them. A tier's figures belong to the
whole organisation and stay, except those of a tier in which a single other team works: they are that team's figures.
"""

from collections.abc import Sequence

from schemas.quoting import literal

OWN_REPOSITORIES = "_own_repositories"
"""A view of the repo_ids and services of the reader's teams."""
TIERS_OF_ONE_OTHER = "_tiers_of_one_other"
"""A view of the tiers in which one team works that is none of the reader's."""
FINDINGS_ABOUT_TIERS = ("failure_mode", "risk_staging", "stage_gate", "undecided_violation", "verdict")
"""Findings of the other kinds name repositories, services and exceptions."""
REGISTERS_SHOWN = (
    "register_control_changes",
    "register_decisions",
    "register_exceptions",
    "register_phase_decisions",
)
"""Registers that pages show; whatever else a snapshot keeps may name teams."""
IN_BRACKETS = (
    *(("stage_gates", "evidence"), ("stage_gates", "note"), ("findings", "reason")),
    *(("phase_checklists", "evidence"), ("phase_checklists", "note")),
)
BY_TIER = (
    "baselines",
    "comparisons",
    "control_effects",
    "failure_modes",
    "findings",
    "link_counts",
    "metric_values",
    "phase_checklists",
    "recommendations",
    "stage_gates",
    "verdicts",
)


def condition(table: str, teams: Sequence[str]) -> str:
    """The rows of a table that readers of some teams may see, as SQL; `true` where it holds nothing of a team's."""
    if table.startswith("register_") and table not in REGISTERS_SHOWN:
        return "false"
    own_team = f"team in ({_listed(teams)})"
    own_repository = f"repo_id in (select repo_id from {OWN_REPOSITORIES})"
    own = {
        "metric_values": _by_segment(teams),
        "comparisons": _by_segment(teams),
        "recommendations": f"segment_kind = 'all' or (segment_kind = 'team' and segment in ({_listed(teams)}))",
        "change_facts": own_team,
        "deployment_facts": own_team,
        "slowest_changes": own_team,
        "repo_dimension": own_team,
        "incident_facts": f"{own_repository} or service in (select service from {OWN_REPOSITORIES})",
        "register_exceptions": f"repo_id is null or {own_repository}",
        "findings": f"kind in ({_listed(FINDINGS_ABOUT_TIERS)})",
    }.get(table, "true")
    if table in BY_TIER:
        return f"({own}) and (tier is null or tier not in (select tier from {TIERS_OF_ONE_OTHER}))"
    return own


def column(table: str, name: str) -> str:
    """A column as such readers see it, as SQL: what stands in brackets there names repositories and services."""
    if (table, name) in IN_BRACKETS:
        return f"regexp_replace({name}, ' ?\\([^()]*\\)', '', 'g')"
    return f'"{name}"'


def helpers(teams: Sequence[str], repositories: str, values: str) -> list[str]:
    """The views that conditions lean on.

    Args:
        teams: the reader's.
        repositories: a relation with repo_id, service and team.
        values: the unlimited relation of metric values.
    """
    listed = _listed(teams)
    return [
        f"create view {OWN_REPOSITORIES} as"
        f" select distinct repo_id, service from {repositories} where team in ({listed})",
        f"""create table {TIERS_OF_ONE_OTHER} as select tier from {values}
            where segment_kind = 'team' and grain = 'quarter' and metric = 'throughput' and tier <> 'all'
            group by tier
            having count(distinct segment) filter (where segment not in ({listed})) = 1
                and count(distinct segment) filter (where segment in ({listed})) = 0""",
    ]


def _by_segment(teams: Sequence[str]) -> str:
    return (
        f"segment_kind not in ('team', 'repo') or (segment_kind = 'team' and segment in ({_listed(teams)}))"
        f" or (segment_kind = 'repo' and segment in (select repo_id from {OWN_REPOSITORIES}))"
    )


def _listed(values: Sequence[str]) -> str:
    """Literals for `in (…)`; nothing is in a list of null alone."""
    return ", ".join(literal(value) for value in values) or "null"

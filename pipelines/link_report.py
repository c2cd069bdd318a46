"""What share of records was linked by which method at the last build, and what would raise it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from metrics.link_methods import METHODS, TABLE
from schemas.snapshot import SnapshotFolder
from schemas.workspace import Links, Workspace

MATTERS = 0.02
"""A share below this is not worth advice."""

WORDS = {
    "explicit": "explicit",
    "sha": "by commit",
    "next_deployment": "by time (the next deployment)",
    "waiting": "not deployed yet",
    "names_deployment": "names a deployment",
    "names_change": "names a change",
    "window": "by time (a deployment shortly before)",
    "latest": "by time (the latest release)",
    "unknown_name": "names something unknown",
    "none": "not linked",
}
"""The methods as people read them."""

SAY_WHAT_IS_DEPLOYED = (
    "let the pipeline say which changes a deployment holds (deployment_changes; change_ids to serve-hooks), or which"
    " commit it deploys (sha)"
)
UNKNOWN = "load or pull what they name, or write its id as the event tables have it"
ADVICE = {
    ("changes", "next_deployment"): SAY_WHAT_IS_DEPLOYED,
    ("changes", "none"): "no deployment of their service began within {days} days: record its deployments, see that"
    " its environment counts as production (`plumbline doctor`), or raise links.deploy_link_days",
    ("deployments", "next_deployment"): SAY_WHAT_IS_DEPLOYED,
    ("deployments", "none"): "they hold no change that is known: read the repositories that are deployed there, and"
    " give both the same service",
    ("incidents", "window"): "name the deployment or the change in the incident (caused_by_deployment_id,"
    " caused_by_change_id)",
    ("incidents", "unknown_name"): UNKNOWN,
    ("incidents", "none"): "no deployment of their service ended within {hours} h before: give incidents and"
    " deployments the same service (`plumbline doctor` names those that differ), or name the deployment",
    ("rollbacks", "latest"): "name the deployment that was rolled back (rolled_back_deployment_id)",
    ("rollbacks", "unknown_name"): UNKNOWN,
    ("rollbacks", "none"): "no release of their service was recorded before: record its deployments",
    ("defects", "unknown_name"): UNKNOWN,
    ("defects", "none"): "write into the defect which change caused it: a line `Caused by: #12`, the tracker's field,"
    " or caused_by_change_id",
}
"""What would turn a weak link into a strong one."""


@dataclass(frozen=True)
class Method:
    """Units of a kind that were linked in one way."""

    method: str
    units: int
    share: float


@dataclass(frozen=True)
class LinkReport:
    """A kind of record: how many, by method, and what would link more of them, most first."""

    kind: str
    units: int
    methods: tuple[Method, ...]
    advice: tuple[str, ...]

    def as_facts(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self)


def link_reports(workspace: Workspace) -> list[LinkReport]:
    """The kinds of which the newest snapshot holds any; none before the first build, or of an older version's."""
    folder = SnapshotFolder(workspace.state)
    manifest = folder.current()
    table = manifest.tables.get(TABLE) if manifest else None
    if table is None or table.rows == 0:
        return []
    import duckdb

    with duckdb.connect() as connection:
        rows = connection.execute(
            f"select kind, method, units, service, service_units from {folder.relation(table)}"
        ).fetchall()
    kinds = {row[0] for row in rows}
    return [
        _report(kind, [row[1:] for row in rows if row[0] == kind], workspace.links) for kind in METHODS if kind in kinds
    ]


def _report(kind: str, rows: list[tuple[Any, ...]], links: Links) -> LinkReport:
    units = sum(row[1] for row in rows)
    by_method = {row[0]: row for row in rows}
    methods = [
        Method(name, by_method[name][1], by_method[name][1] / units) for name in METHODS[kind] if name in by_method
    ]
    weak = sorted((each for each in methods if (kind, each.method) in ADVICE), key=lambda each: -each.units)
    advice = []
    for each in weak:
        if each.share < MATTERS:
            continue
        _, _, service, service_units = by_method[each.method]
        what = ADVICE[kind, each.method].format(days=links.deploy_link_days, hours=links.incident_attribution_hours)
        most = "all" if service_units == each.units else f"{service_units or 0:,} of them"
        place = f", {most} in {service}" if service else ""
        advice.append(f"{each.units:,} {WORDS[each.method]}{place}: {what}")
    return LinkReport(kind, units, tuple(methods), tuple(advice))


def link_lines(reports: list[dict[str, Any]]) -> list[str]:
    """The reports, as facts, in lines of text."""
    lines = []
    for report in reports:
        shares = ", ".join(f"{WORDS[each['method']]} {_percent(each['share'])}" for each in report["methods"])
        lines.append(f"  {report['kind']} ({report['units']:,}): {shares}")
        lines += [f"    → {each}" for each in report["advice"]]
    return lines


def _percent(share: float) -> str:
    return "under 1 %" if 0 < share < 0.01 else f"{share:.0%}".replace("%", " %")

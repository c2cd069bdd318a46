"""Counts of records by service and kind at the cut: what findings about silence and data quality are made from."""

from datetime import datetime

import polars as pl

from metrics.facts.cut import cut_query
from metrics.facts.sql import timestamp
from metrics.findings.on_records import WEEKS_BEFORE, WEEKS_RECENT
from pipelines.build_store import BuildStore
from pipelines.merges_by_service import merges_by_service
from schemas.events import all_tables
from schemas.sql import text_hash_sql

KINDS = {
    "deployments": "select service, tier, coalesce(finished_at, started_at) as happened_at from deployment_facts",
    "incidents": "select service, tier, opened_at as happened_at from incident_facts",
    "defects": "select null, null, opened_at from defects_then",
    "gate results": "select null, null, ran_at from gate_results_then",
    "test runs": "select null, null, ran_at from test_runs_then",
    "reviews": "select null, null, submitted_at from reviews_then",
}
"""Of each kind of record but changes: its service and tier where it has one, and its instant."""
CHANGES = """
    select 'changes' as kind, service, max(tier)::varchar as tier, sum(recent)::bigint as recent,
        sum(before)::bigint as before, max(last_merged_at) as last_at
    from {merges} where last_merged_at is not null group by service
"""
WATCHED = ("incidents", "rollbacks", "defects")
UNEXPLAINED = """
    select case kind when 'hotfix' then 'hotfixes' else 'reverts' end as kind, tier, count(*) as total,
        count(*) filter (where fixes_defect_id is null) as without
    from (
        select f.kind, f.tier, c.fixes_defect_id
        from (select kind, tier, {change_key} as change_key from change_facts
            where kind in ('revert', 'hotfix') and merged_at >= {start} and merged_at < {end}
                and author_kind is distinct from 'bot') f
        join changes_then c using (change_key))
    where kind is not null and tier is not null group by all
    union all
    select 'incidents', tier, count(*), count(*) filter (where attribution = 'none') from incident_facts
    where opened_at >= {start} and opened_at < {end} and tier is not null group by all
"""
MONTHS = 3


def activity(build: BuildStore) -> pl.DataFrame:
    """Records per kind, and per kind and service, in the last four weeks and in the half year before."""
    cut = timestamp(build.cut.as_of)
    counts = f"""
        count(*) filter (where happened_at >= {cut} - interval {WEEKS_RECENT} weeks) as recent,
        count(*) filter (where happened_at < {cut} - interval {WEEKS_RECENT} weeks
            and happened_at >= {cut} - interval {WEEKS_RECENT + WEEKS_BEFORE} weeks) as before,
        max(happened_at) as last_at"""
    # One kind after the other: the facts' columns are counted as they lie, and only sums are brought together.
    by_service = CHANGES.format(merges=merges_by_service(build)) + "".join(
        f""" union all select '{kind}' as kind, service, max(tier)::varchar as tier, {counts}
            from ({query}) as t(service, tier, happened_at) where happened_at <= {cut} group by service"""
        for kind, query in _then(build).items()
    )
    return build.frame(f"""
        with counted as ({by_service})
        select kind, null as service, null as tier, sum(recent)::bigint as recent, sum(before)::bigint as before,
            max(last_at) as last_at from counted group by kind
        union all
        select * from counted where service is not null
        order by all""")


def unwatched(build: BuildStore) -> pl.DataFrame:
    """Services that deploy or merge, and of which the register `coverage` names nobody who watches; none without it."""
    coverage = build.frame(f"select kind, service from ({_cut(build, 'coverage')})")
    services = build.frame(
        "select service, max(tier)::varchar as tier, min(first_merged_at) as since"
        f" from {merges_by_service(build)} where first_merged_at is not null group by service order by service"
    )
    rows = []
    watched = {(row["kind"], row["service"]) for row in coverage.to_dicts()}
    for row in services.to_dicts() if watched else []:
        kinds = [kind for kind in WATCHED if not {(kind, None), (kind, row["service"])} & watched]
        if len(kinds) == len(WATCHED):
            rows.append(row | {"kinds": ", ".join(kinds)})
    schema = {"service": pl.String(), "tier": pl.String(), "since": pl.Datetime("us"), "kinds": pl.String()}
    return pl.DataFrame(rows, schema=schema, orient="row")


def unexplained(build: BuildStore, end: datetime) -> pl.DataFrame:
    """Reverts and hotfixes without a defect, incidents without a deployment, in the quarter before an instant."""
    start = f"({timestamp(end)} - interval {MONTHS} months)"
    query = UNEXPLAINED.format(end=timestamp(end), start=start, change_key=text_hash_sql("change_id"))
    rows = build.frame(query.replace("changes_then", f"({_cut(build, 'changes')})"))
    return rows.with_columns(pl.col("tier").cast(pl.String)).sort("kind", "tier")


def _then(build: BuildStore) -> dict[str, str]:
    """The queries of all kinds, over events as they stood at the cut."""
    found = {}
    for kind, query in KINDS.items():
        table = kind.replace(" ", "_")
        found[kind] = query.replace(f"{table}_then", f"({_cut(build, table)})")
    return found


def _cut(build: BuildStore, table: str) -> str:
    return cut_query(table, all_tables()[table], build.cut.as_of)

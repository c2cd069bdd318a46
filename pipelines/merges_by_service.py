"""When changes of each service were merged, counted once for all stages that ask which of them are at work.

Tiers of repositories, silence and coverage look at services. All of them would otherwise read the facts of changes.
"""

from metrics.facts.sql import timestamp
from metrics.findings.on_records import WEEKS_BEFORE, WEEKS_RECENT
from pipelines.build_store import BuildStore

TABLE = "merges_by_service"
MERGES = """
    create or replace temp table {table} as
    select repo_id, service, tier, min(merged_at) as first_merged_at, max(merged_at) as last_merged_at,
        count(*) filter (where merged_at >= {recent}) as recent,
        count(*) filter (where merged_at < {recent} and merged_at >= {before}) as before
    from change_facts group by repo_id, service, tier
"""


def merges_by_service(build: BuildStore) -> str:
    """The name of a relation with a row per repository, service and tier of its changes, whether merged or not.

    Columns: repo_id, service, tier, first_merged_at, last_merged_at (null where nothing was merged), and the merges of
    the recent weeks and of those before them, as findings about silence count them.
    """
    stand = (id(build.connection), build.cut, build.tables().get("change_facts"))
    return build.shared(TABLE, stand, lambda: _count(build))


def _count(build: BuildStore) -> str:
    cut = timestamp(build.cut.as_of)
    recent, before = (f"{cut} - interval {weeks} weeks" for weeks in (WEEKS_RECENT, WEEKS_RECENT + WEEKS_BEFORE))
    build.connection.execute(MERGES.format(table=TABLE, recent=recent, before=before))
    return TABLE

"""One version of each definition in a snapshot, and that one in its log: series of two versions look like a change."""

from collections.abc import Iterator

from pipelines.build_store import BuildStore

BEARING = {"metric_values": "metric", "comparisons": "metric", "verdicts": "constraint"}
"""Published tables whose rows name the definition and the version that they were made by."""
SHOWN = 3


def versions_in_force(build: BuildStore) -> dict[str, str]:
    """The newest version of every definition in the build's log, by id; empty without a log."""
    if "definition_log" not in build.tables():
        return {}
    # Of two versions of one day the higher number is the later: 1.10.0 comes after 1.9.0.
    number = "list_transform(string_split(version, '.'), part -> coalesce(try_cast(part as integer), 0))"
    query = (
        f"select id, arg_max(version, (effective_at, {number}, version)) from definition_log group by id order by id"
    )
    return dict(build.connection.execute(query).fetchall())


def mixed_versions(build: BuildStore) -> str | None:
    """What stands in two versions, or in one that the log does not have in force, in words; None where nothing does."""
    found = list(_faults(build))
    more = f", and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return f"{'; '.join(found[:SHOWN])}{more}" if found else None


def _faults(build: BuildStore) -> Iterator[str]:
    in_force = versions_in_force(build)
    selects = [
        f"select distinct '{column}' as kind, \"{column}\"::varchar as id, version::varchar as version from {table}"
        for table, column in BEARING.items()
        if table in build.tables()
    ]
    if not selects or not in_force:
        return
    rows = build.connection.execute(
        f"select kind, id, list(distinct version order by version) from ({' union all '.join(selects)}) group by all"
        " order by all"
    ).fetchall()
    for kind, id_, versions in rows:
        if versions != [in_force.get(id_)]:
            logged = f"the definition log has {in_force.get(id_, 'none')} in force"
            yield f"the {kind} {id_} stands in version {' and '.join(versions)}, {logged}"

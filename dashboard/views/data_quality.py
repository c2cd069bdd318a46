"""Data quality: what came in, what was turned away, and how surely things are linked."""

from collections.abc import Mapping
from datetime import UTC, datetime

import polars as pl

from dashboard.components import Cell, opening, paragraph, section, table
from dashboard.queries import TIERS, UNTIERED, freshness
from dashboard.record_queries import link_counts, orphans, quarantined
from dashboard.snapshots import Snapshot, age
from dashboard.views import Scene, View
from metrics.words import plural, share, tier_name

LINKS = {
    "explicit": "named by the source",
    "sha": "by its commit",
    "next_deployment": "the next of its service",
    "none": "not found",
}
EARLIER_VERSION = "This snapshot was made by an earlier version, which did not count them. Run `plumbline build`."
ATTRIBUTIONS = {
    "explicit": "named by the source",
    "window": "the last deployment before it, within the window",
    "none": "to no deployment",
}


def render(scene: Scene) -> None:
    """Draws the page."""
    snapshot = scene.snapshot
    rejected = quarantined(snapshot)
    opening(
        f"{snapshot.manifest.workspace} · as of {snapshot.as_of:%-d %b %Y}",
        _lead(snapshot, rejected),
        "What a figure cannot know, it should at least say.",
    )
    _freshness(snapshot)
    _quarantine(rejected, scene.reader.sees_rejected_values)
    _orphans(snapshot)
    _links(snapshot)
    _anomalies(snapshot)


def _lead(snapshot: Snapshot, rejected: pl.DataFrame) -> str:
    taken = sum(freshness(snapshot)["rows"].to_list())
    if not taken:
        return "Nothing has been loaded yet."
    if not len(rejected):
        return f"{taken:,} records came in, and none was turned away."
    offences = plural(int(rejected["rows"].sum()), "offence")
    return f"{taken:,} records came in; {offences} in {plural(rejected['table'].n_unique(), 'table')} kept rows out."


def _freshness(snapshot: Snapshot) -> None:
    rows = freshness(snapshot)
    section("Sources", "How fresh every stream of every source is. A source that dries up is not a quiet quarter.")
    if not len(rows):
        paragraph(
            "No source has delivered. Load files with `plumbline load DIR`, or configure a source in plumbline.toml."
        )
        return
    body = [
        [
            Cell(row["source"]),
            Cell(row["stream"]),
            Cell(f"{row['rows']:,}", is_number=True),
            Cell(_minute(row["last_record_at"])),
            Cell(f"{age(row['last_fetched_at'].replace(tzinfo=UTC))}" if row["last_fetched_at"] else "never"),
            Cell(
                row["state"],
                tone="holds" if row["state"] == "complete" else "at_risk",
                symbol="✓" if row["state"] == "complete" else "▲",
            ),
        ]
        for row in rows.iter_rows(named=True)
    ]
    table(["Source", "Stream", "Rows", "Newest record (UTC)", "Last read", "State"], body, "Freshness of sources")


def _minute(instant: datetime | None) -> str:
    return f"{instant:%Y-%m-%d %H:%M}" if instant else "–"


def _quarantine(rejected: pl.DataFrame, shows_values: bool) -> None:
    section("Turned away", "Rows that broke their schema; the good rows of the same file went in.")
    if not len(rejected):
        paragraph("None.")
        return
    body = [
        [
            Cell(row["table"]),
            Cell(row["column"]),
            Cell(row["reason"]),
            Cell(f"{row['rows']:,}", is_number=True),
            Cell(_example(row) if shows_values else "shown to owners"),
            Cell(row["source"]),
        ]
        for row in rejected.iter_rows(named=True)
    ]
    table(["Table", "Column", "Reason", "Rows", "Such as", "From"], body, "Quarantined rows by reason")


def _example(row: Mapping[str, object]) -> str:
    return f"{row['key'] or 'no key'}: {row['value'] if row['value'] is not None else 'empty'}"


def _orphans(snapshot: Snapshot) -> None:
    waiting = orphans(snapshot)
    if waiting is None:
        return
    section("Waiting for a parent", "Rows whose parent has not been seen; they join when it comes.")
    if not len(waiting):
        paragraph("None.")
        return
    body = [
        [Cell(row["table"]), Cell(row["column"]), Cell(row["parent"]), Cell(f"{row['rows']:,}", is_number=True)]
        for row in waiting.iter_rows(named=True)
    ]
    table(["Table", "Column", "Parent", "Rows"], body, "Orphans")


def _links(snapshot: Snapshot) -> None:
    """How changes were linked to deployments, and incidents to what caused them."""
    rows, found = link_counts(snapshot, "deploy_link"), link_counts(snapshot, "attribution")
    section("Links", "How merged changes found their deployment. The last ways are guesses, and said to be.")
    if rows is None or found is None:
        paragraph(EARLIER_VERSION)
        return
    if not len(rows):
        paragraph("No change was merged yet.")
        return
    body = []
    for tier in [tier for tier in (*TIERS, UNTIERED) if tier in set(rows["tier"])]:
        own = {row["code"]: row["rows"] for row in rows.iter_rows(named=True) if row["tier"] == tier}
        whole = sum(own.values())
        cells = [Cell(share(own.get(link, 0) / whole), is_number=True) for link in LINKS]
        body.append([Cell(tier_name(tier)), Cell(f"{whole:,}", is_number=True), *cells])
    table(["Tier", "Merged changes", *LINKS.values()], body, "Links of changes to deployments")
    counts = found.group_by("code").agg(pl.col("rows").sum()).sort("rows", descending=True)
    whole = int(counts["rows"].sum())
    if whole:
        told = "; ".join(
            f"{ATTRIBUTIONS.get(row['code'], row['code'])} {share(row['rows'] / whole)}"
            for row in counts.iter_rows(named=True)
        )
        paragraph(f"{plural(whole, 'incident')} put down to a deployment: {told}.", "note")


def _anomalies(snapshot: Snapshot) -> None:
    rows = link_counts(snapshot, "anomaly")
    section("Anomalies", "What had to be clamped or left out, so that no duration is negative or lost.")
    if rows is None:
        paragraph(EARLIER_VERSION)
        return
    if not len(rows):
        paragraph("None.")
        return
    counts = rows.group_by("code").agg(pl.col("rows").sum()).sort("rows", "code", descending=[True, False])
    body = [
        [Cell(row["code"].replace("_", " ")), Cell(f"{row['rows']:,}", is_number=True)]
        for row in counts.iter_rows(named=True)
    ]
    table(["Anomaly", "Changes"], body, "Anomalies")


VIEW = View(
    title="Data quality",
    path="data_quality",
    icon=":material/fact_check:",
    place=8,
    about="What came in, what was turned away, and how surely changes, deployments and incidents are linked.",
    render=render,
    needs_window=False,
)

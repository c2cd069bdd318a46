"""Sources that go stale, records that stop coming in, and records that explain nothing."""

from collections.abc import Collection
from datetime import datetime, timedelta

import polars as pl

from metrics.findings.model import Finding, day_of, severity_of, where
from metrics.words import plural

STALE_AFTER = timedelta(hours=48)
EXPECTED = 10.0
"""Where so many records were to be expected and none came (by chance once in 20,000), the records stopped."""
WEEKS_BEFORE, WEEKS_RECENT = 26, 4
FEWEST_REPAIRS, UNEXPLAINED = 10, 0.5
"""Repairs and incidents without a cause are a finding from so many, and from such a share, on."""


def source_findings(source_status: pl.DataFrame, sources: Collection[str], as_of: datetime) -> list[Finding]:
    """Configured sources of which some stream was not read for two days."""
    found = []
    for row in source_status.filter(pl.col("source").is_in(list(sources))).to_dicts():
        read = row["last_fetched_at"]
        if read is not None and read >= as_of - STALE_AFTER:
            continue
        since = f"not read since {day_of(read)}" if read else "never read to its end"
        found.append(
            Finding(
                finding_id=f"stale_source/{row['source']}/{row['stream']}",
                kind="stale_source",
                tier=None,
                subject=f"{row['source']}/{row['stream']}",
                severity="medium",
                opened_at=(read or as_of - STALE_AFTER) + STALE_AFTER,
                reason=f"{row['stream']} of {row['source']} was {since} (state: {row['state']});"
                " run `plumbline ingest`.",
            )
        )
    return found


def silence_findings(activity: pl.DataFrame, unwatched: pl.DataFrame) -> list[Finding]:
    """Services and kinds of record that stopped coming in, and services of which nothing is watched.

    Args:
        activity: columns kind, service (null: of the whole workspace), tier, before (records in the 26 weeks before the
            last 4), recent (in the last 4), last_at.
        unwatched: columns service, tier, since, kinds (what nothing watches).
    """
    found = []
    for row in activity.to_dicts():
        expected = row["before"] / WEEKS_BEFORE * WEEKS_RECENT
        if row["recent"] > 0 or expected < EXPECTED:
            continue
        whose = f"service {row['service']}" if row["service"] else "the workspace"
        found.append(
            Finding(
                finding_id="/".join(part for part in ("silence", row["kind"], row["service"]) if part),
                kind="silence",
                tier=row["tier"],
                subject=row["service"] or row["kind"],
                severity="high",
                opened_at=row["last_at"],
                reason=f"No {row['kind']} of {whose} since {day_of(row['last_at'])}, where some {expected:.0f}"
                " were to be expected; silence is not safety: see whether they stopped, or only their records.",
            )
        )
    for row in unwatched.to_dicts():
        found.append(
            Finding(
                finding_id=f"unwatched/{row['service']}",
                kind="silence",
                tier=row["tier"],
                subject=f"unwatched/{row['service']}",
                severity=severity_of(row["tier"], "high"),
                opened_at=row["since"],
                reason=f"Nothing watches {row['kinds']} of {row['service']}; its changes are in no rate that"
                " needs them.",
            )
        )
    return found


def quality_findings(quarantine: pl.DataFrame, unexplained: pl.DataFrame, settled: datetime) -> list[Finding]:
    """Rows that were set aside, and repairs and incidents that nothing explains.

    Args:
        quarantine: the published table.
        unexplained: columns kind (reverts, hotfixes, incidents), tier, total, without (a defect, or a deployment).
        settled: the end of the quarter that was counted.
    """
    found = [
        Finding(
            finding_id=f"quarantine/{table}",
            kind="data_quality",
            tier=None,
            subject=f"quarantine/{table}",
            severity="low",
            opened_at=rows["fetched_at"].sort().to_list()[0],
            reason=f"{plural(rows.height, 'row')} of {table} {'is' if rows.height == 1 else 'are'} in quarantine,"
            f" most for: {rows['reason'].mode().sort()[0]}.",
        )
        for (table,), rows in sorted(quarantine.group_by(["table"]), key=lambda item: str(item[0]))
    ]
    for row in unexplained.to_dicts():
        if row["total"] < FEWEST_REPAIRS or row["without"] / row["total"] < UNEXPLAINED:
            continue
        lacking = "deployment" if row["kind"] == "incidents" else "defect"
        found.append(
            Finding(
                finding_id=f"unexplained/{row['kind']}/{row['tier']}",
                kind="data_quality",
                tier=row["tier"],
                subject=f"unexplained/{row['kind']}/{row['tier']}",
                severity=severity_of(row["tier"], "medium"),
                opened_at=settled,
                reason=f"{row['without']} of {row['total']} {row['kind']} of the last quarter in {where(row['tier'])}"
                f" have no {lacking} behind them; what nobody writes down is in no rate.",
            )
        )
    return found

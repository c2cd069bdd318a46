"""Everything built so far → findings: what somebody has to look at."""

from collections.abc import Iterator

from metrics.calendar import Calendar
from metrics.findings.model import Finding, finding_rows
from metrics.findings.on_exceptions import exception_findings
from metrics.findings.on_records import quality_findings, silence_findings, source_findings
from metrics.findings.on_rollout import failure_mode_findings, risk_staging_findings, stage_gate_findings
from metrics.findings.on_verdicts import undecided_findings, verdict_findings
from pipelines.build_store import BuildStore
from pipelines.constraints_of import constraints_of
from pipelines.record_counts import activity, unexplained, unwatched
from pipelines.rollout_frames import most_critical_tiers, register, rollout_frames, tier_states
from pipelines.stage import Made, asset
from schemas.published.findings import Findings


@asset(
    deps=["verdicts", "failure_modes", "stage_gates", "decisions", "exceptions", "quarantine", "source_status"],
    group_name="verdicts",
    description=Findings.table_grain(),
    kinds={"parquet"},
)
def findings(build: BuildStore) -> Made:
    """Verdicts, decisions that are missing, failure modes, gates, exceptions, sources, silence and data quality."""
    table = build.write("findings", finding_rows(_found(build)), order_by=Findings.table_key())
    return Made({"rows": table.rows})


def _found(build: BuildStore) -> Iterator[Finding]:
    """Every finding at the cut."""
    calendar = Calendar(build.workspace.timezone, build.workspace.week_start)
    as_of, verdicts = build.cut.as_of, build.frame("select * from verdicts")
    settled = calendar.instant(calendar.floor(calendar.local_day(as_of), "quarter"))
    frames = rollout_frames(build)
    states = tier_states(build, frames)
    yield from verdict_findings(verdicts, calendar.instant)
    constraints = constraints_of(build.workspace)
    yield from undecided_findings(verdicts, register(build, "decisions"), as_of, calendar.instant, constraints)
    yield from failure_mode_findings(frames.failure_modes, settled)
    yield from stage_gate_findings(build.frame("select * from stage_gates"), states, settled)
    yield from risk_staging_findings(states)
    yield from exception_findings(
        register(build, "exceptions"), most_critical_tiers(frames.repositories), as_of, calendar.local_day
    )
    yield from silence_findings(activity(build), unwatched(build))
    yield from quality_findings(build.frame("select * from quarantine"), unexplained(build, settled), settled)
    if _is_live(build):
        names = [source.name for source in build.workspace.sources]
        yield from source_findings(build.frame("select * from source_status"), names, as_of)


def _is_live(build: BuildStore) -> bool:
    """Whether the build looks at now: how fresh a source is says nothing of a moment long past."""
    return build.cut.known_at is None and abs((build.created_at - build.cut.as_of).total_seconds()) < 24 * 3600

"""The facts, put together from the steps: the contract's columns, then those for definitions, which begin with `_`."""

from __future__ import annotations

from datetime import datetime

from metrics.facts.links import LINKS
from metrics.facts.milestones import ANOMALIES, anomaly_bit
from metrics.facts.rework import REWORK_REASON
from metrics.facts.settings import FactSettings
from metrics.facts.sql import text, timestamp, word_of
from metrics.facts.tiers import TIER, tier_join
from metrics.facts.validation import validated
from metrics.facts.watching import FIRST_RECORD, watched


def _seconds(start: str, end: str) -> str:
    """SQL of a duration in seconds, exact to the microsecond; null where either end is."""
    return f"(epoch_us({end}) - epoch_us({start})) / 1e6"


DURATIONS: dict[str, str] = {
    "coding_seconds": _seconds("first_commit_at", "opened_at"),
    "draft_seconds": f"case when ready_at > opened_at then {_seconds('opened_at', 'ready_at')} end",
    "pickup_seconds": _seconds("ready_at", "first_review_at"),
    "review_seconds": "case when first_review_at is not null"
    f" then {_seconds('first_review_at', 'coalesce(approved_at, merged_at)')} end",
    "merge_wait_seconds": f"case when approved_at is not null then {_seconds('approved_at', 'merged_at')}"
    f" when first_review_at is null then {_seconds('ready_at', 'merged_at')} end",
    "deploy_wait_seconds": _seconds("merged_at", "deployed_at"),
    "cycle_seconds": _seconds("opened_at", "merged_at"),
    "lead_seconds": _seconds("coalesce(first_commit_at, opened_at)", "deployed_at"),
}
"""The durations of a change in `change_facts`: SQL of its own instants there, and of nothing else."""
WORKING_WAITS = ("_pickup_working_seconds", "_review_working_seconds")
"""Two of them in working hours, where the workspace keeps such a clock."""


def _watched_columns(instant: str, kinds: tuple[str, ...]) -> str:
    """SQL of the columns `_<kind>_watched` at an instant."""
    return ", ".join(f"{watched(kind, instant)} as _{kind}_watched" for kind in kinds)


def _anomaly_list(bits: str) -> str:
    """SQL of the list of codes that the bits stand for."""
    codes = ", ".join(text(code) for code in ANOMALIES)
    return (
        f"case when {bits} = 0 then []::varchar[] else "
        f"list_filter([{codes}], (code, place) -> {bits} & (1 << (place - 1)::integer) <> 0) end"
    )


def change_facts(settings: FactSettings, cut: datetime) -> str:
    """One row per change: milestones, stages that add up, and what became of it."""
    return _widened(settings, _joined_changes(settings, cut))


def change_facts_in_order(settings: FactSettings, cut: datetime, first: int, last: int) -> str:
    """Those of repositories from `first` to `last`, by repository and time of opening, for files.

    Rows are sorted before they are widened, when names are still numbers and durations not yet computed: that moves
    half as many bytes.
    """
    rows = f"{_joined_changes(settings, cut)} where m._repo between {first} and {last}"
    return _widened(settings, f"{rows} order by m._repo, m.opened_at, m.change_key")


def change_facts_among(settings: FactSettings, cut: datetime, changes: str) -> str:
    """Those of the changes whose keys a relation holds as `change_key`; in no order."""
    rows = f"{_joined_changes(settings, cut)} where m.change_key in (select change_key from {changes})"
    return _widened(settings, rows)


def _widened(settings: FactSettings, joined: str) -> str:
    """The facts of joined rows: what can be derived from a row alone."""
    counted = "true" if settings.include_bots else "author_kind <> 'bot'"
    names = (*LINKS, "none")
    by_place = " ".join(f"when {place} then {word_of(name, names)}" for place, name in enumerate(LINKS, start=1))
    waits = ", ".join(each if settings.working_hours else f"null::double as {each}" for each in WORKING_WAITS)
    durations = ", ".join(f"{value} as {name}" for name, value in DURATIONS.items())
    deploy_link = f"case link {by_place} else {word_of('none', names)} end"
    return f"""
        with joined as ({joined})
        select change_id, repo_id::varchar as repo_id, service::varchar as service, team::varchar as team, tier,
            author_kind, ai_use, kind, state,
            first_commit_at, opened_at, ready_at, first_review_at, approved_at, merged_at, closed_at, deployed_at,
            deployment_id, {deploy_link} as deploy_link,
            {durations},
            review_count, review_rounds, reviewer_count, size_lines,
            rework_reason is not null as is_rework, rework_reason, gates_passed,
            _first_incident_at is not null as caused_incident, deployment_failed, rolled_back, escaped_defects,
            validated, {_anomaly_list("bits")} as anomalies,
            _repo, _team, _service, change_key as _change_key, approved_at is not null as _approved,
            {counted} as _in_change_metrics, _gate_overridden,
            _first_incident_at, _failed_at, _rolled_back_at, _reverted_at, _escaped_in_follow_up,
            {waits},
            {", ".join(f"_{kind}_watched" for kind in FIRST_RECORD)}
        from joined"""


def _joined_changes(settings: FactSettings, cut: datetime) -> str:
    """Each change with its deployment's outcomes and what happened to it afterwards."""
    waits, working_waits = "", ""
    if settings.working_hours:
        waits = f"k.pickup_seconds as {WORKING_WAITS[0]}, k.review_seconds as {WORKING_WAITS[1]},"
        working_waits = "left join working_waits k using (change_key)"
    return f"""
        select m.*, m.merged_at is not null and l._carrier is not null as is_deployed,
            case when is_deployed then greatest(d.ended_at, m.merged_at) end as deployed_at,
            case when is_deployed then d.deployment_id end as deployment_id,
            case when is_deployed then l.link end as link,
            case when is_deployed then d.failure_reason is not null end as deployment_failed,
            case when is_deployed then d.rolled_back_at is not null end as rolled_back,
            case when g.required > 0 and m.merged_at is not null
                then coalesce(s.passed = g.required and not s.is_overridden, false) end as gates_passed,
            coalesce(s.is_overridden, false) as _gate_overridden,
            m.anomaly_bits
            + {anomaly_bit("deployed_before_merge", "is_deployed and d.ended_at < m.merged_at")}
            + {anomaly_bit("deployed_unmerged", "m.merged_at is null and l._carrier is not null")} as bits,
            {REWORK_REASON} as rework_reason,
            {validated(cut)} as validated,
            coalesce(e.escaped_defects, 0) as escaped_defects,
            r.repo_id, watching.service, r.team, r._team,
            -- Of a batch nobody can say which change it was.
            case when is_deployed and d.change_count = 1
                then least(e.named_incident_at, d.first_batch_incident_at)
                else e.named_incident_at end as _first_incident_at,
            case when is_deployed then d.failed_at end as _failed_at,
            case when is_deployed then d.rolled_back_at end as _rolled_back_at,
            e.reverted_at as _reverted_at,
            coalesce(e.escaped_in_follow_up, 0) as _escaped_in_follow_up,
            {waits}
            {_watched_columns("coalesce(m.merged_at, m.opened_at)", tuple(FIRST_RECORD))}
        from milestones m
        left join change_links l using (change_key)
        left join deployment_outcomes d using (_carrier)
        left join change_effects e using (change_key)
        left join gate_summary s using (change_key)
        {working_waits}
        left join gate_requirements g
            on g.tier = m.tier and g.valid_from <= m.merged_at and g.valid_to > m.merged_at
        -- Every change has both: a left join would take all columns apart into rows with and without a partner.
        join repo_names r on r._repo = m._repo
        join service_watching watching on watching._service = m._service"""


def deployment_facts(cut: datetime) -> str:
    """One row per deployment: how it ended, whether and why it failed, when it recovered."""
    return _with_names(_deployments(cut))


def deployment_facts_in_order(cut: datetime) -> str:
    """Those by repository and time, for files: sorted while names are numbers."""
    return _with_names(f"{_deployments(cut)} order by d._repo, d.finished_at, d.deployment_id")


def _with_names(deployments: str) -> str:
    """The facts of deployments whose names are text again."""
    names = ", ".join(f"{name}::varchar as {name}" for name in ("repo_id", "service", "team"))
    return f"select * replace ({names}) from ({deployments})"


def _deployments(cut: datetime) -> str:
    """The facts of deployments, names as numbers."""
    unit = f"coalesce(d.ended_at, d.finished_at, d.begun_at, {timestamp(cut)})"
    return f"""
        select d.deployment_id, r.repo_id, watching.service, r.team, {TIER} as tier, d.environment, d.is_production,
            d.kind, d.status, d.started_at, d.finished_at, d.change_count,
            d.failure_reason is not null as failed, d.failure_reason, d.incident_count,
            d.rolled_back_at is not null as rolled_back, d.recovered_at,
            {_seconds("d.ended_at", "d.recovered_at")} as recovery_seconds,
            d._repo, r._team, d._service, d.ended_at as _ended_at, d.failed_at as _failed_at,
            d.first_incident_at as _first_incident_at, d.rolled_back_at as _rolled_back_at,
            d.rollback_severity as _rollback_severity, d.hotfix_at as _hotfix_at,
            {_watched_columns(unit, ("incidents", "rollbacks", "deployments"))}
        from deployment_outcomes d
        join repo_names r on r._repo = d._repo
        join service_watching watching on watching._service = d._service
        {tier_join("d", unit)}"""


def incident_facts() -> str:
    """One row per incident.

    For clustering, a repository of its service stands in for one that it does not name: the first by name.
    """
    return f"""
        with service_repo as (select _service, arg_min(_repo, repo_id) as _repo from repo_dimension group by _service)
        select i.incident_id, own.repo_id, v.service, i.tier, i.severity, i.is_security,
            i.opened_at, i.acknowledged_at, i.resolved_at,
            -- Clocks differ: what was resolved before it opened took no time.
            greatest({_seconds("i.opened_at", "i.resolved_at")}, case when i.resolved_at is not null then 0 end)
                as restore_seconds,
            d.deployment_id, i.attribution,
            coalesce(r._repo, -1) as _repo, r._team, i._service, r.team as _team_name,
            d.ended_at as _deployment_ended_at, i.names_a_change as _names_a_change,
            {_watched_columns("i.opened_at", ("incidents",))}
        from incident_base i
        left join service_repo s on s._service = i._service
        left join repo_dimension r on r._repo = coalesce(i._repo, s._repo)
        left join repo_dimension own on own._repo = i._repo
        left join service_dimension v on v._service = i._service
        left join service_watching watching on watching._service = i._service
        left join deployment_base d using (deployment_key)"""


def defect_facts(defects: str = "defects_at_cut") -> str:
    """One row per defect of a relation, with the change that it is attributed to.

    Its tier and service are then that change's.
    """
    return f"""
        with placed as (
            select f.*, coalesce(m._repo, r._repo) as _repo, coalesce(m._service, r._service) as _service,
                m.change_id, m.tier as change_tier, m.merged_at, m.ai_use, m.author_kind
            from {defects} f
            join repo_dimension r using (repo_key)
            left join milestones m on m.change_key = f.caused_by_change_key)
        select p.defect_id, r.repo_id, v.service, r.team,
            case when p.change_id is not null then p.change_tier else {TIER} end as tier,
            p.category, p.severity, p.found_in, p.opened_at, p.closed_at, p.ai_use,
            p._repo, r._team, p._service, p.change_id as _change_id, p.author_kind as _change_author_kind,
            p.merged_at as _merged_at, {_seconds("p.merged_at", "p.opened_at")} / 86400 as _days_after_merge,
            {_watched_columns("p.opened_at", ("defects",))},
            {watched("defects", "p.merged_at")} as _defects_watched_at_merge
        from placed p
        join repo_dimension r on r._repo = p._repo
        join service_dimension v on v._service = p._service
        left join service_watching watching on watching._service = p._service
        {tier_join("p", "p.opened_at")}"""

"""What surrounds changes: gates, test runs, context signals, conflicts, onboardings, intents (METRICS.md §3).

One row per record, with the tier, repository and team under which it counts; for definitions only, the contract
publishes none of them. They rest on `change_facts` and the events at the cut, so they can be made when the facts
already lie in files.
"""

from __future__ import annotations

import duckdb

from metrics.facts.sql import create_table, create_view, drop
from metrics.facts.tiers import TIER, tier_join
from metrics.facts.watching import watched
from schemas.sql import text_hash_sql

AI_ASSISTED = "ai_use in ('assisted', 'authored')"

_CHANGES = """(
    select _change_key as change_key, tier, ai_use, merged_at, deployed_at, state, validated,
        (_incidents_watched or _rollbacks_watched or _defects_watched) as _outcomes_watched,
        _repo, _team, _service, _in_change_metrics from change_facts)"""

GATE_FACTS = f"""
    select g.gate, g.control_point, g.outcome, g.ran_at, g.duration_seconds, g.coverage_delta,
        c.tier, c.ai_use, c.merged_at as _merged_at, c._repo, c._team, c._in_change_metrics,
        exists (
            select 1 from gate_policies_at_cut p
            where p.is_required and p.tier = c.tier and p.control_point = g.control_point and p.gate = g.gate
                and p.valid_from <= g.ran_at and coalesce(p.valid_to > g.ran_at, true)) as _is_required,
        {watched("gates", "g.ran_at")} as _gates_watched
    from gate_results_at_cut g
    join {_CHANGES} c using (change_key)
    left join service_watching watching on watching._service = c._service"""
"""One row per result of a gate, and whether the tier of its change required that gate then."""

CHANGE_GATE_FACTS = f"""
    select any_value(c.tier) as tier, any_value(c.ai_use) as ai_use, any_value(c.merged_at) as merged_at,
        any_value(c._repo) as _repo, any_value(c._team) as _team, any_value(c._in_change_metrics) as _in_change_metrics,
        sum(g.duration_seconds) filter (where g.control_point = 'pre_merge') as pre_merge_seconds,
        arg_max(g.coverage_delta, (g.ran_at, g.coverage_delta)) filter (where g.coverage_delta is not null)
            as coverage_delta
    from gate_results_at_cut g
    join {_CHANGES} c using (change_key)
    where c.merged_at is not null and g.ran_at <= c.merged_at
    group by change_key"""
"""One row per merged change that ran gates before its merge; of several changes of coverage the last one counts."""

QUICK_APPROVALS = "quick_approvals"
"""The temporary table of `quick_approvals`, on which one of the relations rests."""

SHALLOW_LINES_PER_MINUTE = 100
"""A person reads no more lines than that, unless the workspace says otherwise."""


def quick_approvals(lines_per_minute: float) -> str:
    """The merged changes approved faster than that many lines a minute."""
    return f"""
        select _change_key as change_key, change_id, repo_id, tier, ai_use, merged_at, approved_at,
            _repo, _team, _in_change_metrics
        from change_facts
        where merged_at is not null and approved_at is not null
            and size_lines * 6e7 > {lines_per_minute} * (epoch_us(approved_at) - epoch_us(ready_at))"""


SHALLOW_APPROVAL_FACTS = """
    with commented as (
        select r.change_key from reviews_at_cut r
        join quick_approvals q using (change_key)
        join changes_at_cut c using (change_key)
        where r.reviewer_kind = 'human' and r.reviewer is distinct from c.author and r.submitted_at <= q.approved_at
            and (r.state in ('commented', 'changes_requested') or r.comment_count > 0))
    select * exclude (change_key) from quick_approvals anti join commented using (change_key)"""
"""One row per quick approval (`quick_approvals`) without a comment by anybody but the author until then."""

REVIEWED_CHANGES = "reviewed_changes"
"""The temporary view of `reviewed_changes`, on which `review_facts` rests."""


def reviewed_changes(*, are_steps_there: bool) -> str:
    """Every change by its key, its author, and the tier, repository and team under which its reviews count.

    While the steps of all facts are there, they lie in memory; the facts have to be read.
    """
    if are_steps_there:
        changes = "select change_key, m.tier, m._repo, r._team from milestones m join repo_dimension r using (_repo)"
    else:
        changes = f"select change_key, tier, _repo, _team from {_CHANGES}"
    return f"select c.*, a.author from ({changes}) c join changes_at_cut a using (change_key)"


REVIEWERS = "reviewers"
"""The temporary table of the people who reviewed, on which `review_facts` rests."""

PEOPLE = "select distinct reviewer from reviews_at_cut where reviewer_kind = 'human' and reviewer is not null"
"""Whoever submitted a review."""


def numbered_people(numbered: str | None = None) -> str:
    """SQL of the same, each with a number: who has one keeps it, others get the next ones by name.

    Args:
        numbered: `reviewer_numbers` of an earlier build, as SQL to select from. Who is gone may still be among them.
    """
    if numbered is None:
        return f"select reviewer, (row_number() over (order by reviewer) - 1)::integer as _reviewer from ({PEOPLE})"
    return f"""
        select reviewer, coalesce(
            _reviewer, (select coalesce(max(_reviewer), -1) from {numbered})
                + row_number() over (partition by _reviewer is null order by reviewer))::integer as _reviewer
        from ({PEOPLE}) left join {numbered} k on k.reviewer_key = {text_hash_sql("reviewer")}"""


def reviewer_numbers(numbered: str | None = None) -> str:
    """SQL of the numbers of all who reviewed, of late or before: what is kept of them for the next build."""
    now = f"select {text_hash_sql('reviewer')} as reviewer_key, _reviewer from {REVIEWERS}"
    return f"{now} union select reviewer_key, _reviewer from {numbered}" if numbered else now


REVIEW_FACTS = """
    select r.submitted_at, c.tier, c._repo, c._team, p._reviewer, r.review_key as _review_key
    from reviews_at_cut r
    join reviewers p using (reviewer)
    join reviewed_changes c using (change_key)
    where r.reviewer_kind = 'human' and r.reviewer is distinct from c.author"""
"""One row per review that a person submitted of another's change; the person is a number, names stay behind."""

TEST_RUN_FACTS = f"""
    select t.test_run_id, t.suite, t.outcome, t.is_flaky, t.ran_at, {TIER} as tier, t._repo, t._team,
        {watched("tests", "t.ran_at")} as _tests_watched
    from (select t.*, r._repo, r._team, r._service from test_runs_at_cut t join repo_dimension r using (repo_key)) t
    left join service_watching watching on watching._service = t._service
    {tier_join("t", "t.ran_at")}"""
"""One row per test run, in the tier of its repository at the time."""

SIGNAL_FACTS = f"""
    select s.signal_id, s.kind, s.occurred_at, coalesce(c.tier, {TIER}) as tier, c.ai_use, s._repo, s._team
    from (select s.*, r._repo, r._team, r._service
        from context_signals_at_cut s join repo_dimension r using (repo_key)) s
    left join {_CHANGES} c on c.change_key = s.change_key
    {tier_join("s", "s.occurred_at")}"""
"""One row per context signal, in the tier of its change, else of its repository at the time."""

CONFLICT_FACTS = f"""
    select c.tier, c.ai_use, c.merged_at, c._repo, c._team, c._in_change_metrics
    from {_CHANGES} c
    semi join (select change_key from change_events_at_cut where kind = 'merge_conflict') e using (change_key)"""
"""One row per change that ever had a merge conflict."""

COMMIT_REWORK_FACTS = f"""
    select coalesce(k.committed_at, k.authored_at) as committed_at, k.rework_lines,
        coalesce(k.additions, 0) + coalesce(k.deletions, 0) as lines,
        c.tier, c.ai_use, c._repo, c._team, c._in_change_metrics
    from (select * from commits_at_cut where rework_lines is not null) k
    join {_CHANGES} c using (change_key)"""
"""One row per commit whose source says how many of its lines change recent lines again."""

ONBOARDING_FACTS = f"""
    with first_value as (
        select _repo, merged_at from change_facts where {AI_ASSISTED} and gates_passed and validated)
    select o.onboarded_at, {TIER} as tier, o._repo, o._team,
        (select min(v.merged_at) from first_value v where v._repo = o._repo and v.merged_at >= o.onboarded_at)
            as first_value_at
    from (select o.onboarded_at, r._repo, r._team, r._service
        from onboardings_at_cut o join repo_dimension r using (repo_key)) o
    {tier_join("o", "o.onboarded_at")}"""
"""One row per onboarded repository, and when its first AI-assisted change of proven value was merged."""

INTENT_FACTS = f"""
    with delivered as (
        select x.intent_key, arg_min(c._repo, r.place) as _repo, arg_min(c._team, t.place) as _team,
            max(c.tier) as tier,
            case when bool_and(c.deployed_at is not null) then max(c.deployed_at) end as delivered_at,
            bool_and(coalesce(c.validated, false)) as is_validated, bool_and(c._outcomes_watched) as _outcomes_watched
        from (select change_key, intent_key from changes_at_cut where intent_id is not null) x
        join {_CHANGES} c using (change_key)
        join (select _repo, row_number() over (order by repo_id) as place from repo_dimension) r on r._repo = c._repo
        left join (select _team, row_number() over (order by team) as place from team_dimension) t on t._team = c._team
        where c.state <> 'closed' group by x.intent_key)
    select i.intent_id, i.approved_at, i.closed_at, coalesce(i.given_tier, {TIER}, i.change_tier)::integer as tier,
        coalesce(i._repo, -1) as _repo, coalesce(t._team, i.repo_team) as _team, i.delivered_at, i.is_validated,
        coalesce(i._outcomes_watched, false) as _outcomes_watched
    from (
        select i.intent_id, i.approved_at, i.closed_at, i.tier as given_tier, i.team, d.tier as change_tier,
            d.delivered_at, d.is_validated, d._outcomes_watched, coalesce(r._repo, d._repo) as _repo, r._service,
            coalesce(r._team, d._team) as repo_team
        from intents_at_cut i
        left join delivered d using (intent_key)
        left join repo_dimension r on r.repo_key = i.repo_key and i.repo_id is not null) i
    left join team_dimension t on t.team = i.team
    {tier_join("i", "i.approved_at")}"""
"""One row per intent, and when the last of its changes was deployed: null while one of them is not.

Where it says nothing of them, its repository and team are those of its changes, the first by name.
"""

EXCEPTION_FACTS = f"""
    select e.exception_id, e.policy, e.granted_at, e.expires_at, e.closed_at, e.reviewed_at,
        coalesce(e.given_tier, {TIER})::integer as tier, coalesce(e._repo, -1) as _repo, e._team
    from (
        select e.exception_id, e.policy, e.granted_at, e.expires_at, e.closed_at, e.reviewed_at, e.tier as given_tier,
            r._repo, r._team, r._service
        from exceptions_at_cut e left join repo_dimension r on r.repo_key = e.repo_key and e.repo_id is not null) e
    {tier_join("e", "e.granted_at")}"""
"""One row per exception, in the tier that it names, else in its repository's when it was granted."""

ACTIVE_DAYS = 90
"""A repository is active for so long after a merge (METRICS.md §3)."""

# Merges of a repository in one tier that lie closer than the span make one stretch of activity.
ACTIVITY_FACTS = f"""
    with days as (
        select _repo, any_value(_team) as _team, tier, min(merged_at) as first_at, max(merged_at) as last_at
        from change_facts
        where merged_at is not null and _in_change_metrics and exists (select 1 from onboardings_at_cut)
        group by _repo, tier, merged_at::date),
    marked as (
        select *, coalesce(first_at > lag(last_at) over of_repository + interval {ACTIVE_DAYS} days, true) as begins
        from days window of_repository as (partition by _repo, tier order by first_at)),
    stretches as (
        select *, sum(begins::integer) over (partition by _repo, tier order by first_at) as stretch from marked)
    select s._repo, any_value(s._team) as _team, s.tier, min(s.first_at) as active_from,
        max(s.last_at) + interval {ACTIVE_DAYS} days as active_until, any_value(o.onboarded_at) as onboarded_at
    from stretches s
    join repo_dimension r on r._repo = s._repo
    left join onboardings_at_cut o on o.repo_key = r.repo_key
    group by s._repo, s.tier, s.stretch"""
"""One row per stretch in which a repository was active in a tier, and when it was onboarded."""

CONTROL_FACTS: dict[str, str] = {
    "gate_facts": GATE_FACTS,
    "change_gate_facts": CHANGE_GATE_FACTS,
    "shallow_approval_facts": SHALLOW_APPROVAL_FACTS,
    "review_facts": REVIEW_FACTS,
    "test_run_facts": TEST_RUN_FACTS,
    "signal_facts": SIGNAL_FACTS,
    "conflict_facts": CONFLICT_FACTS,
    "commit_rework_facts": COMMIT_REWORK_FACTS,
    "onboarding_facts": ONBOARDING_FACTS,
    "intent_facts": INTENT_FACTS,
    "exception_facts": EXCEPTION_FACTS,
    "activity_facts": ACTIVITY_FACTS,
}
"""The query of each relation, by name."""
OF_STEPS = "review_facts"
"""Which of them can be made of the steps of the facts: all reviews are joined with all changes."""
RESTED_ON = (QUICK_APPROVALS, REVIEWED_CHANGES, REVIEWERS)
"""What some of them rest on."""


def build_control_facts(
    connection: duckdb.DuckDBPyConnection,
    *,
    materialise: bool = True,
    are_steps_there: bool = False,
    with_reviews: bool = True,
    shallow_lines_per_minute: float = SHALLOW_LINES_PER_MINUTE,
    numbered: str | None = None,
) -> None:
    """Make the relations of this module, as tables or as views.

    Args:
        connection: where `build_facts` has been run; `change_facts` may be a table, or a view on files.
        materialise: whether they become tables; else views, for whoever writes them to files. Some of these rest on
            the temporary relations `RESTED_ON`, which can be dropped when they are written.
        are_steps_there: whether the steps of `build_facts` have not been dropped yet. `OF_STEPS` rests on them then,
            and has to be written before they are.
        with_reviews: whether `OF_STEPS` is made, too.
        shallow_lines_per_minute: lines a minute beyond which an approval without a comment is shallow.
        numbered: as for `numbered_people`.
    """
    if with_reviews:
        create_view(connection, REVIEWED_CHANGES, reviewed_changes(are_steps_there=are_steps_there))
        create_table(connection, REVIEWERS, numbered_people(numbered))
    # Mostly few: the database sees how many before it joins them with all reviews.
    create_table(connection, QUICK_APPROVALS, quick_approvals(shallow_lines_per_minute))
    for name in CONTROL_FACTS if with_reviews else CONTROL_FACTS.keys() - {OF_STEPS}:
        query = CONTROL_FACTS[name]
        (create_table if materialise else create_view)(connection, name, query)
    if materialise:
        drop(connection, *RESTED_ON)

"""Milestones of a change: opened, ready, first review, approved, merged; and what is odd about them (METRICS.md §1).

`change_clock` shows each change with what columns and events say about its course, `milestones` adds its reviews. Both
have one row per change. Reviews are added up by change before anything is known of the change, in one hash aggregation.
That tells everything of a change which others reviewed while it was open, in a simple course, or only its author; the
reviews of the remaining, intricate changes are joined with these and looked at again.
"""

from __future__ import annotations

from datetime import datetime

import duckdb

from metrics.facts.sql import create_table, create_view, drop, joins_as_written, numbered, timestamp, word_of
from metrics.facts.tiers import TIER, tier_join
from schemas.events import all_tables

NEVER = "timestamp '9999-12-31'"

ANOMALIES: tuple[str, ...] = (
    "first_commit_after_opened",
    "ready_before_opened",
    "ready_after_end",
    "review_before_opened",
    "review_after_merge",
    "review_after_close",
    "merged_before_opened",
    "closed_before_opened",
    "deployed_before_merge",
    "deployed_unmerged",
)
"""Codes of what does not fit, in the order of the bits that stand for them. A code's place must not change."""


def anomaly_bit(code: str, condition: str) -> str:
    """SQL of the anomaly's bit where the condition holds, else 0."""
    return f"case when {condition} then {1 << ANOMALIES.index(code)} else 0 end"


def create_milestones(connection: duckdb.DuckDBPyConnection, cut: datetime) -> None:
    """Make `milestones` from the event tables at the cut, the dimensions and the tiers."""
    create_table(connection, "change_event_summary", CHANGE_EVENT_SUMMARY)
    create_table(connection, "commit_summary", COMMIT_SUMMARY)
    create_view(connection, "change_clock", CHANGE_CLOCK)
    with joins_as_written(connection):
        create_table(connection, "milestones", _milestones(cut))
        create_table(connection, "intricate_summary", INTRICATE_SUMMARY)
        create_table(connection, "unsettled_reviews", UNSETTLED_REVIEWS)
        create_table(connection, "review_rounds", REVIEW_ROUNDS)
        connection.execute(f"insert into milestones {LOOKED_AT}")
    connection.execute("delete from milestones where is_intricate")
    drop(
        connection,
        "intricate_summary",
        "unsettled_reviews",
        "review_rounds",
        "change_clock",
        "change_event_summary",
        "commit_summary",
    )


CHANGE_EVENT_SUMMARY = """
    select change_key,
        min(occurred_at) filter (where kind = 'ready_for_review') as first_ready_at,
        min(occurred_at) filter (where kind = 'converted_to_draft') as first_draft_at,
        min(occurred_at) filter (where kind = 'merged') as merged_at,
        max(occurred_at) filter (where kind = 'closed') as last_closed_at,
        max(occurred_at) filter (where kind = 'reopened') as last_reopened_at
    from change_events_at_cut
    where kind in ('ready_for_review', 'converted_to_draft', 'merged', 'closed', 'reopened')
    group by change_key"""

COMMIT_SUMMARY = "select change_key, min(authored_at) as first_authored_at from commits_at_cut group by change_key"

# Where columns and events disagree, events win: also on whether a change was merged, closed or reopened, so that a
# change whose row is older than its events does not stay open for ever. A column that says "ready" later than an event
# turned the change back into a draft is such a disagreement: the change was opened ready.
CHANGE_CLOCK = f"""
    select *, coalesce(merged_at, closed_at, {NEVER}) as ended_at,
        least(greatest(given_ready_at, opened_at), ended_at) as clamped_ready_at
    from (
        select c.* exclude (state, ready_at, first_commit_at, merged_at, closed_at),
            coalesce(k.first_authored_at, c.first_commit_at) as given_first_commit_at,
            case
                when e.first_ready_at <= coalesce(e.first_draft_at, {NEVER}) then e.first_ready_at
                when c.ready_at <= coalesce(e.first_draft_at, {NEVER}) then c.ready_at
                else c.opened_at
            end as given_ready_at,
            coalesce(e.merged_at, c.merged_at) as given_merged_at,
            case
                when e.last_closed_at > coalesce(e.last_reopened_at, timestamp '0001-01-01') then e.last_closed_at
                when c.closed_at >= coalesce(e.last_reopened_at, timestamp '0001-01-01') then c.closed_at
            end as given_closed_at,
            case when given_merged_at is not null then greatest(given_merged_at, c.opened_at) end as merged_at,
            case when given_closed_at is not null then greatest(given_closed_at, c.opened_at) end as closed_at,
            k.change_key is not null as has_commits
        from changes_at_cut c
        left join change_event_summary e using (change_key)
        left join commit_summary k using (change_key))"""

# By a named human. Names are compared as they are: most are as short as a key.
_HUMAN_REVIEWS = """(
    select change_key, submitted_at, state, reviewer
    from reviews_at_cut where reviewer_kind = 'human' and reviewer is not null)"""

# Everything there is to know of the reviews of a change whose course is simple.
REVIEWS_ADDED_UP = f"""
    select change_key, min(submitted_at) as first_review_at, max(submitted_at) as last_review_at,
        min(case when state = 'approved' then submitted_at end) as first_approval_at,
        max(case when state = 'changes_requested' then submitted_at end) as last_rejection_at,
        count(*)::integer as review_count, min(reviewer) as first_reviewer, max(reviewer) as last_reviewer
    from {_HUMAN_REVIEWS} group by change_key"""

# What sums cannot tell: which reviews count where some came before the opening, after the end or by the author, how
# many people reviewed where there were more than two reviews, which approval came after the last rejection, and whether
# commits followed one.
IS_INTRICATE = """coalesce(
    v.first_review_at < c.opened_at or v.last_review_at > c.ended_at
    or c.author in (v.first_reviewer, v.last_reviewer)
    or v.review_count > 2 and v.first_reviewer <> v.last_reviewer
    or v.first_approval_at <= v.last_rejection_at
    or v.last_rejection_at is not null and c.has_commits, false)"""

# The changes whose reviews are looked at.
_INTRICATE_CHANGES = f"""(
    select change_key, intricate_author as author, opened_at, merged_at,
        coalesce(merged_at, closed_at, {NEVER}) as ended_at
    from milestones where is_intricate)"""

# By others than the author; eligible are those between the change's opening and its end.
INTRICATE_SUMMARY = f"""
    select change_key,
        min(eligible_at) as first_review_at,
        min(case when state = 'approved' then eligible_at end) as first_approval_at,
        max(case when state = 'changes_requested' then eligible_at end) as last_rejection_at,
        count(eligible_at)::integer as review_count,
        min(eligible_reviewer) = max(eligible_reviewer) as has_one_reviewer,
        bit_or(anomaly_bits) as anomaly_bits
    from (
        select change_key, r.state,
            case when r.submitted_at between c.opened_at and c.ended_at then r.submitted_at end as eligible_at,
            case when eligible_at is not null then r.reviewer end as eligible_reviewer,
            {anomaly_bit("review_before_opened", "r.submitted_at < c.opened_at")}
            + {anomaly_bit("review_after_merge", "r.submitted_at > c.merged_at")}
            + {anomaly_bit("review_after_close", "c.merged_at is null and r.submitted_at > c.ended_at")}
                as anomaly_bits
        from {_HUMAN_REVIEWS} r join {_INTRICATE_CHANGES} c using (change_key)
        where r.reviewer is distinct from c.author)
    group by change_key"""

# What sums cannot tell without the author's own reviews and those that came too early or too late.
UNSETTLED_REVIEWS = f"""
    with unsettled as (
        select change_key, c.author, c.opened_at, c.ended_at, s.last_rejection_at
        from {_INTRICATE_CHANGES} c join (
            select change_key, last_rejection_at from intricate_summary
            where first_approval_at <= last_rejection_at or review_count > 2 and not has_one_reviewer
                or last_rejection_at is not null and change_key in (select change_key from commit_summary)) s
        using (change_key))
    select change_key, r.submitted_at, r.state, r.reviewer, c.ended_at, c.last_rejection_at
    from {_HUMAN_REVIEWS} r join unsettled c using (change_key)
    where r.reviewer is distinct from c.author and r.submitted_at between c.opened_at and c.ended_at"""

REVIEW_DETAIL = """
    select change_key,
        min(submitted_at) filter (where state = 'approved' and submitted_at > last_rejection_at) as approved_at,
        count(distinct reviewer)::integer as reviewer_count
    from unsettled_reviews group by change_key"""

# A round is a rejection that new commits followed before the next rejection and before the change's end.
REVIEW_ROUNDS = """
    with rejections as (
        select change_key, submitted_at as rejected_at, ended_at
        from unsettled_reviews where state = 'changes_requested'),
    new_commits as (
        select k.change_key, coalesce(k.committed_at, k.authored_at) as committed_at
        from commits_at_cut k semi join rejections r on k.change_key = r.change_key)
    select new_commits.change_key,
        (count(distinct rejected_at) filter (where committed_at <= ended_at))::integer as review_rounds
    from new_commits asof left join rejections
        on new_commits.change_key = rejections.change_key and new_commits.committed_at > rejections.rejected_at
    group by new_commits.change_key"""

# Nothing is left of the reviews of some: only what came too early or too late was by others.
LOOKED_AT = f"""
    select m.* replace (
        least(v.first_review_at, m.ready_at) as ready_at, v.first_review_at as first_review_at,
        case when v.last_rejection_at is null or v.first_approval_at > v.last_rejection_at
            then v.first_approval_at else d.approved_at end as approved_at,
        coalesce(v.review_count, 0) as review_count,
        case when v.review_count > 0
            then coalesce(d.reviewer_count, if(v.has_one_reviewer, 1, 2)) else 0 end as reviewer_count,
        case when v.last_rejection_at is null then 0 else n.review_rounds end as review_rounds,
        m.anomaly_bits + coalesce(v.anomaly_bits, 0) as anomaly_bits,
        false as is_intricate, null as intricate_author)
    from milestones m
    left join intricate_summary v using (change_key)
    left join ({REVIEW_DETAIL}) d using (change_key)
    left join review_rounds n using (change_key)
    where m.is_intricate"""


def _milestones(cut: datetime) -> str:
    allowed = all_tables()["changes"].table_closed_lists()
    states = allowed.pop("state")
    words = ", ".join(f"{numbered(f'c.{name}', listed)} as {name}" for name, listed in allowed.items())
    merged, closed, open_ = (word_of(state, states) for state in ("merged", "closed", "open"))
    # The tier is that of the merge (or the close); of the cut, while the change is open.
    return f"""
        with resolved as (
            select c.change_id, c.change_key, {words},
                case when c.merged_at is not null then {merged} when c.closed_at is not null then {closed}
                    else {open_} end as state,
                c.reverts_change_key, c.fixes_defect_key,
                case when c.additions is not null or c.deletions is not null
                    then coalesce(c.additions, 0) + coalesce(c.deletions, 0) end as size_lines,
                r._repo, coalesce(s._service, r._service) as _service,
                c.opened_at, c.given_first_commit_at, c.given_ready_at, c.merged_at, c.closed_at, c.ended_at,
                c.given_merged_at, c.given_closed_at,
                -- What only the author reviewed, nobody did.
                v.change_key is not null
                    and not coalesce(c.author = v.first_reviewer and c.author = v.last_reviewer, false) as is_reviewed,
                case when is_reviewed then v.first_review_at end as first_review_at,
                case when is_reviewed and (v.last_rejection_at is null or v.first_approval_at > v.last_rejection_at)
                    then v.first_approval_at end as approved_at,
                case when is_reviewed then v.review_count else 0 end as review_count,
                case when is_reviewed then if(v.first_reviewer = v.last_reviewer, 1, 2) else 0 end as reviewer_count,
                -- Without commits nobody can tell whether any followed a rejection.
                case when not is_reviewed or v.last_rejection_at is null then 0 end as review_rounds,
                is_reviewed and {IS_INTRICATE} as is_intricate,
                case when is_intricate then c.author end as intricate_author, c.clamped_ready_at
            from change_clock c
            join repo_dimension r using (repo_key)
            left join service_dimension s on s.service = c.service
            left join ({REVIEWS_ADDED_UP}) v using (change_key))
        select change_id, change_key, {TIER} as tier, author_kind, ai_use, kind,
            reverts_change_key, fixes_defect_key, size_lines,
            resolved._repo, resolved._service, state,
            case when given_first_commit_at is not null
                then least(given_first_commit_at, opened_at) end as first_commit_at,
            opened_at,
            -- A review during the first draft ends it; of an intricate change reviews come later.
            case when is_intricate then clamped_ready_at else least(first_review_at, clamped_ready_at) end as ready_at,
            first_review_at, approved_at, merged_at, closed_at, review_count, reviewer_count, review_rounds,
            {anomaly_bit("first_commit_after_opened", "given_first_commit_at > opened_at")}
            + {anomaly_bit("ready_before_opened", "given_ready_at < opened_at")}
            + {anomaly_bit("ready_after_end", "given_ready_at > ended_at")}
            + {anomaly_bit("merged_before_opened", "given_merged_at < opened_at")}
            + {anomaly_bit("closed_before_opened", "given_closed_at < opened_at")} as anomaly_bits,
            is_intricate, intricate_author
        from resolved
        {tier_join("resolved", f"least(resolved.ended_at, {timestamp(cut)})")}"""

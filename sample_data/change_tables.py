"""Tables around changes: changes, commits, change_events."""

import numpy as np
import polars as pl

from sample_data.changes import (
    AGENT,
    AI_USES,
    ASSISTED,
    AUTHOR_KINDS,
    AUTHORED,
    BOT,
    HOTFIX,
    KINDS,
)
from sample_data.columns import (
    REPO_IDS,
    UNIT_REPOSITORY,
    UNIT_SERVICE_IF_SHARED,
    blank,
    choose,
    gather,
    hexadecimal,
    instants,
    logins,
    numbered,
)
from sample_data.company import UNITS
from sample_data.known_changes import KnownChanges, end_of, known_rows_of_changes, round_instant, rounds_of
from sample_data.random_effects import CUT_SECONDS, HOUR, Booleans, Floats, Integers

TITLES = {
    "feature": ("Add export to {}", "Let customers filter in {}", "Show history in {}", "Support new formats in {}"),
    "fix": ("Correct rounding in {}", "Handle empty answers in {}", "Fix time zones in {}", "Fix retries in {}"),
    "chore": ("Bring {} up to date", "Tidy the build of {}", "Rename for clarity in {}", "Update docs of {}"),
    "unknown": ("Changes to {}", "Work on {}"),
    "hotfix": ("Hotfix for {}",),
    "revert": ("Revert the last change of {}",),
}
EVIDENCE = ("co-author trailer", "label ai-assisted", "generated-with line", "agent account", "agent branch prefix")
COMMIT_SOURCE = np.array([unit.commit_source for unit in UNITS])
BOT_LOGIN, AGENT_LOGIN = "dependency-updates[bot]", "coding-agent[bot]"


def changes_table(
    random: np.random.Generator, known: KnownChanges, fixes: pl.Series, intents: pl.Series, merge_shas: pl.Series
) -> pl.DataFrame:
    """The table changes. `fixes` and `intents` are ids by change, null where there is none."""
    changes = known.changes
    count = len(changes)
    repository = UNIT_REPOSITORY[changes.unit]
    merged, closed = changes.merged < CUT_SECONDS, changes.closed < CUT_SECONDS
    is_ai = np.isin(changes.ai_use, (ASSISTED, AUTHORED))
    deletions = np.floor(changes.size * random.beta(1.2, 2.5, count)).astype(np.int64)
    evidence = np.where(changes.author_kind == AGENT, 3, random.choice([0, 1, 2, 4], count, p=[0.55, 0.2, 0.15, 0.1]))
    labels = np.select(
        [changes.author_kind == BOT, changes.kind == HOTFIX, is_ai & (evidence == 1)], [1, 2, 3], default=0
    )
    label_lists = pl.Series("labels", [[], ["dependencies"], ["hotfix"], ["ai-assisted"]], dtype=pl.List(pl.String))
    account = np.select([changes.author_kind == BOT, changes.author_kind == AGENT], [0, 1], default=-1)
    frame = pl.DataFrame(
        [
            known.ids.alias("change_id"),
            REPO_IDS.gather(repository).alias("repo_id"),
            UNIT_SERVICE_IF_SHARED.gather(changes.unit).alias("service"),
            known.ids.str.split("#").list.last().cast(pl.Int64).alias("number"),
            _titles(random, known),
            gather(pl.Series([BOT_LOGIN, AGENT_LOGIN]), account, "author").fill_null(
                logins(changes.unit, changes.person, "author")
            ),
            choose(AUTHOR_KINDS, changes.author_kind, "author_kind"),
            choose(AI_USES, changes.ai_use, "ai_use"),
            blank(choose(EVIDENCE, evidence, "ai_evidence"), ~is_ai),
            choose(("open", "merged", "closed"), np.select([merged, closed], [1, 2], default=0), "state"),
            instants("opened_at", changes.opened),
            instants("ready_at", np.where(changes.is_draft, changes.ready, np.nan)),
            blank(instants("first_commit_at", changes.first_commit), COMMIT_SOURCE[changes.unit] != "column"),
            instants("merged_at", changes.merged),
            instants("closed_at", np.fmin(changes.merged, changes.closed)),
            blank(merge_shas.alias("merge_commit_sha"), ~merged),
            pl.Series("base_branch", ["main"]).gather(np.zeros(count, dtype=np.int64)),
            pl.Series("additions", changes.size.astype(np.int64) - deletions),
            pl.Series("deletions", deletions),
            pl.Series("changed_files", 1 + np.floor(changes.size**0.45).astype(np.int64)),
            label_lists.gather(labels).alias("labels"),
            choose(KINDS, changes.kind, "kind"),
            known.ids_of(changes.reverts).alias("reverts_change_id"),
            fixes.alias("fixes_defect_id"),
            intents.alias("intent_id"),
        ]
    )
    return frame.filter(pl.Series(known.is_known)).sort("opened_at", maintain_order=True)


def _titles(random: np.random.Generator, known: KnownChanges) -> pl.Series:
    phrases = [phrase for kind in KINDS for phrase in TITLES[kind]]
    sizes = np.array([len(TITLES[kind]) for kind in KINDS])
    starts = np.cumsum(sizes) - sizes
    kind = known.changes.kind
    phrase = starts[kind] + np.floor(random.random(len(kind)) * sizes[kind]).astype(np.int64)
    titles = pl.Series("title", [text.format(unit.service) for text in phrases for unit in UNITS])
    return titles.gather(phrase * len(UNITS) + known.changes.unit).alias("title")


def commits_table(random: np.random.Generator, known: KnownChanges) -> pl.DataFrame:
    """The table commits: some before the opening, one after each round of review."""
    changes = known.changes
    ended = end_of(known)
    rows = np.flatnonzero(known.is_known & (COMMIT_SOURCE[changes.unit] == "commits"))
    # Now and then a branch is rebased or amended after opening, which makes its first commit look late.
    late = random.random(len(rows)) < 0.008
    first = np.where(
        late, np.minimum(changes.opened[rows] + 900, 0.5 * (changes.opened + ended)[rows]), changes.first_commit[rows]
    )
    more = np.where(late, 0, random.geometric(0.45, len(rows)) - 1)
    middle = np.repeat(np.arange(len(rows)), more)
    between = first[middle] + random.random(len(middle)) * (changes.opened[rows][middle] - first[middle])
    rounds, round_number = rounds_of(changes.rounds[rows])
    answered = round_instant(known, rows[rounds], round_number - 0.5)
    row = np.concatenate([rows, rows[middle], rows[rounds]])
    authored = np.concatenate([first, between, answered])
    share = random.random(len(row)) * changes.size[row] / (1.5 + np.bincount(row, minlength=len(changes)))[row]
    happened = (authored < CUT_SECONDS) & ~np.isnan(authored)
    row, authored, share = row[happened], authored[happened], share[happened]
    frame = pl.DataFrame(
        [
            hexadecimal(random, len(row), "sha"),
            known.ids_of(row),
            REPO_IDS.gather(UNIT_REPOSITORY[changes.unit[row]]).alias("repo_id"),
            instants("authored_at", authored),
            instants("committed_at", np.minimum(authored + 30, CUT_SECONDS - 1)),
            gather(
                pl.Series([BOT_LOGIN, AGENT_LOGIN]),
                np.select([changes.author_kind == BOT, changes.author_kind == AGENT], [0, 1], default=-1)[row],
                "author",
            ).fill_null(logins(changes.unit[row], changes.person[row], "author")),
            pl.Series("additions", np.ceil(share).astype(np.int64)),
            pl.Series("deletions", np.floor(share * 0.4).astype(np.int64)),
            pl.Series("rework_lines", np.floor(share * random.beta(1, 8, len(row))).astype(np.int64)),
        ]
    )
    return frame.sort("authored_at", maintain_order=True)


def change_events_table(random: np.random.Generator, known: KnownChanges) -> pl.DataFrame:
    """The table change_events: drafts, requests, conflicts, force pushes, reopenings, ends."""
    changes, ended = known.changes, end_of(known)
    everyone = np.arange(len(changes))

    def some(share: float | Floats, where: Booleans | None = None) -> Integers:
        chosen = random.random(len(changes)) < share
        return everyone[chosen if where is None else chosen & where]

    def during(rows: Integers, low: float, high: float) -> Floats:
        last = np.where(np.isinf(ended), changes.opened + 14 * 24 * HOUR, ended)[rows]
        inside: Floats = changes.opened[rows] + random.uniform(low, high, len(rows)) * (last - changes.opened[rows])
        return inside

    drafts = everyone[changes.is_draft & ~np.isnan(changes.ready)]
    redrafted = some(0.03, changes.is_draft & (changes.first_review > changes.ready))
    turned = changes.ready[redrafted] + 0.3 * (changes.first_review - changes.ready)[redrafted]
    asked = some(0.75, ~np.isnan(changes.ready) & (changes.author_kind != BOT))
    pushed = some(0.12)
    conflicts = some(np.where(np.isin(changes.ai_use, (ASSISTED, AUTHORED)), 0.09, 0.06))
    reopened = some(0.012, ~changes.is_draft)
    closed_first = during(reopened, 0.1, 0.4)
    groups = [
        ("ready_for_review", drafts, changes.ready[drafts]),
        ("converted_to_draft", redrafted, turned),
        ("ready_for_review", redrafted, turned + 0.3 * (changes.first_review - changes.ready)[redrafted]),
        ("review_requested", asked, changes.ready[asked] + 30),
        ("force_pushed", pushed, during(pushed, 0.05, 0.95)),
        ("merge_conflict", conflicts, during(conflicts, 0.3, 0.95)),
        ("closed", reopened, closed_first),
        (
            "reopened",
            reopened,
            closed_first + 0.5 * (np.where(np.isinf(ended), CUT_SECONDS, ended)[reopened] - closed_first),
        ),
        ("labeled", some(0.1), None),
        ("merged", everyone[changes.merged > 0], changes.merged[changes.merged > 0]),
        ("closed", everyone[changes.closed > 0], changes.closed[changes.closed > 0]),
    ]
    rows = np.concatenate([each for _, each, _ in groups])
    at = np.concatenate([changes.opened[each] + 5 if when is None else when for _, each, when in groups])
    kind = np.repeat([name for name, _, _ in groups], [len(each) for _, each, _ in groups])
    at = np.minimum(at, np.where(np.isinf(ended), np.inf, ended)[rows])
    by_reviewer = kind == "merged"
    rank = np.where(by_reviewer & (random.random(len(rows)) < 0.4), changes.reviewer[rows], changes.person[rows])
    frame = pl.DataFrame(
        [
            known.ids_of(rows),
            pl.Series("kind", kind.tolist(), dtype=pl.String),
            instants("occurred_at", at),
            logins(changes.unit[rows], rank, "actor"),
        ]
    )
    frame = known_rows_of_changes(frame, "occurred_at")
    return frame.insert_column(0, numbered("event", frame.height, "event_id"))

"""The table reviews."""

import numpy as np
import polars as pl

from sample_data.behaviour import READABLE_LINES_PER_MINUTE
from sample_data.changes import AUTHOR_KINDS, BOT, TEAM_SIZES, UNIT_TEAM
from sample_data.columns import blank, choose, instants, logins, numbered
from sample_data.known_changes import KnownChanges, end_of, known_rows_of_changes, round_instant, rounds_of
from sample_data.random_effects import HOUR, ONBOARDED, Floats, Integers

REVIEW_BOT_LOGIN = "review-companion[bot]"


def reviews_table(random: np.random.Generator, known: KnownChanges) -> pl.DataFrame:
    """The table reviews: people's verdicts and rounds, comments of others, bots, and a few after the merge."""
    changes, ended = known.changes, end_of(known)
    everyone = np.arange(len(changes))
    is_open = np.isinf(ended)
    requested, round_number = rounds_of(changes.rounds)
    approved = everyone[~np.isnan(changes.approved)]
    separate = ~np.isnan(changes.first_review) & (changes.rounds == 0) & ~(changes.first_review >= changes.approved)
    commented = everyone[separate]
    others = everyone[~np.isnan(changes.first_review) & (random.random(len(changes)) < 0.2)]
    end_of_review = np.where(is_open, changes.first_review + 24 * HOUR, ended)[others]
    others_at = changes.first_review[others] + random.random(len(others)) * (
        end_of_review - changes.first_review[others]
    )
    own = everyone[(random.random(len(changes)) < 0.04) & (changes.author_kind != BOT)]
    by_bot = everyone[random.random(len(changes)) < np.where(changes.opened > ONBOARDED[changes.unit], 0.7, 0.15)]
    bot_at = changes.opened[by_bot] + random.uniform(60, 900, len(by_bot))
    late = everyone[(changes.merged > 0) & (random.random(len(changes)) < 0.006)]
    at = [
        round_instant(known, requested, round_number),
        changes.approved[approved],
        changes.first_review[commented],
        others_at,
        np.minimum(changes.opened[own] + 1200, ended[own]),
        np.minimum(bot_at, ended[by_bot]),
        changes.merged[late] + random.lognormal(1.0, 1.0, len(late)) * HOUR,
    ]
    rows = [requested, approved, commented, others, own, by_bot, late]
    group = np.repeat(np.arange(len(rows)), [len(each) for each in rows])
    return _reviews_frame(random, known, np.concatenate(rows), np.concatenate(at), group)


def _reviews_frame(
    random: np.random.Generator, known: KnownChanges, row: Integers, at: Floats, group: Integers
) -> pl.DataFrame:
    """Rows by group: requested, approved, first comment, others, author's own, bot's, after the merge."""
    changes, count = known.changes, len(row)
    unit = changes.unit[row]
    size = TEAM_SIZES[UNIT_TEAM[unit]]
    # A third person: neither author nor reviewer, by stepping over both.
    other = (changes.reviewer[row] + 1) % size
    other = np.where(other == changes.person[row], (other + 1) % size, other)
    rank = np.select([group == 3, group == 4], [other, changes.person[row]], default=changes.reviewer[row])
    state = np.select([group == 0, np.isin(group, (1, 6))], [1, 0], default=2)
    is_bot = group == 5
    comments = np.where(group == 1, random.geometric(0.55, count) - 1, random.geometric(0.4, count))
    # Who approves quicker than anybody reads writes nothing either.
    read = (changes.approved - changes.ready)[row] / 60 * READABLE_LINES_PER_MINUTE
    comments = np.where((group == 1) & (read < changes.size[row]), 0, comments)
    frame = pl.DataFrame(
        [
            known.ids_of(row),
            blank(logins(unit, rank, "reviewer"), is_bot | (random.random(count) < 0.003)).set(
                pl.Series(is_bot), REVIEW_BOT_LOGIN
            ),
            choose(AUTHOR_KINDS, np.where(is_bot, BOT, 0), "reviewer_kind"),
            choose(("approved", "changes_requested", "commented"), state, "state"),
            instants("submitted_at", at),
            pl.Series("comment_count", comments),
        ]
    )
    frame = known_rows_of_changes(frame, "submitted_at")
    return frame.insert_column(0, numbered("review", frame.height, "review_id"))

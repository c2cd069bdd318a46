"""What the sample organisation decided: control changes, decisions, phase decisions, attestations, intents."""

from pathlib import Path

import numpy as np
import polars as pl

from sample_data.changes import FEATURE, Changes
from sample_data.columns import FIRST_SECONDS, REPO_IDS, SHARED, UNIT_REPOSITORY, instants, numbered
from sample_data.company import UNITS
from sample_data.random_effects import CUT_SECONDS, DAY

INTENT_EVERY = 35 * DAY
SERVED_SHARE = 0.45

FOLDER = Path(__file__).parent / "decided"
DECIDED = ("control_changes", "decisions", "phase_decisions", "attestations")


def decided_table(name: str) -> pl.DataFrame:
    """One of the tables in DECIDED, which are the same for every seed and lie as CSV files beside this module.

    Verdicts get their decisions when somebody decides on them, so none is decided here.
    """
    frame = pl.read_csv(FOLDER / f"{name}.csv", try_parse_dates=True)
    return frame.with_columns(pl.col(pl.Date).cast(pl.Datetime("us")))


def intents_of(random: np.random.Generator, changes: Changes) -> tuple[pl.DataFrame, pl.Series]:
    """The table intents, and for each simulated change the id of the intent that it serves (null for none)."""
    per_unit = int((CUT_SECONDS - FIRST_SECONDS) / INTENT_EVERY) + 1
    unit = np.repeat(np.arange(len(UNITS)), per_unit)
    approved = FIRST_SECONDS + INTENT_EVERY * (
        np.tile(np.arange(per_unit), len(UNITS)) + random.uniform(0, 0.8, len(unit))
    )
    approved = np.minimum(approved, CUT_SECONDS - DAY)
    closed = approved + random.lognormal(3.7, 0.3, len(unit)) * DAY
    ids = numbered("intent", len(unit), "intent_id")
    shared = np.array([each.repository in SHARED for each in UNITS])[unit]
    frame = pl.DataFrame(
        [
            ids,
            REPO_IDS.gather(UNIT_REPOSITORY[unit]).alias("repo_id"),
            pl.Series("team", [UNITS[place].team for place in unit]),
            pl.Series(
                "title",
                [f"Better {UNITS[place].service}, part {number % per_unit + 1}" for number, place in enumerate(unit)],
            ),
            pl.Series("tier", [UNITS[place].tier for place in unit]).set(pl.Series(shared), None),
            instants("approved_at", approved),
            instants("closed_at", closed),
        ]
    )
    # The newest intent of the unit that was approved before the change began, if that was not too long ago.
    latest = np.floor((changes.first_commit - FIRST_SECONDS) / INTENT_EVERY).astype(np.int64)
    row = changes.unit * per_unit + np.clip(latest, 0, per_unit - 1)
    serves = (latest >= 0) & (changes.kind == FEATURE) & (random.random(len(changes)) < SERVED_SHARE)
    serves &= approved[row] <= changes.first_commit
    return frame, ids.gather(row).set(pl.Series(~serves), None)

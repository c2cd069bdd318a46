"""The sample organisation as event tables: `generate` them, or `write` them as files."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from sample_data import change_tables, delivery_tables, governance, quality_tables, registers, review_tables
from sample_data.behaviour import BEHAVIOUR, TierBehaviour
from sample_data.change_simulation import draw_changes
from sample_data.columns import hexadecimal
from sample_data.defects import Defects, draw_defects
from sample_data.deployments import Delivery, deploy
from sample_data.known_changes import KnownChanges, know
from sample_data.random_effects import draw_effects
from sample_data.repairs import draw_reverts
from schemas.events import all_tables

DEFAULT_SEED = 20261101


@dataclass(frozen=True)
class Simulation:
    """What happened, before it is put into tables."""

    delivery: Delivery
    defects: Defects
    known: KnownChanges


def simulate(seed: int, behaviour: Mapping[int, TierBehaviour]) -> tuple[Simulation, np.random.Generator]:
    """Simulates the company, and hands on the random numbers meant for its tables.

    Each part has its own stream, so that more draws in one leave the others as they were.
    """
    streams = [np.random.default_rng(each) for each in np.random.SeedSequence(seed).spawn(6)]
    effects = draw_effects(streams[0], behaviour)
    changes = draw_changes(streams[1], effects)
    changes = changes.followed_by(draw_reverts(streams[2], effects, changes))
    delivery = deploy(streams[3], effects, changes)
    defects = draw_defects(streams[4], effects, delivery.changes)
    return Simulation(delivery, defects, know(delivery.changes)), streams[5]


def generate(
    seed: int = DEFAULT_SEED, *, behaviour: Mapping[int, TierBehaviour] = BEHAVIOUR
) -> dict[str, pl.DataFrame]:
    """Makes every event table of the sample organisation.

    Args:
        seed: the same seed gives the same tables.
        behaviour: how each tier behaves; `behaviour.unchanged()` gives a company that adoption left as it was.

    Returns:
        One typed frame per table, instants as zone-less UTC datetimes, ordered by time.
    """
    simulation, random = simulate(seed, behaviour)
    delivery, defects, known = simulation.delivery, simulation.defects, simulation.known
    changes = known.changes
    deployment_ids = delivery_tables.deployment_ids(delivery)
    merge_shas = hexadecimal(random, len(changes), "sha")
    defects_frame = delivery_tables.defects_table(random, defects, known)
    intents, intent_of_change = governance.intents_of(random, changes)
    exceptions = registers.exceptions_table(random)
    fixes = delivery_tables.fixed_defects(defects, defects_frame, len(changes))
    return {
        "repositories": registers.repositories_table(),
        "tier_assignments": registers.tier_assignments_table(),
        "changes": change_tables.changes_table(random, known, fixes, intent_of_change, merge_shas),
        "commits": change_tables.commits_table(random, known),
        "reviews": review_tables.reviews_table(random, known),
        "change_events": change_tables.change_events_table(random, known),
        "deployments": delivery_tables.deployments_table(random, delivery, deployment_ids, merge_shas),
        "deployment_changes": delivery_tables.deployment_changes_table(delivery, deployment_ids, known),
        "incidents": delivery_tables.incidents_table(random, delivery, deployment_ids, known),
        "rollbacks": delivery_tables.rollbacks_table(random, delivery, deployment_ids),
        "defects": defects_frame.drop("row"),
        "gate_results": quality_tables.gate_results_table(random, known, exceptions),
        "gate_policies": quality_tables.gate_policies_table(),
        "test_runs": quality_tables.test_runs_table(random, known, behaviour),
        "exceptions": exceptions,
        "onboardings": registers.onboardings_table(),
        "context_signals": quality_tables.context_signals_table(random, known),
        "intents": intents,
        "team_capacity": registers.team_capacity_table(),
        "coverage": registers.coverage_table(),
        "spend": registers.spend_table(random),
        **{name: governance.decided_table(name) for name in governance.DECIDED},
    }


def write(directory: Path, seed: int = DEFAULT_SEED) -> dict[str, Path]:
    """Writes the sample organisation's tables as files.

    Args:
        directory: gets `events/<table>.parquet`, ready to be loaded, and `registers/<table>.csv`.
        seed: which sample organisation.

    Returns:
        The file of each table.
    """
    models = all_tables()
    files: dict[str, Path] = {}
    for folder in ("events", "registers"):
        (directory / folder).mkdir(parents=True, exist_ok=True)
    for name, frame in generate(seed).items():
        if models[name].table_about().is_register:
            files[name] = directory / "registers" / f"{name}.csv"
            frame.write_csv(files[name], datetime_format="%Y-%m-%dT%H:%M:%SZ")
        else:
            files[name] = directory / "events" / f"{name}.parquet"
            frame.write_parquet(files[name])
    return files

"""Tables around production: deployments, deployment_changes, incidents, rollbacks, defects."""

import numpy as np
import polars as pl

from sample_data.columns import (
    FIRST_SECONDS,
    REPO_IDS,
    UNIT_NAMES,
    UNIT_REPOSITORY,
    UNIT_SERVICE_IF_SHARED,
    blank,
    choose,
    gather,
    hexadecimal,
    instants,
    known_rows,
    numbered,
)
from sample_data.company import UNITS
from sample_data.defects import CATEGORIES, PRE_PRODUCTION, PRODUCTION, Defects
from sample_data.deployments import DEPLOYMENT_KINDS, RELEASE_DEPLOYMENT, STATUSES, Delivery
from sample_data.known_changes import KnownChanges
from sample_data.random_effects import CUT_SECONDS, DAY, HOUR, Booleans, Integers

LINK = np.array([unit.link for unit in UNITS])
HAS_STAGING = np.array([unit.has_staging for unit in UNITS])
IS_WATCHED = np.array([unit.is_watched for unit in UNITS])
ENVIRONMENTS = pl.Series([unit.environment for unit in UNITS])
SEVERITY_SHARES = {1: [0.0, 0.05, 0.25, 0.5, 0.2], 4: [0.08, 0.22, 0.4, 0.25, 0.05]}
SYMPTOMS = ("Errors in {}", "{} slow to answer", "{} not reachable", "Wrong figures from {}", "Queue of {} backed up")
METHODS = ("redeploy", "revert", "flag")


def deployment_ids(delivery: Delivery) -> pl.Series:
    """Ids by row of the simulated deployments, in the order of their start; null before the first day."""
    count = len(delivery.deployments)
    order = np.argsort(delivery.deployments.started, kind="stable")
    number = np.empty(count, dtype=np.int64)
    number[order] = np.arange(1, count + 1)
    ids = pl.select(pl.format("deployment-{}", pl.Series(number))).to_series()
    return blank(ids, delivery.deployments.started < FIRST_SECONDS)


def deployments_table(
    random: np.random.Generator, delivery: Delivery, ids: pl.Series, merge_shas: pl.Series
) -> pl.DataFrame:
    """The table deployments: production, and staging before it where a unit has one."""
    deployments, count = delivery.deployments, len(delivery.deployments)
    unit = deployments.unit
    is_under_way = (deployments.started < CUT_SECONDS) & (deployments.finished >= CUT_SECONDS)
    # Deployments from a configuration repository report that repository's commits, which match nothing.
    own_sha = gather(merge_shas, np.where(deployments.last_change >= 0, deployments.last_change, -1), "sha")
    foreign = hexadecimal(random, count, "sha")
    by_sha = (LINK[unit] == "sha") | ((LINK[unit] == "explicit") & (random.random(count) < 0.5))
    sha = blank(own_sha, ~by_sha).fill_null(blank(foreign, LINK[unit] != "next"))
    production = pl.DataFrame(
        [
            ids.alias("deployment_id"),
            REPO_IDS.gather(UNIT_REPOSITORY[unit]).alias("repo_id"),
            UNIT_SERVICE_IF_SHARED.gather(unit).alias("service"),
            ENVIRONMENTS.gather(unit).alias("environment"),
            pl.Series("is_production", [None, True], dtype=pl.Boolean).gather(
                (ENVIRONMENTS.gather(unit) != "production").cast(pl.Int64)
            ),
            sha.alias("sha"),
            choose((*STATUSES, "in_progress"), np.where(is_under_way, 3, deployments.status), "status"),
            choose(DEPLOYMENT_KINDS, deployments.kind, "kind"),
            instants("started_at", deployments.started),
            instants("finished_at", deployments.finished),
        ]
    )
    staged = np.flatnonzero(HAS_STAGING[unit] & (deployments.kind == RELEASE_DEPLOYMENT))
    started = deployments.started[staged] - random.uniform(20, 60, len(staged)) * 60
    lost = random.random(len(staged)) < 0.003
    staging = production[staged].with_columns(
        pl.format("{}-staging", "deployment_id").alias("deployment_id"),
        pl.lit("staging").alias("environment"),
        choose(("success", "in_progress"), lost.astype(np.int64), "status"),
        instants("started_at", started),
        instants("finished_at", np.where(lost, np.nan, started + 600)),
    )
    return known_rows(pl.concat([production, staging]), "started_at")


def deployment_changes_table(delivery: Delivery, ids: pl.Series, known: KnownChanges) -> pl.DataFrame:
    """The table deployment_changes, of the units that keep it."""
    rows = np.flatnonzero(LINK[delivery.deployments.unit[delivery.carried_deployment]] == "explicit")
    deployment = delivery.carried_deployment[rows]
    frame = pl.DataFrame(
        [
            ids.gather(deployment).alias("deployment_id"),
            known.ids_of(delivery.carried_change[rows]),
            instants("started_at", delivery.deployments.started[deployment]),
        ]
    )
    return known_rows(frame, "started_at", "change_id").drop("started_at")


def _severities(random: np.random.Generator, unit: Integers) -> pl.Series:
    """Severities 1 (worst) to 5: critical services have the worse ones."""
    tier = np.array([each.tier for each in UNITS])[unit]
    mild = random.choice([1, 2, 3, 4, 5], len(unit), p=SEVERITY_SHARES[1])
    grave = random.choice([1, 2, 3, 4, 5], len(unit), p=SEVERITY_SHARES[4])
    return pl.Series("severity", np.where(random.random(len(unit)) < (tier - 1) / 3, grave, mild))


def incidents_table(
    random: np.random.Generator, delivery: Delivery, ids: pl.Series, known: KnownChanges
) -> pl.DataFrame:
    """The table incidents: about half of those that a deployment caused name it, some name the change."""
    incidents, count = delivery.incidents, len(delivery.incidents.unit)
    unit, caused = incidents.unit, incidents.deployment >= 0
    names_deployment = caused & (random.random(count) < 0.55)
    names_change = caused & ~names_deployment & (random.random(count) < 0.2)
    change = np.where(names_change, delivery.deployments.last_change[incidents.deployment], -1)
    titles = pl.Series([text.format(each.service) for text in SYMPTOMS for each in UNITS])
    acknowledged = incidents.opened + random.lognormal(1.8, 0.8, count) * 60
    only_repository = (random.random(count) < 0.1) & pl.Series(UNIT_SERVICE_IF_SHARED.gather(unit)).is_null().to_numpy()
    frame = pl.DataFrame(
        [
            REPO_IDS.gather(UNIT_REPOSITORY[unit]).alias("repo_id"),
            blank(UNIT_NAMES.gather(unit).alias("service"), only_repository),
            _severities(random, unit),
            pl.Series("is_security", random.random(count) < 0.06),
            instants("opened_at", incidents.opened),
            instants("acknowledged_at", np.fmin(acknowledged, incidents.resolved)),
            instants("resolved_at", incidents.resolved),
            gather(ids, np.where(names_deployment, incidents.deployment, -1), "caused_by_deployment_id"),
            known.ids_of(change).alias("caused_by_change_id"),
            titles.gather(random.integers(len(SYMPTOMS), size=count) * len(UNITS) + unit).alias("title"),
        ]
    )
    frame = known_rows(frame.filter(pl.Series(IS_WATCHED[unit])), "opened_at")
    return frame.insert_column(0, numbered("INC", frame.height, "incident_id"))


def rollbacks_table(random: np.random.Generator, delivery: Delivery, ids: pl.Series) -> pl.DataFrame:
    """The table rollbacks: every revert and flag, most redeployments; most name their deployment."""
    rollbacks, count = delivery.rollbacks, len(delivery.rollbacks.deployment)
    unit = delivery.deployments.unit[rollbacks.deployment]
    is_recorded: Booleans = (rollbacks.method > 0) | (random.random(count) < 0.85)
    names = is_recorded & (random.random(count) < 0.85)
    frame = pl.DataFrame(
        [
            REPO_IDS.gather(UNIT_REPOSITORY[unit]).alias("repo_id"),
            UNIT_SERVICE_IF_SHARED.gather(unit).alias("service"),
            gather(ids, np.where(names, rollbacks.deployment, -1), "rolled_back_deployment_id"),
            instants("occurred_at", rollbacks.occurred),
            _severities(random, unit),
            choose(METHODS, rollbacks.method, "method"),
        ]
    )
    frame = known_rows(frame.filter(pl.Series(is_recorded & IS_WATCHED[unit])), "occurred_at")
    return frame.insert_column(0, numbered("rollback", frame.height, "rollback_id"))


def defects_table(random: np.random.Generator, defects: Defects, known: KnownChanges) -> pl.DataFrame:
    """The table defects, with each one's row in the simulation: of some, nobody traced the cause."""
    count = len(defects.opened)
    unit = known.changes.unit[defects.cause]
    untraced = random.random(count) < np.where(defects.found_in == PRODUCTION, 0.03, 0.3)
    merged = np.append(known.changes.merged, np.nan)[defects.fix]
    closed = np.where(np.isnan(merged), defects.opened + random.lognormal(2.0, 0.9, count) * DAY, merged + HOUR)
    frame = pl.DataFrame(
        [
            REPO_IDS.gather(UNIT_REPOSITORY[unit]).alias("repo_id"),
            choose(("production", "pre_production"), np.where(defects.found_in == PRE_PRODUCTION, 1, 0), "found_in"),
            choose(CATEGORIES, defects.category, "category"),
            pl.Series("severity", defects.severity),
            instants("opened_at", defects.opened),
            instants("closed_at", closed),
            known.ids_of(np.where(untraced, -1, defects.cause)).alias("caused_by_change_id"),
            pl.Series("row", np.arange(count)),
        ]
    )
    frame = known_rows(frame.filter(pl.Series(IS_WATCHED[unit])), "opened_at")
    return frame.insert_column(0, numbered("BUG", frame.height, "defect_id"))


def fixed_defects(defects: Defects, table: pl.DataFrame, change_count: int) -> pl.Series:
    """By change, the id of the defect that it repaired; null for none."""
    fix = defects.fix[table["row"].to_numpy()]
    of_change = np.full(change_count, -1)
    of_change[fix[fix >= 0]] = np.flatnonzero(fix >= 0)
    return gather(table["defect_id"], of_change, "fixes_defect_id")

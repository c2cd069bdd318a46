"""Simulates production deployments from merges, and what goes wrong with them."""

from dataclasses import dataclass, fields

import numpy as np

from sample_data.changes import HOTFIX, Changes, instant, worked
from sample_data.company import UNITS
from sample_data.random_effects import (
    CUT_SECONDS,
    DAY,
    HOUR,
    START_SECONDS,
    Effects,
    Floats,
    Integers,
)
from sample_data.repairs import repairs_of

DEPLOYMENT_KINDS = ("release", "hotfix", "rollback", "redeploy")
RELEASE_DEPLOYMENT, HOTFIX_DEPLOYMENT, ROLLBACK_DEPLOYMENT, REDEPLOY_DEPLOYMENT = range(4)
STATUSES = ("success", "failure", "cancelled")
SUCCESS, FAILURE, CANCELLED = range(3)
IS_DEPLOYED = np.array([unit.link != "none" for unit in UNITS])
# A rollback or an incident counts against a deployment for three days; what comes later is another story.
LONGEST_ROLLBACK_DELAY = 60 * HOUR
LONGEST_INCIDENT_DELAY = 20 * HOUR
INCIDENT_AFTER_ROLLBACK = 0.4
HOTFIX_AFTER_INCIDENT = 0.22


@dataclass
class Deployments:
    """Production deployments as columns; `last_change` is the newest change it carried (-1 for none)."""

    unit: Integers
    kind: Integers
    status: Integers
    started: Floats
    finished: Floats
    last_change: Integers
    risk: Floats
    rollback_risk: Floats

    def __len__(self) -> int:
        return len(self.unit)

    def followed_by(self, other: "Deployments") -> "Deployments":
        """These deployments, then the others."""
        return Deployments(
            **{
                column.name: np.concatenate([getattr(self, column.name), getattr(other, column.name)])
                for column in fields(self)
            }
        )


@dataclass
class Rollbacks:
    """Rolled-back deployments: which, when, and how (0 redeploy, 1 revert, 2 flag)."""

    deployment: Integers
    occurred: Floats
    method: Integers


@dataclass
class Incidents:
    """Incidents; `deployment` is the one at fault in truth (-1 for none)."""

    unit: Integers
    deployment: Integers
    opened: Floats
    resolved: Floats


@dataclass
class Delivery:
    """Everything that happened in production, and the changes with their hotfixes."""

    changes: Changes
    deployments: Deployments
    carried_deployment: Integers
    carried_change: Integers
    rollbacks: Rollbacks
    incidents: Incidents


def deploy(random: np.random.Generator, effects: Effects, changes: Changes) -> Delivery:
    """Deploys what was merged, lets some of it fail, and repairs it with rollbacks and hotfixes."""
    deployments, carried_deployment, carried_change = _release(random, effects, changes)
    rollbacks = _roll_back(random, effects, deployments)
    incidents = _draw_incidents(random, effects, deployments, rollbacks)
    faulty = np.flatnonzero((incidents.deployment >= 0) & (random.random(len(incidents.unit)) < HOTFIX_AFTER_INCIDENT))
    origin = changes.take(deployments.last_change[incidents.deployment[faulty]])
    hotfixes = repairs_of(random, origin, HOTFIX, incidents.opened[faulty] + 0.3 * HOUR)
    first_hotfix, first_deployment = len(changes), len(deployments)
    started = hotfixes.merged + random.uniform(0.1, 0.6, len(hotfixes)) * HOUR
    hotfix_rows = np.arange(len(hotfixes))
    nothing = np.zeros(len(hotfixes))
    extra = Deployments(
        unit=hotfixes.unit,
        kind=np.full(len(hotfixes), HOTFIX_DEPLOYMENT),
        status=np.full(len(hotfixes), SUCCESS),
        started=started,
        finished=started + random.uniform(5, 20, len(hotfixes)) * 60,
        last_change=first_hotfix + hotfix_rows,
        risk=nothing,
        rollback_risk=nothing,
    )
    returning = _rollback_deployments(random, deployments, rollbacks)
    return Delivery(
        changes=changes.followed_by(hotfixes),
        deployments=deployments.followed_by(extra).followed_by(returning),
        carried_deployment=np.concatenate([carried_deployment, first_deployment + hotfix_rows]),
        carried_change=np.concatenate([carried_change, first_hotfix + hotfix_rows]),
        rollbacks=rollbacks,
        incidents=incidents,
    )


def _release(random: np.random.Generator, effects: Effects, changes: Changes) -> tuple[Deployments, Integers, Integers]:
    """Batches merges into deployments: the first waiting merge sets the time, what is merged by then goes along."""
    rows = np.flatnonzero(~np.isnan(changes.merged) & IS_DEPLOYED[changes.unit])
    rows = rows[np.lexsort((changes.merged[rows], changes.unit[rows]))]
    unit, merged = changes.unit[rows], changes.merged[rows]
    start = instant(unit, worked(unit, merged) + changes.deploy_wait[rows]) + 120.0
    batch = _batches(unit, merged, start)
    first = np.flatnonzero(np.diff(batch, prepend=-1))
    count = len(first)
    carried = np.bincount(batch, minlength=count)
    started = start[first]
    finished = started + random.lognormal(2.6, 0.5, count) * 60
    last_change = rows[np.append(first[1:], len(rows)) - 1]
    failed = random.random(count) < effects.tier_values("failure")[unit[first]]
    cancelled = ~failed & (random.random(count) < 0.008)
    mean_risk = np.bincount(batch, changes.risk[rows]) / carried
    mean_rollback_risk = np.bincount(batch, changes.rollback_risk[rows]) / carried
    release = Deployments(
        unit=unit[first],
        kind=np.full(count, RELEASE_DEPLOYMENT),
        status=np.select([failed, cancelled], [FAILURE, CANCELLED], SUCCESS),
        started=started,
        finished=finished,
        last_change=last_change,
        risk=np.where(failed | cancelled, 0.0, mean_risk),
        rollback_risk=np.where(failed | cancelled, 0.0, mean_rollback_risk),
    )
    again = np.flatnonzero(failed | cancelled)
    retry_started = finished[again] + random.lognormal(-0.3, 0.6, len(again)) * HOUR
    retry = Deployments(
        unit=release.unit[again],
        kind=release.kind[again],
        status=np.full(len(again), SUCCESS),
        started=retry_started,
        finished=retry_started + random.lognormal(2.6, 0.5, len(again)) * 60,
        last_change=last_change[again],
        risk=mean_risk[again],
        rollback_risk=mean_rollback_risk[again],
    )
    retry_of_batch = np.full(count, -1)
    retry_of_batch[again] = count + np.arange(len(again))
    retried = retry_of_batch[batch] >= 0
    carried_deployment = np.concatenate([batch, retry_of_batch[batch][retried]])
    return release.followed_by(retry), carried_deployment, np.concatenate([rows, rows[retried]])


def _batches(unit: Integers, merged: Floats, start: Floats) -> Integers:
    """The number of the deployment that carries each merge; rows sorted by unit and merge."""
    batch = np.empty(len(unit), dtype=np.int64)
    current, current_unit, current_start = -1, -1, -np.inf
    for row, (row_unit, row_merged, row_start) in enumerate(
        zip(unit.tolist(), merged.tolist(), start.tolist(), strict=True)
    ):
        if row_unit != current_unit or row_merged > current_start:
            current, current_unit, current_start = current + 1, row_unit, row_start
        batch[row] = current
    return batch


def _roll_back(random: np.random.Generator, effects: Effects, deployments: Deployments) -> Rollbacks:
    hazard = (
        effects.tier_values("rollback")[deployments.unit] * effects.risk[deployments.unit] * deployments.rollback_risk
    )
    rows = np.flatnonzero(random.random(len(deployments)) < hazard)
    delay = np.minimum(random.lognormal(0.3, 1.0, len(rows)) * HOUR, LONGEST_ROLLBACK_DELAY)
    method = random.choice([0, 1, 2], len(rows), p=[0.65, 0.15, 0.2])
    finished = deployments.finished[rows]
    # Nobody ships the next release on top of a bad one: the rollback comes first.
    latest = np.maximum(_next_start(deployments)[rows] - 120, finished + 300)
    return Rollbacks(rows, np.minimum(finished + 300 + delay, latest), method)


def _next_start(deployments: Deployments) -> Floats:
    """When the next deployment of the same unit starts; infinite for the last one."""
    order = np.lexsort((deployments.started, deployments.unit))
    unit, started = deployments.unit[order], deployments.started[order]
    following = np.full(len(order), np.inf)
    following[:-1] = np.where(unit[1:] == unit[:-1], started[1:], np.inf)
    result = np.empty(len(order))
    result[order] = following
    return result


def _rollback_deployments(random: np.random.Generator, deployments: Deployments, rollbacks: Rollbacks) -> Deployments:
    """The deployments by which the redeployed ones of the rollbacks were done."""
    redone = rollbacks.method == 0
    unit = deployments.unit[rollbacks.deployment[redone]]
    finished = rollbacks.occurred[redone]
    count = len(unit)
    return Deployments(
        unit=unit,
        kind=np.full(count, ROLLBACK_DEPLOYMENT),
        status=np.full(count, SUCCESS),
        started=finished - random.uniform(60, 280, count),
        finished=finished,
        last_change=np.full(count, -1),
        risk=np.zeros(count),
        rollback_risk=np.zeros(count),
    )


def _draw_incidents(
    random: np.random.Generator, effects: Effects, deployments: Deployments, rollbacks: Rollbacks
) -> Incidents:
    """Incidents after deployments, more often after those that were rolled back, and some that no deployment caused."""
    rolled_back_at = np.full(len(deployments), np.nan)
    rolled_back_at[rollbacks.deployment] = rollbacks.occurred
    hazard = effects.tier_values("incident")[deployments.unit] * effects.risk[deployments.unit] * deployments.risk
    hazard = np.where(np.isnan(rolled_back_at), hazard, INCIDENT_AFTER_ROLLBACK)
    rows = np.flatnonzero(random.random(len(deployments)) < hazard)
    delay = np.minimum(random.lognormal(0.2, 1.0, len(rows)) * HOUR, LONGEST_INCIDENT_DELAY)
    until_rollback = (rolled_back_at[rows] - deployments.finished[rows]) * random.uniform(0.2, 0.9, len(rows))
    opened = deployments.finished[rows] + np.fmin(delay, until_rollback)
    count = random.poisson(effects.tier_values("incident") * 55.0)
    unit = np.concatenate([deployments.unit[rows], np.repeat(np.arange(len(UNITS)), count)])
    stray = random.uniform(START_SECONDS + 7 * DAY, CUT_SECONDS, int(count.sum()))
    opened = np.concatenate([opened, stray])
    deployment = np.concatenate([rows, np.full(len(stray), -1)])
    # Now and then nobody closes the ticket.
    restore = effects.tier_values("restore_hours")[unit] * random.lognormal(0.0, 1.0, len(unit)) * HOUR
    forgotten = random.random(len(unit)) < 0.01
    return Incidents(unit, deployment, opened, np.where(forgotten, np.nan, opened + restore))

"""Changes as the simulation holds them: columns of numbers, and the clocks of the teams that make them."""

from dataclasses import dataclass, fields

import numpy as np

from sample_data.company import TEAMS, UNITS
from sample_data.random_effects import (
    Booleans,
    Floats,
    Integers,
)
from sample_data.working_time import clock_of

AI_USES = ("none", "assisted", "authored", "unknown")
AUTHOR_KINDS = ("human", "bot", "agent")
KINDS = ("feature", "fix", "chore", "unknown", "hotfix", "revert")
HUMAN, BOT, AGENT = 0, 1, 2
NONE, ASSISTED, AUTHORED, UNKNOWN = 0, 1, 2, 3
FEATURE, FIX, CHORE, UNKNOWN_KIND, HOTFIX, REVERT = range(6)
TEAM_NAMES = [team.name for team in TEAMS]
UNIT_TEAM = np.array([TEAM_NAMES.index(unit.team) for unit in UNITS])
UNIT_ZONE = [TEAMS[team].time_zone for team in UNIT_TEAM]
ZONES = sorted(set(UNIT_ZONE))
ZONE_OF_UNIT = np.array([ZONES.index(zone) for zone in UNIT_ZONE])
TEAM_SIZES = np.array([team.engineers_last for team in TEAMS])


@dataclass
class Changes:
    """Changes as columns of equal length; instants in seconds, NaN where it never happened.

    `person` and `reviewer` are ranks within the team. `risk` is the factor on the hazards of what the change does.
    """

    unit: Integers
    person: Integers
    reviewer: Integers
    author_kind: Integers
    ai_use: Integers
    kind: Integers
    size: Floats
    first_commit: Floats
    opened: Floats
    ready: Floats
    first_review: Floats
    approved: Floats
    merged: Floats
    closed: Floats
    rounds: Integers
    is_draft: Booleans
    is_overridden: Booleans
    is_routine: Booleans
    risk: Floats
    rollback_risk: Floats
    deploy_wait: Floats
    reverts: Integers

    def __len__(self) -> int:
        return len(self.unit)

    def take(self, rows: Integers | Booleans) -> "Changes":
        """The given rows, in that order."""
        return Changes(**{column.name: getattr(self, column.name)[rows] for column in fields(self)})

    def followed_by(self, other: "Changes") -> "Changes":
        """These changes, then the others."""
        return Changes(
            **{
                column.name: np.concatenate([getattr(self, column.name), getattr(other, column.name)])
                for column in fields(self)
            }
        )


def worked(unit: Integers, seconds: Floats) -> Floats:
    """Hours of work done by an instant on the clock of each unit's team."""
    return _by_zone(unit, seconds, to_instant=False)


def instant(unit: Integers, hours: Floats) -> Floats:
    """The instant at which so many hours of work are done on the clock of each unit's team."""
    return _by_zone(unit, hours, to_instant=True)


def _by_zone(unit: Integers, values: Floats, *, to_instant: bool) -> Floats:
    result = np.empty_like(values)
    zone_of_row = ZONE_OF_UNIT[unit]
    for index, zone in enumerate(ZONES):
        rows = zone_of_row == index
        clock = clock_of(zone)
        result[rows] = clock.instant(values[rows]) if to_instant else clock.worked(values[rows])
    return result

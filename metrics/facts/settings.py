"""The workspace's choices on which the facts depend."""

from __future__ import annotations

import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from metrics.facts.working_hours import WorkingHours

VALIDATION_DAYS = 14
"""A deployed change is validated when so many days passed without a bad outcome (METRICS.md §2)."""

ESCAPE_FOLLOW_UP_DAYS = 30
"""A production defect counts against a change within so many days of its merge (METRICS.md §2, follow-up)."""


@dataclass(frozen=True)
class FactSettings:
    """What a workspace may choose about its facts.

    Attributes:
        production_rules: An environment is production if one of these equals its name, or matches it whole as a
            regular expression, upper and lower case alike. Only used where a deployment does not say so itself.
        deploy_link_days: A change without a link lands on the next deployment of its service within so many days.
        incident_attribution_hours: An incident that names nothing is attributed to a deployment at most so old.
        hotfix_blame_hours: A hotfix, and a rollback that names nothing, blames a deployment at most so old.
        include_bots: Whether bots' changes count in the change metrics; they are in the facts either way.
        timezone: IANA name of the zone in which quarters begin.
        working_hours: When work is done, for the waits in working hours; None where the workspace keeps no such clock.

    Raises:
        ValueError: For a blank or malformed rule, an unknown zone or a span that is not positive.
    """

    production_rules: tuple[str, ...] = ("production",)
    deploy_link_days: int = 30
    incident_attribution_hours: int = 24
    hotfix_blame_hours: int = 72
    include_bots: bool = False
    timezone: str = "UTC"
    working_hours: WorkingHours | None = None

    def __post_init__(self) -> None:
        """Refuse settings under which the facts would be silently empty."""
        if not self.production_rules or not all(rule.strip() for rule in self.production_rules):
            raise ValueError(
                "production_rules: a blank rule matches nothing; name the environments that are production"
            )
        for rule in self.production_rules:
            try:
                re.compile(rule)
            except re.error as error:
                raise ValueError(f"production_rules: {rule!r} is no regular expression ({error}); mend it") from error
        for name in ("deploy_link_days", "incident_attribution_hours", "hotfix_blame_hours"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name}: must be positive, not {getattr(self, name)}")
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(
                f"timezone: {self.timezone!r} is not an IANA zone; give one such as Europe/Berlin"
            ) from error

"""SQL conditions that several definitions share, over the columns of the facts.

Outcomes count only within their follow-up, in the baseline and in the window alike: of an old deployment all rollbacks
are known, of a new one those of its first days, and only equal spans can be compared. A unit whose outcome nothing
watched is no unit.
"""

from datetime import timedelta

from metrics.model import Pending

OUTCOME_FOLLOW_UP = timedelta(days=3)
"""Rollbacks and incidents count within so long of the deployment's end."""
VALIDATION_FOLLOW_UP = timedelta(days=14)
"""A change is validated when so long passed after its deployment without a bad outcome."""
DEPLOY_WAIT = timedelta(days=30)
"""A merged change that is not deployed within so long is no longer waited for."""
ESCAPE_FOLLOW_UP = timedelta(days=30)
"""Escaped defects and reverts count within so long of the change's merge."""

FINISHED_IN_PRODUCTION = "is_production and status in ('success', 'failure') and _ended_at is not null"
"""A production deployment that came to an end, well or badly; cancelled and running ones are none."""

ROLLED_BACK = f"(_rolled_back_at <= _ended_at + interval {OUTCOME_FOLLOW_UP.days} days)"
"""Rolled back within the follow-up; null where it was not rolled back at all."""

OUTCOMES_WATCHED = "(_incidents_watched or _rollbacks_watched)"
"""Somebody watches for incidents or for rollbacks of the deployment's service."""

_CAUSED_INCIDENT = f"(_incidents_watched and _first_incident_at <= _ended_at + interval {OUTCOME_FOLLOW_UP.days} days)"
_BLAMED_BY_HOTFIX = f"(_hotfix_at <= _ended_at + interval {OUTCOME_FOLLOW_UP.days} days)"

FAILED = (
    f"(status = 'failure' or coalesce({_CAUSED_INCIDENT}, false)"
    f" or coalesce(_rollbacks_watched and {ROLLED_BACK}, false) or coalesce({_BLAMED_BY_HOTFIX}, false))"
)
"""Failed by its own status, or within the follow-up by a watched incident or rollback, or a hotfix; never null."""

VALIDATION_PENDING = Pending(
    fact="measured_changes",
    time="merged_at",
    among="_incidents_watched or _rollbacks_watched or _defects_watched",
    until=(
        f"case when validated is null then coalesce(deployed_at + interval {VALIDATION_FOLLOW_UP.days} days,"
        f" merged_at + interval {DEPLOY_WAIT.days} days) end"
    ),
)
"""Changes that wait for their deployment, or run their 14 days."""

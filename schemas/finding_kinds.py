"""The closed lists of what a finding may be about and how pressing it is.

Light on purpose: the configuration's model reads them to check what a channel of alerts asks for.
"""

from __future__ import annotations

SEVERITIES = ("low", "medium", "high", "critical")
"""Mildest first."""

KINDS = {
    "verdict": "a constraint is violated or at risk",
    "undecided_violation": "a violation stands without a recorded decision",
    "failure_mode": "a failure mode is present",
    "stage_gate": "a criterion of the rollout fails",
    "risk_staging": "the rollout runs ahead of its order",
    "exception": "an exception expired, was not reviewed, or exceptions multiply",
    "stale_source": "a source has not been read, or brings nothing new",
    "silence": "a service, or a kind of record, stopped reporting",
    "data_quality": "records contradict or miss each other",
    "build": "a build failed",
}
"""What each kind says. `build` is known to alerts alone: a build that fails publishes no findings."""


def rank(severity: str) -> int:
    """How pressing a severity is, from 0 upwards."""
    return SEVERITIES.index(severity)

"""The ways in which records are linked to one another, and the table in which their shares are counted.

Imports no frame or database library, so that they can be told at once.
"""

from __future__ import annotations

TABLE = "link_shares"
"""The internal table of a snapshot that holds them: kind, method, units, service, service_units."""

METHODS = {
    "changes": ("explicit", "sha", "next_deployment", "waiting", "none"),
    "deployments": ("explicit", "sha", "next_deployment", "none"),
    "incidents": ("names_deployment", "names_change", "window", "unknown_name", "none"),
    "rollbacks": ("names_deployment", "latest", "unknown_name", "none"),
    "defects": ("names_change", "unknown_name", "none"),
}
"""The methods of each kind in the order of their precedence.

`waiting` may still be deployed within the time allowed; `unknown_name` names what is not (yet) here.
"""

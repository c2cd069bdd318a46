"""Which changes a deployment held."""

from __future__ import annotations

from schemas.tables import About, EventTable, column


class DeploymentChanges(EventTable):
    """One change in one deployment."""

    _about = About(set_column="deployment_id")

    deployment_id: str = column("the deployment", key=True, parent="deployments.deployment_id")
    change_id: str = column("the change", key=True, parent="changes.change_id")

"""Which builds of Azure DevOps are deployments, by rules of the workspace's own."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from pipelines.connectors.checks import Pattern, fits


class DeploymentRule(BaseModel):
    """A pipeline that deploys.

    Attributes:
        build: Pattern of the pipeline's name.
        stage: Pattern of the stage (or job) within it that deploys; the whole build by default. One request a build.
        environment: Where it deploys to.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    build: Pattern
    stage: Pattern | None = None
    environment: Pattern = "production"


def deployment_rule(build: Mapping[str, Any], rules: Sequence[DeploymentRule]) -> DeploymentRule | None:
    """The first rule that a build fits; None where it is no deployment."""
    name = str((build.get("definition") or {}).get("name"))
    return next((rule for rule in rules if fits(name, rule.build)), None)

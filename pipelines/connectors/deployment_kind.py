"""What a deployment was for, where the host does not say: by what deployed, and what was deployed."""

from typing import Literal


def deployment_kind(deployer: str, ref: str) -> Literal["release", "hotfix", "rollback", "redeploy"]:
    """By the name of the job or stage that deployed (`rollback:production`), or the branch (`hotfix/rounding`)."""
    name, branch = deployer.lower(), ref.lower().removeprefix("refs/heads/")
    if "rollback" in name or "roll-back" in name:
        return "rollback"
    if "redeploy" in name:
        return "redeploy"
    return "hotfix" if "hotfix" in name or branch.startswith(("hotfix/", "hotfix-")) else "release"

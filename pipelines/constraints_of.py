"""The constraints of a workspace: what ships and what its ``plumbline.toml`` declares."""

from metrics.declared_constraints import RefusedDeclaration, constraints_with
from metrics.model import Constraint
from schemas.errors import ConfigurationError
from schemas.workspace import FILE_NAME, Workspace, line_of


def constraints_of(workspace: Workspace) -> dict[str, Constraint]:
    """Every constraint that is judged, by id.

    Raises:
        ConfigurationError: a declaration cannot be followed; names the line and why.
    """
    try:
        return constraints_with(workspace.constraints)
    except RefusedDeclaration as error:
        path = workspace.root / FILE_NAME
        location = ("constraints", *error.location)
        line = line_of(path.read_text(encoding="utf-8-sig"), location)
        key = ".".join(str(part) for part in location)
        raise ConfigurationError(f"{key}: {error.what}", f"{path}:{line}", error.advice) from error

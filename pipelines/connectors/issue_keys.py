"""Issues of a tracker elsewhere that a change names by their key: `PAY-12` in its title, branch or description."""

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, StringConstraints

ProjectKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
Site = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class IssueKeySettings(BaseModel):
    """Settings of every git host; a connector's settings inherit them beside SourceSettings.

    Attributes:
        issue_keys: Key of a tracker's project → host of the tracker, as its source's ids begin:
            `{ PAY = "acme.atlassian.net" }`. A change that names such an issue fixes it, if it is a defect.
    """

    issue_keys: Mapping[ProjectKey, Site] = {}


def named_issue(issue_keys: Mapping[str, str], *texts: str | None) -> str | None:
    """The id of the first issue that a text names, the texts in turn; `UTF-8` is none where no project is called so."""
    if not issue_keys:
        return None
    sites = {key.upper(): site for key, site in issue_keys.items()}
    pattern = re.compile(rf"(?<![A-Za-z0-9])({'|'.join(map(re.escape, sites))})-(\d+)(?![A-Za-z0-9])", re.IGNORECASE)
    for text in texts:
        if match := pattern.search(text or ""):
            key = match[1].upper()
            return f"{sites[key]}:{key}-{match[2]}"
    return None

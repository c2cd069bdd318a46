"""Changes that a text points to by their address on a host, whatever the tool that the text was written in."""

import re

_HOST = r"https?://(?P<host>[^\s/]+)/"
_ADDRESSES = (
    rf"{_HOST}(?P<path>[\w.-]+/[\w.-]+)/pull/(?P<number>\d+)",  # GitHub
    rf"{_HOST}(?P<path>[\w.-]+(?:/[\w.-]+)+?)(?:/-)?/merge_requests/(?P<number>\d+)",  # GitLab
    rf"{_HOST}(?P<path>[\w.-]+/[\w.-]+)/pull-requests/(?P<number>\d+)",  # Bitbucket Cloud
    rf"{_HOST}(?P<path>[^\s/]+/[^\s/]+)/_git/(?P<repository>[^\s/]+)/pullrequest/(?P<number>\d+)",  # Azure DevOps
)
_CHANGE_ID = re.compile(r"^[\w.:-]+:[^\s#]+#\d+$")
_CAUSED_BY = re.compile(r"^\W*(?:caused|introduced)[ -](?:by|in)\W*\s(?P<what>[^\n]+)", re.IGNORECASE | re.MULTILINE)


def change_at(text: str) -> str | None:
    """The id of the first change whose address, or own id, a text holds: `host:owner/name#number`."""
    stripped = text.strip()
    if _CHANGE_ID.match(stripped):
        return stripped
    for pattern in _ADDRESSES:
        if match := re.search(pattern, text):
            parts = match.groupdict()
            path = f"{parts['path']}/{parts['repository']}" if parts.get("repository") else parts["path"]
            return f"{parts['host']}:{path}#{parts['number']}"
    return None


def blamed_change(text: str) -> str | None:
    """The change that a line such as `Caused by: https://host/owner/name/pull/12` blames."""
    match = _CAUSED_BY.search(text)
    return change_at(match["what"]) if match else None

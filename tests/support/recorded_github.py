"""The recorded responses of GitHub's REST API as resources of a replay host."""

import csv
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

REPOSITORY = "panjf2000/ants"


def elements(folder: Path, name: str) -> list[tuple[str, Any]]:
    """(url, element) of one recording in the order of its rows."""
    csv.field_size_limit(10_000_000)
    path = folder / "recorded" / "github" / f"_raw_github_api_{name}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return [(row["url"], json.loads(row["data"])) for row in csv.DictReader(file)]


def distinct(folder: Path, name: str, key: str = "id") -> dict[Any, Any]:
    """Elements by their id; where one was recorded twice the later row wins."""
    return {element[key]: element for _, element in elements(folder, name)}


def resources(folder: Path) -> dict[str, Any]:
    """What the host would serve: listings, and for each recorded pull request what hangs on it."""
    base = f"repos/{REPOSITORY}"
    pulls = distinct(folder, "pull_requests", "number")
    found: dict[str, Any] = {
        base: {"id": 1, "name": "ants", "full_name": REPOSITORY, "default_branch": "master", "archived": False},
        f"{base}/pulls": list(pulls.values()),
        f"{base}/issues": list(distinct(folder, "issues", "number").values()),
        f"{base}/deployments": [],
    }
    hanging: dict[str, dict[Any, Any]] = defaultdict(dict)
    for number, pull in pulls.items():
        found[f"{base}/pulls/{number}"] = pull
        for address in (f"pulls/{number}/reviews", f"pulls/{number}/commits", f"pulls/{number}/comments"):
            hanging[f"{base}/{address}"] = {}
        hanging[f"{base}/issues/{number}/events"] = {}
    for name, key in (("pull_request_reviews", "id"), ("pull_request_commits", "sha")):
        for url, element in elements(folder, name):
            hanging[url.partition("?")[0].partition(".com/")[2]][element[key]] = element
    for _, comment in elements(folder, "pull_request_review_comments"):
        address = comment["pull_request_url"].partition(".com/")[2]
        hanging[f"{address}/comments"][comment["id"]] = comment
    for _, event in elements(folder, "events"):
        hanging[f"{base}/issues/{event['issue']['number']}/events"][event["id"]] = event
    return {**found, **{address: list(items.values()) for address, items in hanging.items()}}

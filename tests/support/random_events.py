"""Random organisations, small and dense: few services, coarse clocks, many coincidences and oddities."""

from __future__ import annotations

import random
from datetime import datetime

from tests.support.events import Row, Rows, at

HOURS = 24 * 50
REPOSITORIES = ("mono", "shop", "bank", "unseen")
SERVICES = (None, None, "mono-a", "mono-b", "shop")


def random_events(seed: int, changes: int = 60) -> Rows:
    """An organisation of some sixty changes over fifty days; the same for the same seed."""
    return _Generator(random.Random(seed), changes).rows


class _Generator:
    def __init__(self, source: random.Random, changes: int) -> None:
        self.random = source
        self.rows: Rows = {
            "repositories": [
                {"repo_id": "mono", "service": "mono-a", "team": "red"},
                {"repo_id": "shop", "team": "blue"},
                {"repo_id": "bank", "service": "shop"},
            ],
            "changes": [self.change(number) for number in range(changes)],
        }
        ids = [row["change_id"] for row in self.rows["changes"]] + ["orphan"]
        self.rows |= {
            "deployments": [self.deployment(number) for number in range(changes)],
            "reviews": [self.review(number, source.choice(ids)) for number in range(changes * 4)],
            "change_events": [self.event(number, source.choice(ids)) for number in range(changes)],
            "commits": [self.commit(number, source.choice(ids)) for number in range(changes)],
            "deployment_changes": self.listed(ids, changes // 4),
            "incidents": [self.incident(number, ids) for number in range(changes // 4)],
            "rollbacks": [self.rollback(number) for number in range(changes // 6)],
            "defects": [self.defect(number, ids) for number in range(changes // 3)],
            "gate_policies": self.policies(),
            "gate_results": [self.result(number, source.choice(ids)) for number in range(changes * 5)],
            "tier_assignments": self.tiers(),
        }

    def hour(self, first: float = 0, last: float = HOURS) -> datetime:
        return at(self.random.randint(int(first), int(last)))

    def maybe(self, value: object, chance: float = 0.5) -> object:
        return value if self.random.random() < chance else None

    def change(self, number: int) -> Row:
        opened = self.random.randint(0, HOURS)
        ended = at(opened + self.random.randint(0, 120))
        state = self.random.choices(("merged", "closed", "open"), (7, 2, 1))[0]
        return {
            "change_id": f"c{number}",
            "repo_id": self.random.choice(REPOSITORIES),
            "service": self.random.choice(SERVICES),
            "author": self.random.choice(("ann", "bob", None)),
            "author_kind": self.random.choice(("human", "bot", "agent")),
            "state": state,
            "opened_at": at(opened),
            "merged_at": ended if state == "merged" else None,
            "closed_at": ended if state != "open" else None,
            "ready_at": self.maybe(at(opened + self.random.randint(0, 40)), 0.3),
            "first_commit_at": self.maybe(at(opened + self.random.randint(-60, 5)), 0.6),
            "merge_commit_sha": self.maybe(f"s{self.random.randint(0, 30)}", 0.4) if state == "merged" else None,
            "additions": self.maybe(self.random.randint(0, 300)),
            "deletions": self.maybe(self.random.randint(0, 300)),
            "kind": self.random.choice(("feature", "fix", "hotfix", "revert", "unknown")),
            "reverts_change_id": self.maybe(f"c{self.random.randint(0, 60)}x"[: self.random.randint(2, 3)], 0.2),
            "fixes_defect_id": self.maybe(f"f{self.random.randint(0, 25)}", 0.2),
        }

    def deployment(self, number: int) -> Row:
        started = self.random.randint(0, HOURS)
        status = self.random.choices(("success", "failure", "cancelled", "in_progress"), (14, 2, 1, 1))[0]
        ended = at(started + self.random.randint(-1, 4)) if status in ("success", "failure") else None
        return {
            "deployment_id": f"d{number}",
            "repo_id": self.random.choice(REPOSITORIES),
            "service": self.random.choice(SERVICES),
            "environment": self.random.choices(("production", "staging"), (9, 1))[0],
            "is_production": self.random.choices((None, True, False), (8, 1, 1))[0],
            "sha": self.maybe(f"s{self.random.randint(0, 30)}", 0.4),
            "status": status,
            "kind": self.random.choices(("release", "hotfix", "rollback", "redeploy"), (10, 3, 2, 1))[0],
            "started_at": self.maybe(at(started), 0.9) if ended else at(started),
            "finished_at": ended,
        }

    def review(self, number: int, change: str) -> Row:
        known = {row["change_id"]: row for row in self.rows["changes"]}.get(change)
        opened = (known["opened_at"] - at(0)).total_seconds() / 3600 if known else 0
        return {
            "review_id": f"r{number}",
            "change_id": change,
            "reviewer": self.random.choice(("ann", "bob", "cid", "dee", None)),
            "reviewer_kind": self.random.choices(("human", "bot", "agent"), (8, 1, 1))[0],
            "state": self.random.choice(("approved", "changes_requested", "commented", "dismissed")),
            "submitted_at": self.hour(opened - 5, opened + 110),
        }

    def event(self, number: int, change: str) -> Row:
        known = {row["change_id"]: row for row in self.rows["changes"]}.get(change)
        opened = (known["opened_at"] - at(0)).total_seconds() / 3600 if known else 0
        kinds = (
            "ready_for_review",
            "ready_for_review",
            "converted_to_draft",
            "closed",
            "reopened",
            "merged",
            "labeled",
        )
        occurred = self.hour(opened - 15, opened + 90)
        return {
            "event_id": f"e{number}",
            "change_id": change,
            "kind": self.random.choice(kinds),
            "occurred_at": occurred,
        }

    def commit(self, number: int, change: str) -> Row:
        known = {row["change_id"]: row for row in self.rows["changes"]}.get(change)
        opened = (known["opened_at"] - at(0)).total_seconds() / 3600 if known else 0
        authored = self.random.randint(int(opened) - 50, int(opened) + 60)
        return {
            "sha": f"s{number}",
            "change_id": change,
            "authored_at": at(authored),
            "committed_at": self.maybe(at(authored + self.random.randint(0, 60)), 0.7),
        }

    def listed(self, ids: list[str], count: int) -> list[Row]:
        pairs = {(f"d{self.random.randint(0, 65)}", self.random.choice(ids)) for _ in range(count)}
        return [{"deployment_id": deployment, "change_id": change} for deployment, change in sorted(pairs)]

    def incident(self, number: int, ids: list[str]) -> Row:
        opened = self.random.randint(0, HOURS)
        return {
            "incident_id": f"i{number}",
            "repo_id": self.maybe(self.random.choice(REPOSITORIES), 0.8),
            "service": self.random.choice(SERVICES),
            "opened_at": at(opened),
            "resolved_at": self.maybe(at(opened + self.random.randint(0, 80)), 0.8),
            "caused_by_deployment_id": self.maybe(f"d{self.random.randint(0, 65)}", 0.2),
            "caused_by_change_id": self.maybe(self.random.choice(ids), 0.2),
        }

    def rollback(self, number: int) -> Row:
        return {
            "rollback_id": f"b{number}",
            "repo_id": self.random.choice(REPOSITORIES),
            "service": self.random.choice(SERVICES),
            "occurred_at": self.hour(),
            "rolled_back_deployment_id": self.maybe(f"d{self.random.randint(0, 65)}", 0.6),
            "severity": self.maybe(self.random.randint(1, 5)),
        }

    def defect(self, number: int, ids: list[str]) -> Row:
        return {
            "defect_id": f"f{number}",
            "repo_id": self.random.choice(REPOSITORIES),
            "found_in": self.random.choice(("production", "production", "pre_production")),
            "opened_at": self.hour(),
            "caused_by_change_id": self.maybe(self.random.choice(ids), 0.8),
        }

    def policies(self) -> list[Row]:
        rows = []
        for number in range(8):
            start = self.random.randint(0, HOURS)
            rows.append(
                {
                    "tier": self.random.randint(1, 3),
                    "control_point": self.random.choice(("pre_pr", "pre_merge", "post_merge")),
                    "gate": self.random.choice(("tests", "scan")),
                    "is_required": number != 0,
                    "valid_from": at(start),
                    "valid_to": self.maybe(at(start + self.random.randint(1, 600))),
                }
            )
        return rows

    def result(self, number: int, change: str) -> Row:
        outcome = self.random.choices(("passed", "failed", "overridden", "skipped"), (20, 2, 1, 1))[0]
        return {
            "gate_result_id": f"g{number}",
            "change_id": change,
            "gate": self.random.choice(("tests", "scan")),
            "control_point": self.random.choice(("pre_pr", "pre_merge", "post_merge")),
            "outcome": outcome,
            "ran_at": self.hour(0, HOURS // 2),
        }

    def tiers(self) -> list[Row]:
        rows: list[Row] = []
        for name, kind in (("mono", "repo_id"), ("shop", "repo_id"), ("bank", "repo_id"), ("mono-b", "service")):
            turn = self.random.randint(0, HOURS)
            rows.append({kind: name, "tier": self.random.randint(1, 4), "valid_from": at(-1000), "valid_to": at(turn)})
            rows.append({kind: name, "tier": self.random.randint(1, 4), "valid_from": at(turn)})
        return rows

"""The facts once more, slow and obvious: row by row in plain Python, to compare the SQL with.

Written from the specification, not from the SQL. It takes rows that have every column and were cut by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import cast

from metrics.facts import FactSettings
from schemas.events import all_tables
from tests.support.events import Row, Rows, at

EVER, NEVER = at(-1e6), at(1e6)
"""Before and after everything."""

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def complete(rows: Rows) -> Rows:
    """The same rows with every column of the contract, defaults filled in, and every table."""
    full: Rows = {}
    for table, model in all_tables().items():
        full[table] = []
        for row in rows.get(table, []):
            filled = dict(row)
            for column in model.table_columns():
                if filled.get(column.name) is None:
                    default = column.default if column.has_default and not column.nullable else None
                    filled[column.name] = row.get(column.default_column) if column.default_column else default
            full[table].append(filled)
    return full


def truncate(rows: Rows, cut: datetime) -> Rows:
    """What was known at the cut, by hand: rows that did not exist yet go, what had not happened yet is undone."""
    born = {
        "tier_assignments": "valid_from", "changes": "opened_at", "reviews": "submitted_at",
        "change_events": "occurred_at", "incidents": "opened_at", "rollbacks": "occurred_at", "defects": "opened_at",
        "gate_results": "ran_at", "gate_policies": "valid_from", "test_runs": "ran_at", "coverage": "since",
    }  # fmt: skip
    known: Rows = {}
    for table, all_rows in rows.items():
        known[table] = [dict(row) for row in all_rows if table not in born or row[born[table]] <= cut]
    known["commits"] = [row for row in known["commits"] if (row["committed_at"] or row["authored_at"]) <= cut]
    known["deployments"] = [
        row for row in known["deployments"] if (row["started_at"] or row["finished_at"] or cut) <= cut
    ]
    forget(known["changes"], ("ready_at", "first_commit_at", "merged_at", "closed_at"), cut)
    forget(known["incidents"], ("acknowledged_at", "resolved_at"), cut)
    for change in known["changes"]:
        if change["merged_at"] is None:
            change["merge_commit_sha"] = None
        change["state"] = "merged" if change["merged_at"] else "closed" if change["closed_at"] else "open"
    for deployment in known["deployments"]:
        if deployment["finished_at"] is not None and deployment["finished_at"] > cut:
            deployment |= {"finished_at": None, "status": "in_progress"}
    return known


def forget(rows: list[Row], columns: tuple[str, ...], cut: datetime) -> None:
    """Undo what happened after the cut."""
    for row in rows:
        for column in columns:
            if row[column] is not None and row[column] > cut:
                row[column] = None


def seconds(start: datetime | None, end: datetime | None) -> float | None:
    """The time between two instants, null where one is."""
    return None if start is None or end is None else (end - start) / timedelta(seconds=1)


def earliest(*instants: datetime | None) -> datetime | None:
    """The earliest of those that are known."""
    return min((instant for instant in instants if instant is not None), default=None)


def review_rounds(rejections: list[datetime], commits: list[Row], end: datetime) -> int | None:
    """How many rejections were followed by commits before the next one and the end; unknown without commits."""
    if not rejections:
        return 0
    if not commits:
        return None
    moments = sorted(set(rejections))
    pushed = [row["committed_at"] or row["authored_at"] for row in commits]
    spans = zip(moments, [*moments[1:], end], strict=True)
    return sum(any(start < push <= min(stop, end) for push in pushed) for start, stop in spans)


class Oracle:
    """The facts of rows that were completed and cut by hand."""

    def __init__(self, rows: Rows, cut: datetime, settings: FactSettings, rank: Callable[[str], int]) -> None:
        """Derive everything; `rank` orders deployments that ended at the same instant."""
        self.rows, self.cut, self.settings, self.rank = rows, cut, settings, rank
        self.repositories = {row["repo_id"]: row for row in rows["repositories"]}
        self.deployments = [self.deployment(row) for row in rows["deployments"]]
        self.deployments.sort(key=lambda row: (row["ended_at"] or NEVER, rank(row["deployment_id"])))
        self.by_id = {row["deployment_id"]: row for row in self.deployments}
        self.carriers = [row for row in self.deployments if self.carries(row)]
        self.changes = {row["change_id"]: self.milestones(row) for row in rows["changes"]}
        for change in self.changes.values():
            self.link(change)
        self.incidents = {row["incident_id"]: self.attribute(row) for row in rows["incidents"]}
        for deployment in self.deployments:
            deployment["reasons"] = []
        self.fail_deployments()
        for change in self.changes.values():
            self.judge(change)

    def service(self, row: Row) -> str | None:
        """The service of a record: its own, else its repository's."""
        if row.get("service") is not None or row["repo_id"] is None:
            return cast("str | None", row.get("service"))
        return cast("str | None", self.repositories.get(row["repo_id"], {}).get("service") or row["repo_id"])

    def tier(self, repo_id: str | None, service: str | None, instant: datetime) -> int | None:
        """The tier in force: the service's own, else the repository's."""
        in_force = [
            row
            for row in self.rows["tier_assignments"]
            if row["valid_from"] <= instant and (row["valid_to"] is None or instant < row["valid_to"])
        ]
        for row in in_force:
            if row["service"] is not None and row["service"] == service:
                return int(row["tier"])
        for row in in_force:
            if row["service"] is None and row["repo_id"] == repo_id:
                return int(row["tier"])
        return None

    # Milestones

    def milestones(self, change: Row) -> Row:
        """A change with its milestones and stages up to the merge."""
        opened = change["opened_at"]
        anomalies: set[str] = set()
        merged, closed = self.ends(change, anomalies)
        end = merged or closed or NEVER
        ready = self.ready(change, end, anomalies)
        eligible = self.eligible_reviews(change, end, "merge" if merged else "close", anomalies)
        first_review = eligible[0]["submitted_at"] if eligible else None
        if first_review is not None and first_review < ready:
            ready = first_review
        rejections = [review["submitted_at"] for review in eligible if review["state"] == "changes_requested"]
        approved = earliest(
            *(
                review["submitted_at"]
                for review in eligible
                if review["state"] == "approved" and (not rejections or review["submitted_at"] > rejections[-1])
            )
        )
        commits = [row for row in self.rows["commits"] if row["change_id"] == change["change_id"]]
        first_commit = min((row["authored_at"] for row in commits), default=change["first_commit_at"])
        if first_commit is not None and first_commit > opened:
            anomalies.add("first_commit_after_opened")
            first_commit = opened
        service = self.service(change)
        lines = [change[side] for side in ("additions", "deletions") if change[side] is not None]
        return change | {
            "service": service, "tier": self.tier(change["repo_id"], service, min(end, self.cut)),
            "state": "merged" if merged else "closed" if closed else "open", "first_commit_at": first_commit,
            "ready_at": ready, "first_review_at": first_review, "approved_at": approved, "merged_at": merged,
            "closed_at": closed, "anomalies": anomalies, "review_count": len(eligible),
            "review_rounds": review_rounds(rejections, commits, end),
            "reviewer_count": len({review["reviewer"] for review in eligible}),
            "size_lines": sum(lines) if lines else None,
            "coding_seconds": seconds(first_commit, opened),
            "draft_seconds": seconds(opened, ready) if ready > opened else None,
            "pickup_seconds": seconds(ready, first_review),
            "review_seconds": seconds(first_review, approved or merged),
            "merge_wait_seconds": seconds(approved, merged) if approved or first_review else seconds(ready, merged),
            "cycle_seconds": seconds(opened, merged),
        }  # fmt: skip

    def when(self, change: Row, kind: str) -> list[datetime]:
        """When events of a kind happened to a change, in order."""
        return sorted(
            row["occurred_at"]
            for row in self.rows["change_events"]
            if row["change_id"] == change["change_id"] and row["kind"] == kind
        )

    def ends(self, change: Row, anomalies: set[str]) -> tuple[datetime | None, datetime | None]:
        """When a change was merged and closed: by its events, else by its columns."""
        merged = earliest(*self.when(change, "merged")) or change["merged_at"]
        reopened = max(self.when(change, "reopened"), default=EVER)
        closed: datetime | None = max(self.when(change, "closed"), default=EVER)
        if closed is None or closed <= reopened:
            column = change["closed_at"]
            closed = column if column is not None and column >= reopened else None
        for instant, name in ((merged, "merged"), (closed, "closed")):
            if instant is not None and instant < change["opened_at"]:
                anomalies.add(f"{name}_before_opened")
        return tuple(None if each is None else max(each, change["opened_at"]) for each in (merged, closed))  # type: ignore[return-value]

    def ready(self, change: Row, end: datetime, anomalies: set[str]) -> datetime:
        """When a change left its first draft, within its life."""
        opened, drafted = change["opened_at"], earliest(*self.when(change, "converted_to_draft"), NEVER)
        by_event = earliest(*self.when(change, "ready_for_review"))
        ready = next((each for each in (by_event, change["ready_at"]) if each and drafted and each <= drafted), opened)
        if ready < opened:
            anomalies.add("ready_before_opened")
        if ready > end:
            anomalies.add("ready_after_end")
        clamped: datetime = min(max(ready, opened), end)
        return clamped

    def eligible_reviews(self, change: Row, end: datetime, ending: str, anomalies: set[str]) -> list[Row]:
        """Reviews by named humans other than the author, between opening and end, in order."""
        eligible = []
        for review in self.rows["reviews"]:
            if review["change_id"] != change["change_id"] or review["reviewer_kind"] != "human":
                continue
            if review["reviewer"] is None or review["reviewer"] == change["author"]:
                continue
            if review["submitted_at"] < change["opened_at"]:
                anomalies.add("review_before_opened")
            elif review["submitted_at"] > end:
                anomalies.add(f"review_after_{ending}")
            else:
                eligible.append(review)
        return sorted(eligible, key=lambda review: review["submitted_at"])

    # Deployments

    def deployment(self, row: Row) -> Row:
        """A deployment with its service, whether it is production, and when it began and ended."""
        production = row["is_production"]
        if production is None:
            production = row["environment"] in self.settings.production_rules
        began = row["started_at"] or row["finished_at"]
        ended = None
        if row["status"] in ("success", "failure"):
            ended = max((each for each in (began, row["finished_at"]) if each), default=None)
        return row | {"service": self.service(row), "production": production, "began_at": began, "ended_at": ended}

    def carries(self, deployment: Row) -> bool:
        """Whether a deployment can bring a change to production."""
        return (
            deployment["production"]
            and deployment["status"] == "success"
            and deployment["kind"] in ("release", "hotfix")
            and deployment["ended_at"] is not None
        )

    def link(self, change: Row) -> None:
        """Find the deployment that brought the change to production."""
        change |= {"deployment_id": None, "deploy_link": "none", "deployed_at": None}
        listed = {
            row["deployment_id"] for row in self.rows["deployment_changes"] if row["change_id"] == change["change_id"]
        }
        explicit = [row for row in self.carriers if row["deployment_id"] in listed]
        if explicit and change["merged_at"] is None:
            change["anomalies"].add("deployed_unmerged")
        if change["merged_at"] is None:
            change["lead_seconds"] = change["deploy_wait_seconds"] = None
            return
        shas = {row["sha"] for row in self.rows["commits"] if row["change_id"] == change["change_id"]}
        shas |= {change["merge_commit_sha"]} - {None}
        by_sha = [
            row
            for row in self.carriers
            if row["sha"] in shas and (row["service"] == change["service"] or row["repo_id"] == change["repo_id"])
        ]
        by_sha = [row for row in by_sha if row["service"] == change["service"]] or by_sha
        limit = change["merged_at"] + self.settings.deploy_link_days * DAY
        following = [
            row
            for row in self.carriers
            if row["service"] == change["service"] and change["merged_at"] <= row["began_at"] <= limit
        ]
        following.sort(key=lambda row: row["began_at"])
        for way, candidates in (("explicit", explicit), ("sha", by_sha), ("next_deployment", following)):
            if candidates:
                deployment = candidates[0]
                if deployment["ended_at"] < change["merged_at"]:
                    change["anomalies"].add("deployed_before_merge")
                change |= {
                    "deployment_id": deployment["deployment_id"],
                    "deploy_link": way,
                    "deployed_at": max(deployment["ended_at"], change["merged_at"]),
                }
                break
        change["deploy_wait_seconds"] = seconds(change["merged_at"], change["deployed_at"])
        change["lead_seconds"] = seconds(change["first_commit_at"] or change["opened_at"], change["deployed_at"])

    def latest(self, service: str | None, instant: datetime, hours: int | None, kinds: tuple[str, ...]) -> Row | None:
        """The latest successful deployment of a service that finished before an instant, at most so long before."""
        found = [
            row
            for row in self.carriers
            if row["service"] == service and row["ended_at"] <= instant and row["kind"] in kinds
        ]
        if not found or (hours is not None and instant - found[-1]["ended_at"] > hours * HOUR):
            return None
        return found[-1]

    def attribute(self, incident: Row) -> Row:
        """An incident with its service, tier and the deployment that it is attributed to."""
        service = self.service(incident)
        deployment, attribution = None, "none"
        if incident["caused_by_deployment_id"] is not None:
            deployment = self.by_id.get(incident["caused_by_deployment_id"])
            attribution = "explicit"
        elif incident["caused_by_change_id"] is not None:
            change = self.changes.get(incident["caused_by_change_id"])
            deployment = self.by_id.get(change["deployment_id"]) if change else None
            attribution = "explicit"
        elif service is not None:
            hours = self.settings.incident_attribution_hours
            deployment = self.latest(service, incident["opened_at"], hours, ("release", "hotfix"))
            attribution = "window"
        tier = self.tier(None, service, incident["opened_at"])
        if tier is None:
            repositories = {row["repo_id"] for row in self.rows["repositories"] if row["service"] == service}
            tiers = [
                self.tier(repo_id, None, incident["opened_at"]) for repo_id in {*repositories, incident["repo_id"]}
            ]
            tier = max((each for each in tiers if each is not None), default=None)
        return incident | {
            "service": service, "tier": tier, "deployment_id": deployment["deployment_id"] if deployment else None,
            "attribution": attribution if deployment else "none",
            "restore_seconds": seconds(incident["opened_at"], incident["resolved_at"]),
        }  # fmt: skip

    def fail_deployments(self) -> None:
        """Which deployments failed, why, and when they recovered."""
        for deployment in self.deployments:
            if deployment["status"] == "failure":
                deployment["reasons"].append(("status", deployment["ended_at"], self.next_repair(deployment)))
        for incident in self.incidents.values():
            if incident["deployment_id"]:
                reason = ("incident", incident["opened_at"], incident["resolved_at"])
                self.by_id[incident["deployment_id"]]["reasons"].append(reason)
        for deployment, instant in self.rollbacks():
            deployment["reasons"].append(("rollback", instant, instant))
        for hotfix in self.deployments:
            if hotfix["production"] and hotfix["kind"] == "hotfix" and hotfix["status"] in ("success", "failure"):
                hours = self.settings.hotfix_blame_hours
                blamed = self.latest(hotfix["service"], hotfix["began_at"], hours, ("release",))
                if blamed:
                    repaired = hotfix["ended_at"] if hotfix["status"] == "success" else None
                    blamed["reasons"].append(("hotfix", hotfix["began_at"], repaired))
        for deployment in self.deployments:
            self.sum_up(deployment)

    def next_repair(self, failed: Row) -> datetime | None:
        """The end of the next successful rollback or hotfix after a deployment that failed by its own status."""
        repairs = [
            row
            for row in self.deployments
            if row["production"]
            and row["status"] == "success"
            and row["kind"] in ("rollback", "hotfix")
            and row["service"] == failed["service"]
            and failed["production"]
            and timedelta(0) <= row["began_at"] - failed["ended_at"] <= self.settings.hotfix_blame_hours * HOUR
        ]
        first = min((row["began_at"] for row in repairs), default=None)
        return earliest(*(row["ended_at"] for row in repairs if row["began_at"] == first))

    def rollbacks(self) -> list[tuple[Row, datetime]]:
        """Every rollback: the deployment that it took back, and when."""
        found, spoken_for = [], set()
        kinds = ("release", "hotfix")
        for row in self.rows["rollbacks"]:
            named = self.by_id.get(row["rolled_back_deployment_id"])
            service = row["service"] or (named and named["service"]) or self.service(row)
            if row["rolled_back_deployment_id"] is None:
                blamed = self.latest(service, row["occurred_at"], self.settings.hotfix_blame_hours, kinds)
                if blamed:
                    found.append((blamed, row["occurred_at"]))
            elif named:
                found.append((named, row["occurred_at"]))
                latest = self.latest(service, row["occurred_at"], None, kinds)
                if latest:
                    spoken_for.add(latest["deployment_id"])
        for row in self.deployments:
            if row["production"] and row["kind"] == "rollback" and row["status"] == "success":
                blamed = self.latest(row["service"], row["began_at"], None, kinds)
                if blamed and blamed["deployment_id"] not in spoken_for:
                    found.append((blamed, row["ended_at"]))
        return found

    def sum_up(self, deployment: Row) -> None:
        """From the reasons of a deployment to its outcome."""
        reasons = deployment["reasons"]
        names = [name for name, _, _ in reasons]
        order = [name for name in ("status", "incident", "rollback", "hotfix") if name in names]
        failed = bool(order) and deployment["production"]
        rolled_back = earliest(*(instant for name, instant, _ in reasons if name == "rollback"))
        recovered = earliest(*(repaired for _, _, repaired in reasons)) if failed else None
        if recovered is not None and deployment["ended_at"] is not None:
            recovered = max(recovered, deployment["ended_at"])
        holding = {
            row["change_id"]
            for row in self.rows["deployment_changes"]
            if row["deployment_id"] == deployment["deployment_id"]
        }
        held = {
            key
            for key, change in self.changes.items()
            if key in holding
            or (change["deployment_id"] == deployment["deployment_id"] and change["deploy_link"] != "explicit")
        }
        end = deployment["ended_at"] or deployment["finished_at"] or deployment["began_at"] or self.cut
        deployment |= {
            "tier": self.tier(deployment["repo_id"], deployment["service"], end),
            "is_production": deployment["production"], "failed": failed,
            "failure_reason": order[0] if failed else None, "incident_count": names.count("incident"),
            "rolled_back": "rollback" in names, "rolled_back_at": rolled_back, "recovered_at": recovered,
            "recovery_seconds": seconds(deployment["ended_at"], recovered), "change_count": len(held),
        }  # fmt: skip

    # Outcomes of a change

    def judge(self, change: Row) -> None:
        """What became of a change."""
        deployment = self.by_id.get(change["deployment_id"])
        attributed = [
            row for row in self.incidents.values() if deployment and row["deployment_id"] == deployment["deployment_id"]
        ]
        unnamed = [row["opened_at"] for row in attributed if row["caused_by_change_id"] is None]
        named = [
            row["opened_at"] for row in self.incidents.values() if row["caused_by_change_id"] == change["change_id"]
        ]
        escapes = [
            row["opened_at"]
            for row in self.rows["defects"]
            if row["caused_by_change_id"] == change["change_id"] and row["found_in"] == "production"
        ]
        reverts = [
            row["merged_at"]
            for row in self.changes.values()
            if row["reverts_change_id"] == change["change_id"] and row["merged_at"] is not None
        ]
        production = {row["defect_id"] for row in self.rows["defects"] if row["found_in"] == "production"}
        reason = None
        if change["kind"] == "revert" or change["reverts_change_id"] is not None:
            reason = "revert"
        elif change["kind"] == "hotfix":
            reason = "hotfix"
        elif change["fixes_defect_id"] in production:
            reason = "defect_fix"
        validated = None
        if deployment and change["deployed_at"] + 14 * DAY <= self.cut:
            bad = earliest(*named, *unnamed, *escapes, *reverts, deployment["rolled_back_at"])
            validated = bad is None or bad > change["deployed_at"] + 14 * DAY
        change |= {
            "is_rework": reason is not None, "rework_reason": reason, "validated": validated,
            "gates_passed": self.gates_passed(change), "escaped_defects": len(escapes),
            "_escaped_in_follow_up": sum(
                change["merged_at"] is not None and opened <= change["merged_at"] + 30 * DAY for opened in escapes
            ),
            "caused_incident": bool(named) or bool(deployment and unnamed and deployment["change_count"] == 1),
            "deployment_failed": deployment["failed"] if deployment else None,
            "rolled_back": deployment["rolled_back"] if deployment else None, "_reverted_at": earliest(*reverts),
        }  # fmt: skip

    def gates_passed(self, change: Row) -> bool | None:
        """Whether the required gates before the merge were passed; null where none was required."""
        merged = change["merged_at"]
        points = ("pre_commit", "pre_pr", "pre_merge")
        required = {
            (row["control_point"], row["gate"])
            for row in self.rows["gate_policies"]
            if merged is not None
            and row["tier"] == change["tier"]
            and row["is_required"]
            and row["control_point"] in points
            and row["valid_from"] <= merged
            and (row["valid_to"] is None or merged < row["valid_to"])
        }
        if not required:
            return None
        worst = ("passed", "skipped", "failed", "overridden")
        for gate in required:
            results = [
                row
                for row in self.rows["gate_results"]
                if row["change_id"] == change["change_id"]
                and (row["control_point"], row["gate"]) == gate
                and row["ran_at"] <= merged
            ]
            results.sort(key=lambda row: (row["ran_at"], worst.index(row["outcome"])))
            if (
                not results
                or results[-1]["outcome"] != "passed"
                or any(row["outcome"] == "overridden" for row in results)
            ):
                return False
        return True

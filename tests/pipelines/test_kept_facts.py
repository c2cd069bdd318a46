"""Facts of which most are taken over from the build before are those of a build that makes them all."""

import json
import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

import pipelines.fact_tables
from metrics.facts.dimensions import DIMENSIONS
from metrics.facts.reach import Reach
from metrics.link_methods import TABLE as LINK_SHARES
from pipelines.build_store import BuildStore, Cut
from pipelines.intake.load import load_folder
from pipelines.kept_facts import RECORD, kept_parts, made_again
from pipelines.parts import read_record
from pipelines.stages.facts import facts as make_facts
from pipelines.warehouse import Warehouse
from schemas.events import all_tables
from schemas.snapshot import SnapshotFolder, SnapshotTable
from schemas.sql import text_hash_sql
from schemas.workspace import Workspace
from tests.support.events import Rows, at, frame_of
from tests.support.random_events import HOURS, random_events
from tests.support.workspaces import new_workspace

REVIEWS = f"""select f.*, r.reviewer from review_facts f
    join reviews r on r.review_key = f._review_key
    join reviewer_numbers n on n._reviewer = f._reviewer and n.reviewer_key = {text_hash_sql("r.reviewer")}
    order by all"""
"""The facts of reviews, with names."""
NAMED = """select f.* exclude (_repo, _service, _team), r.repo_id, s.service, t.team from {} f
    left join repo_dimension r using (_repo) left join service_dimension s on s._service = f._service
    left join team_dimension t on t._team = f._team order by all"""
"""Facts with names in place of codes."""
CODED = ("change_facts", "deployment_facts", "incident_facts", "defect_facts")
TABLES = ("change_facts", "deployment_facts", "incident_facts", "defect_facts", "carrier_links")
SURROUNDING = ("repositories", "tier_assignments", "gate_policies")
"""What these tests hold still, but for what is new: everything is made again when it moves."""
ARRIVING = ("changes", "deployments", "incidents", "defects")
"""What is told of a new repository."""


@pytest.fixture(autouse=True)
def _few_changes_are_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small organisations, of which nearly everything may be laid over."""
    monkeypatch.setattr(pipelines.fact_tables, "CHANGES_WORTH_FOLLOWING", 1)
    monkeypatch.setattr(pipelines.fact_tables, "MOST_LAID_OVER", 0.9)


def load(workspace: Workspace, rows: Rows) -> None:
    folder = workspace.root / f"events{len(list(workspace.root.glob('events*')))}"
    folder.mkdir()
    for table, given in rows.items():
        if given:
            frame_of(table, given).write_parquet(folder / f"{table}.parquet")
    with Warehouse.open(workspace, write=True) as warehouse:
        load_folder(warehouse, folder)


def facts(workspace: Workspace, cut: datetime, *, full: bool = False) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of the facts, and of how they are linked."""
    with BuildStore(workspace, Cut(cut), cut, is_full=full) as build:
        build.forget()
        make_facts(build)
        tables = {name: f"from {build.relation(name)} order by all" for name in TABLES}
        found = {name: build.connection.execute(query).fetchall() for name, query in tables.items()}
        found["reviews"] = build.connection.execute(REVIEWS).fetchall()
        found |= {f"{name}, named": build.connection.execute(NAMED.format(name)).fetchall() for name in CODED}
        found |= {name: build.connection.execute(f"from {name} order by all").fetchall() for name in DIMENSIONS}
        found["links"] = build.connection.execute(f"from {LINK_SHARES} order by all").fetchall()
        assert build.connection.execute("select count(*) from changes_at_cut").fetchone() == (len(found[TABLES[0]]),)
        return found


class Batches:
    """A random organisation told in batches: what was open is told again when it ends, and some is corrected."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.rows = random_events(seed)
        self.other = random_events(seed + 10_000)
        self.surroundings = {name: self.rows.pop(name) for name in SURROUNDING}

    def first(self, share: float) -> Rows:
        """Most rows, as they were known at first."""
        known = {table: [row for row in rows if self.random.random() < share] for table, rows in self.rows.items()}
        return self.surroundings | known

    def corrections(self, many: int) -> Rows:
        """A few rows of any table: new, other than they were, or taken back."""
        told: Rows = {}
        for _ in range(many):
            table = self.random.choice(sorted(self.rows))
            place = self.random.randrange(len(self.rows[table]))
            row = dict(self.rows[table][place])
            others = self.other[table]
            if self.random.random() < 0.6 and table != "deployment_changes":
                keys = all_tables()[table].table_key()
                row = dict(others[place % len(others)]) | {key: row[key] for key in keys}
                if table == "changes" and row.get("reverts_change_id") == row["change_id"]:
                    row["reverts_change_id"] = None
            if self.random.random() < 0.25:
                row["deleted"] = True
            told.setdefault(table, []).append(row)
        return told

    def arrivals(self, prefix: str) -> Rows:
        """A new repository, first, last or between the others by its name, and what it brings, teams among it.

        All of it is younger than the first records, by which all that is watched is judged.
        """
        choose, name = self.random.choice, f"{prefix}-{self.random.randrange(1000)}"
        of_service, of_team = f"{prefix}-service", f"{prefix}-team"
        repository = {"service": choose((None, of_service, "shop", "mono-a")), "team": choose(("red", of_team, None))}
        tier = {"tier": choose((1, 4)), "valid_from": at(HOURS * 3 // 4)}
        told: Rows = {"repositories": [repository], "tier_assignments": [tier]}
        for table in ARRIVING:
            (key,) = all_tables()[table].table_key()
            begun = "started_at" if table == "deployments" else "opened_at"
            late = [row for row in self.other[table] if (row[begun] or at(0)) > at(HOURS // 3)]
            told[table] = [row | {key: f"{prefix}-{row[key]}"} for row in self.random.sample(late, 4)]
            for row in told[table] if table != "defects" else ():
                row["service"] = choose((None, None, of_service, "mono-b"))
        return {table: [row | {"repo_id": name} for row in rows] for table, rows in told.items()}


def assert_refresh_is_full(workspace: Workspace, cut: datetime) -> str | None:
    """What the refresh says that it took over; the record that it left is that of the refresh."""
    refreshed, said = facts(workspace, cut), made_again(workspace.state)
    left = (workspace.state / RECORD).read_text()
    assert not json.loads(left)["slipped"], "a rule has a hole"
    everything = facts(workspace, cut, full=True)
    for table, rows in everything.items():
        assert refreshed[table] == rows, table
    (workspace.state / RECORD).write_text(left)
    return said


def day(number: float) -> datetime:
    return at(24 * number)


LONG_AGO = 26
"""Changes of the organisation below, each opened on a day of its own."""


def one_change_a_day() -> Rows:
    """Change `c3` of service `s3` is opened on day 3, merged two hours and deployed as `d3` five hours later."""
    undeployed = (8, 9, 10, 25)
    changes = [
        {
            **{"change_id": f"c{n}", "repo_id": "r", "service": f"s{n}", "author": "ann", "state": "merged"},
            **{"opened_at": day(n), "merged_at": day(n + 2 / 24), "merge_commit_sha": f"m{n}"},
            "fixes_defect_id": "f13" if n == 13 else None,
        }
        for n in range(LONG_AGO)
    ]
    return {
        "repositories": [{"repo_id": "r", "service": "s"}],
        "tier_assignments": [{"repo_id": "r", "tier": 2, "valid_from": day(-99)}],
        "gate_policies": [{"tier": 2, "control_point": "pre_merge", "gate": "tests", "valid_from": day(-99)}],
        "changes": changes,
        "deployments": [deployment(f"d{n}", n) for n in range(LONG_AGO) if n not in undeployed],
        "deployment_changes": [{"deployment_id": "later25", "change_id": "c25"}],
        "commits": [{"sha": "k9", "change_id": "c9", "authored_at": day(9)}],
        "reviews": [review("moving", 18)],
        "defects": [defect("moving", "c20"), defect("any", None)],
        "incidents": [{"incident_id": "first", "service": "s", "opened_at": day(-50)}],
        "rollbacks": [{"rollback_id": "first", "repo_id": "r", "service": "s", "occurred_at": day(-50)}],
        "gate_results": [gate_result("first", 0)],
    }


def deployment(name: str, number: float, **more: object) -> dict[str, Any]:
    """A deployment five hours after the opening of that day's change, of its service."""
    row = {"deployment_id": name, "repo_id": "r", "service": f"s{number:g}", "status": "success"}
    return {**row, "started_at": day(number + 4 / 24), "finished_at": day(number + 5 / 24), **more}


def review(name: str, number: int) -> dict[str, Any]:
    row = {"review_id": name, "change_id": f"c{number}", "reviewer": "bob", "state": "approved"}
    return {**row, "submitted_at": day(number + 1 / 24)}


def defect(name: str, change: str | None) -> dict[str, Any]:
    found = {"defect_id": name, "repo_id": "r", "found_in": "production", "opened_at": day(30)}
    return {**found, "caused_by_change_id": change}


def gate_result(name: str, number: int) -> dict[str, Any]:
    row = {"gate_result_id": name, "change_id": f"c{number}", "gate": "tests", "control_point": "pre_merge"}
    return {**row, "outcome": "passed", "ran_at": day(number + 1 / 24)}


def change(number: int, **more: object) -> dict[str, Any]:
    return {**one_change_a_day()["changes"][number], **more}


ROLLBACK = {"rollback_id": "b16", "repo_id": "r"}
NEWS: dict[str, tuple[Rows, set[int]]] = {
    "a review": ({"reviews": [review("r1", 1)]}, {1}),
    "an event": (
        {"change_events": [{"event_id": "e", "change_id": "c2", "kind": "ready_for_review", "occurred_at": day(2.05)}]},
        {2},
    ),
    "a commit": ({"commits": [{"sha": "k3", "change_id": "c3", "authored_at": day(2.5)}]}, {3}),
    "a gate's result": ({"gate_results": [gate_result("g4", 4)]}, {4}),
    "a change listed by another deployment": (
        {"deployment_changes": [{"deployment_id": "d6", "change_id": "c5"}]},
        {5, 6},
    ),
    "a deployment that failed after all": ({"deployments": [deployment("d7", 7, status="failure")]}, {7}),
    "a deployment of a merge commit": ({"deployments": [deployment("n8", 9.5, service="x", sha="m8")]}, {8}),
    "a deployment of a commit": ({"deployments": [deployment("n9", 9.5, service="y", sha="k9")]}, {9}),
    "the next deployment": ({"deployments": [deployment("n10", 30, service="s10")]}, {10}),
    "a deployment that lists a change": ({"deployments": [deployment("later25", 40, service="z")]}, {25}),
    "a defect": ({"defects": [defect("f11", "c11")]}, {11}),
    "an incident that names a change": (
        {"incidents": [{"incident_id": "i12", "opened_at": day(13), "caused_by_change_id": "c12"}]},
        {12},
    ),
    "a defect that a change repairs": ({"defects": [defect("f13", None)]}, {13}),
    "an incident soon after a deployment": (
        {"incidents": [{"incident_id": "i15", "service": "s15", "opened_at": day(15.5)}]},
        {15},
    ),
    "a rollback": (
        {
            "rollbacks": [
                {"rollback_id": "b16", "repo_id": "r", "rolled_back_deployment_id": "d16", "occurred_at": day(17)}
            ]
        },
        {16},
    ),
    "a hotfix": ({"deployments": [deployment("n17", 18, service="s17", kind="hotfix")]}, {17}),
    "a review of another change than before": ({"reviews": [review("moving", 19)]}, {18, 19}),
    "a defect that no change caused after all": ({"defects": [defect("moving", None)]}, {20}),
    "a change opened on another day": ({"changes": [change(21, opened_at=day(20.5))]}, {21}),
    "a deployment taken back": ({"deployments": [deployment("d22", 22, deleted=True)]}, {22}),
}
"""What may come late, and the days whose changes it reaches."""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """One change a day."""
    workspace = new_workspace(tmp_path_factory.mktemp("kept"))
    services = [f"s{n}" for n in range(LONG_AGO)] + ["x", "y", "z"]
    rows = one_change_a_day()
    rows["deployments"] += [deployment(f"known-{name}", -60, service=name) for name in services]
    load(workspace, rows)
    return workspace


def test_what_comes_late_reaches_the_changes_that_it_concerns(told: Workspace) -> None:
    facts(told, day(300), full=True)
    assert laid_over(told, day(300)) == set(), "nothing new"
    expected: set[str] = set()
    for rows, reached in NEWS.values():
        load(told, rows)
        expected |= {f"c{number}" for number in reached}
    assert laid_over(told, day(300)) == expected


def test_a_change_taken_back_makes_everything(told: Workspace) -> None:
    facts(told, day(300), full=True)
    load(told, {"changes": [change(23, deleted=True)]})
    assert laid_over(told, day(300)) is None


def test_a_revert_reaches_what_it_reverts(told: Workspace) -> None:
    facts(told, day(300), full=True)
    revert = {"change_id": "undo", "repo_id": "r", "state": "merged", "opened_at": day(50), "merged_at": day(51)}
    load(told, {"changes": [revert | {"reverts_change_id": "c14"}]})
    assert laid_over(told, day(300)) == {"undo", "c14"}
    load(told, {"changes": [revert | {"reverts_change_id": None}]})
    assert laid_over(told, day(300)) == {"undo", "c14"}


def test_a_later_cut_reaches_what_it_lets_end(told: Workspace) -> None:
    facts(told, day(35), full=True)
    a_day_early, in_time = laid_over(told, day(38)), laid_over(told, day(39))
    assert a_day_early is not None
    assert "c24" not in a_day_early
    assert in_time is not None
    assert "c24" in in_time
    assert "c12" not in in_time


def test_refreshes_lay_over_what_refreshes_laid_over(told: Workspace) -> None:
    facts(told, day(300), full=True)
    somebody_new = {"reviewer": "abe, who has the next number"}
    load(told, {"reviews": [review("again", 1) | somebody_new]})
    assert laid_over(told, day(300)) == {"c1"}
    load(told, {"reviews": [review("and again", 2)]})
    assert laid_over(told, day(300)) == {"c1", "c2"}
    load(told, {"reviews": [review("yet again", 1)]})
    assert laid_over(told, day(300)) == {"c1", "c2"}


def test_what_cannot_be_told_makes_everything(told: Workspace) -> None:
    def taken(cut: float, workspace: Workspace = told) -> str | None:
        facts(workspace, day(cut))
        return made_again(workspace.state)

    facts(told, day(300), full=True)
    assert taken(300) is not None
    assert taken(299) is None, "an earlier cut"
    assert taken(300) is not None
    assert (
        taken(300, told.model_copy(update={"links": told.links.model_copy(update={"deploy_link_days": 9})})) is None
    ), "another setting"
    assert taken(300) is None, "and back"
    record = told.state / RECORD
    record.write_text("{")
    assert kept_parts(told.state) == set()
    assert taken(300) is None, "a record that cannot be read"
    stored = json.loads(record.read_text())
    record.write_text(json.dumps(stored | {"facts": stored["facts"] | {"loads": "others"}}))
    assert taken(300) is None, "another warehouse"
    (SnapshotFolder(told.state).parts / sorted(kept_parts(told.state))[0]).unlink()
    assert taken(300) is None, "a file that is gone"
    load(told, {"tier_assignments": [{"repo_id": "r", "tier": 3, "valid_from": day(-99)}]})
    assert taken(300) is None, "another tier"
    load(told, {"repositories": [{"repo_id": "a new one"}]})
    assert taken(300) is not None, "a repository that is new"
    load(told, {"tier_assignments": [{"repo_id": "a new one", "tier": 1, "valid_from": day(310)}]})
    assert taken(300) is not None, "a tier to come"
    assert taken(305) is not None
    assert taken(310) is None, "and when it has come"
    new = {"repo_id": "0, before all others", "service": "0", "team": "red"}
    tier = {"repo_id": new["repo_id"], "tier": 1, "valid_from": day(311)}
    load(told, {"repositories": [new], "tier_assignments": [tier]})
    assert taken(312) is not None, "one with a tier of its own"
    load(told, {"repositories": [new | {"team": "blue"}]})
    assert taken(312) is None, "a team that is gone"
    load(told, {"repositories": [new | {"team": "blue"}, {"repo_id": "r", "service": "s", "team": "blue"}]})
    assert taken(312) is None, "a repository that moved"
    gone = {"repo_id": "a new one", "deleted": True}
    load(told, {"repositories": [gone], "tier_assignments": [{"tier": 1, "valid_from": day(310)} | gone]})
    assert taken(312) is None, "one that is gone"


def test_a_warehouse_that_an_earlier_version_wrote_last(told: Workspace) -> None:
    """It has no table of former references, and none to note there: nothing was loaded since."""
    facts(told, day(300), full=True)
    with duckdb.connect(str(told.warehouse_path)) as connection:
        connection.execute("alter table former_references rename to aside")
    assert laid_over(told, day(300)) == set()
    with duckdb.connect(str(told.warehouse_path)) as connection:
        connection.execute("alter table aside rename to former_references")


def test_too_much_makes_everything(told: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    facts(told, day(300), full=True)
    load(told, {"reviews": [review(f"many {number}", number) for number in range(12)]})
    monkeypatch.setattr(pipelines.fact_tables, "MOST_LAID_OVER", 0.4)
    facts(told, day(300))
    assert made_again(told.state) is None


def test_a_rule_that_lets_changes_slip_is_found_out(told: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    facts(told, day(300), full=True)
    load(told, {"defects": [defect("unseen", "c3")]})
    followed = Reach._reached_directly
    rule = "select caused_by_change_key from new_defects"
    monkeypatch.setattr(Reach, "_reached_directly", lambda self: followed(self).replace(rule, f"{rule} where false"))
    refreshed = facts(told, day(300))
    assert "c3 (and 0 others" in (made_again(told.state) or "")
    assert refreshed == facts(told, day(300), full=True)


def laid_over(workspace: Workspace, cut: datetime) -> set[str] | None:
    """Changes whose facts a refresh has laid over those of before; its facts are those of a build of everything."""
    said = assert_refresh_is_full(workspace, cut)
    if said is None:
        return None
    table = SnapshotTable.from_json(read_record(workspace.state / RECORD)["facts"]["tables"]["change_facts"])
    assert table.overlay is not None
    rows = SnapshotFolder(workspace.state).scan([table.overlay.part])
    return {change for (change,) in duckdb.sql(f"select change_id from {rows}").fetchall()}


@pytest.mark.parametrize("seed", range(3))
def test_random_events_in_random_batches(seed: int, tmp_path: Path) -> None:
    workspace, batches = new_workspace(tmp_path / "w"), Batches(seed)
    cut = at(batches.random.randint(HOURS // 2, HOURS))
    load(workspace, batches.first(batches.random.choice((0.7, 0.95, 1.0))))
    facts(workspace, cut)
    load(workspace, batches.arrivals("zoo"))
    assert assert_refresh_is_full(workspace, cut), "what is new leaves all else as it was"
    taken = []
    for new in ("ant", "emu", "sow"):
        load(workspace, batches.corrections(batches.random.choice((1, 2, 4))))
        load(workspace, batches.arrivals(new))
        cut += timedelta(hours=batches.random.choice((0, 0, 1, 24, 24 * 7)))
        taken.append(assert_refresh_is_full(workspace, cut))
    assert any(taken), "a test of what is taken over"
    numbered = facts(workspace, cut, full=True)
    (workspace.state / RECORD).unlink()
    by_name = facts(workspace, cut, full=True)
    assert by_name["repo_dimension"] != numbered["repo_dimension"], "a test of other codes"
    for table in (*(f"{name}, named" for name in CODED), "links"):
        assert by_name[table] == numbered[table], table

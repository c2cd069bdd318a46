"""Names of people stand on no page unless the owner turned them on."""

import re

import pytest

from dashboard.people import PEOPLE, People, people_of
from dashboard.snapshots import newest
from dashboard.views import all_views
from schemas.access_settings import SERVED_VARIABLE, Served
from schemas.snapshot import SnapshotFolder
from schemas.workspace import Workspace
from tests.support.dashboard import open_page, text_of

pytestmark = pytest.mark.timeout(300)
HIDDEN = People("Halyard", ("head of engineering", "lead of lending"), show_names=False)
BRIEFS_ARE_WRITTEN_BY_THE_PIPELINES = "briefs"
DEFINITIONS_NAME_THEIR_OWNERS = "definitions"


def test_a_pseudonym_is_the_same_wherever_the_name_stands() -> None:
    shown = HIDDEN.shown("head of engineering")
    assert re.fullmatch(r"person-[a-z2-7]{5}", shown)
    assert HIDDEN.shown("lead of lending; head of engineering") == f"{HIDDEN.shown('lead of lending')}; {shown}"
    assert HIDDEN.within("granted by head of engineering, and no more") == f"granted by {shown}, and no more"
    assert People("Other", (), show_names=False).shown("head of engineering") != shown
    assert HIDDEN.shown(None) == "–"


@pytest.mark.parametrize(
    "text",
    [
        "Ann Other attested pass on 2025-10-20",
        "The facts decide; Ann Other attested fail on 2025-12-12 (tier 3 lacks seven).",
        "2024-11-01 to 2025-10-01, set by Ann Other",
        "2024-11-01 to 2025-10-01, set by Ann Other; risk committee",
    ],
)
def test_names_that_no_register_of_the_snapshot_holds_are_found_in_text(text: str) -> None:
    hidden = HIDDEN.within(text)
    assert "Ann" not in hidden
    assert "committee" not in hidden
    assert HIDDEN.shown("Ann Other") in hidden
    assert hidden.count("person-") == (2 if "committee" in text else 1)


def test_names_are_shown_when_the_owner_says_so() -> None:
    shown = People("Halyard", ("head of engineering",), show_names=True)
    assert shown.shown("head of engineering") == "head of engineering"
    assert shown.within("Ann Other attested pass on 2025-10-20") == "Ann Other attested pass on 2025-10-20"


@pytest.mark.parametrize(
    "path",
    [
        view.path
        for view in all_views()
        if view.path not in (BRIEFS_ARE_WRITTEN_BY_THE_PIPELINES, DEFINITIONS_NAME_THEIR_OWNERS)
    ],
)
def test_no_page_names_anybody(path: str, demo_workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = newest(SnapshotFolder.of_workspace(demo_workspace.root))
    names = people_of(snapshot).known
    assert len(names) > 5
    said = text_of(open_page(monkeypatch, demo_workspace.root, path))
    assert [name for name in names if name in said] == []


def test_the_rollout_names_people_when_the_owner_says_so(
    demo_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SERVED_VARIABLE, Served(show_names=True).model_dump_json())
    said = text_of(open_page(monkeypatch, demo_workspace.root, "rollout"))
    assert "head of engineering" in said
    assert "person-" not in said


def test_every_column_that_names_people_is_known(demo_workspace: Workspace) -> None:
    snapshot = newest(SnapshotFolder.of_workspace(demo_workspace.root))
    for table, columns in PEOPLE.items():
        assert set(columns) <= set(snapshot.rows(f"select * from {table} limit 0").columns), table


def test_authors_and_reviewers_are_in_no_published_fact() -> None:
    from schemas.published import all_tables

    people = {"author", "reviewer", "actor", "committer"}
    named = {(name, column.name) for name, model in all_tables().items() for column in model.table_columns()}
    assert {each for each in named if each[1] in people} == set()

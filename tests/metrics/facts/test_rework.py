"""Which changes repair earlier work."""

from tests.support.events import Events, at


def test_reverts_hotfixes_and_fixes_of_escaped_defects() -> None:
    events = Events()
    escaped = events.add("defects", repo_id="r", found_in="production", opened_at=at(0))
    caught = events.add("defects", repo_id="r", found_in="pre_production", opened_at=at(0))
    first = events.change(kind="feature")
    changes = {
        "revert by kind": events.change(kind="revert"),
        "revert by name": events.change(reverts_change_id=first),
        "revert of the unseen": events.change(reverts_change_id="unseen", kind="hotfix"),
        "hotfix": events.change(kind="hotfix", fixes_defect_id=escaped),
        "fix of an escaped defect": events.change(kind="fix", fixes_defect_id=escaped),
        "fix of a caught defect": events.change(kind="fix", fixes_defect_id=caught),
        "fix of an unseen defect": events.change(kind="fix", fixes_defect_id="unseen"),
        "feature": first,
    }
    facts = events.build()
    reasons = {name: facts.change(change)["rework_reason"] for name, change in changes.items()}
    assert reasons == {
        "revert by kind": "revert",
        "revert by name": "revert",
        "revert of the unseen": "revert",
        "hotfix": "hotfix",
        "fix of an escaped defect": "defect_fix",
        "fix of a caught defect": None,
        "fix of an unseen defect": None,
        "feature": None,
    }
    assert all(facts.change(change)["is_rework"] is (reasons[name] is not None) for name, change in changes.items())

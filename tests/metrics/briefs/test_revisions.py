"""A later edition says what changed: verdicts and figures, not prose."""

from dataclasses import replace

from metrics.briefs.monthly import monthly_brief
from metrics.briefs.revisions import SHOWN, changes, facts_of, revision
from tests.support.brief_frames import MONTH, origin, paid_for
from tests.support.roi_frames import report


def test_a_brief_made_again_from_another_snapshot_says_the_same() -> None:
    first = monthly_brief(paid_for(), origin(), MONTH)
    again = monthly_brief(paid_for(), origin(snapshot_id="another", locale="de_DE"), MONTH)
    assert facts_of(first) == facts_of(again)


def test_what_changed_is_named_with_both_values_and_verdicts_come_first() -> None:
    before = monthly_brief(paid_for(), origin(), MONTH)
    [figure] = [f for f in before.figures if (f.metric, f.statistic) == ("rollback_rate", "rate")]
    section = before.tiers[0]
    standing = replace(section.standings[0], status="at_risk")
    after = replace(
        before,
        figures=tuple(replace(f, value=0.5) if f is figure else f for f in before.figures),
        tiers=(replace(section, standings=(standing, *section.standings[1:])), *before.tiers[1:]),
    )
    told = revision(2, "snapshot x", facts_of(before), facts_of(after))
    assert told.changes[0].startswith("Tier 3, verdict over the month from 2026-10-01: violated before, at risk now")
    assert told.changes[1] == f"Tier 3, rollback rate: {figure.value_text} before, 50.0 % now."
    assert told.sentence == "It replaces edition 1 (snapshot x), which stays as it is: 2 figures differ."


def test_a_report_names_the_ledger_too() -> None:
    facts = facts_of(report())
    assert facts["Tier 3, claim"] == "not claimable"
    assert facts["Value less cost"].startswith("USD ")
    assert "Validated outcomes gained, tier 4" in facts


def test_long_lists_are_counted_and_what_is_gone_is_told() -> None:
    before = {f"figure {number}": "1" for number in range(SHOWN + 3)}
    told = changes(before, {"new": "2"})
    assert told[0] == "new: not given before, 2 now."
    assert told[1] == "figure 0: 1 before, not given now."
    assert told[-1] == "And 4 other figures."

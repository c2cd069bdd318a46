"""The tier of a change: of its service, else of its repository, at the merge."""

import pytest

from schemas.errors import ConfigurationError
from tests.support.events import Events, at


def test_tier_at_the_merge_and_at_the_cut_while_open() -> None:
    events = Events()
    events.add("tier_assignments", repo_id="r", tier=1, valid_from=at(0), valid_to=at(20))
    events.add("tier_assignments", repo_id="r", tier=4, valid_from=at(20), valid_to=at(50))
    before, on_the_day = events.change(0, 19.9), events.change(0, 20)
    closed, still_open = events.change(0, closed=10), events.change(0)
    facts = events.build(cut=at(30))
    assert [facts.change(each)["tier"] for each in (before, on_the_day, closed, still_open)] == [1, 4, 1, 4]
    assert events.build(cut=at(60)).change(still_open)["tier"] is None, "no tier is in force any more: untiered"


def test_a_services_own_tier_wins_in_a_monorepo() -> None:
    events = Events()
    events.add("repositories", repo_id="r", service="mono")
    events.add("tier_assignments", repo_id="r", tier=2, valid_from=at(0))
    events.add("tier_assignments", service="bank", tier=4, valid_from=at(10))
    bank_early, bank, shop = (
        events.change(0, 5, service="bank"),
        events.change(0, 20, service="bank"),
        events.change(0, 20),
    )
    facts = events.build()
    assert [facts.change(each)["tier"] for each in (bank_early, bank, shop)] == [2, 4, 2]
    assert [facts.change(each)["service"] for each in (bank, shop)] == ["bank", "mono"]


@pytest.mark.parametrize("named", [{"repo_id": "r"}, {"service": "shop"}])
def test_overlapping_assignments_are_an_error_that_names_both(named: dict[str, str]) -> None:
    events = Events()
    events.add("tier_assignments", **named, tier=2, valid_from=at(0), valid_to=at(48))
    events.add("tier_assignments", **named, tier=3, valid_from=at(24))
    with pytest.raises(ConfigurationError) as caught:
        events.build()
    message = str(caught.value)
    assert next(iter(named.values())) in message
    assert "tier 2 from 2026-01-05 00:00 to 2026-01-07 00:00" in message
    assert "tier 3 from 2026-01-06 00:00 on" in message
    assert "\n" not in message


def test_assignments_that_touch_do_not_overlap() -> None:
    events = Events()
    events.add("tier_assignments", repo_id="r", tier=2, valid_from=at(0), valid_to=at(24))
    events.add("tier_assignments", repo_id="r", tier=3, valid_from=at(24))
    events.add("tier_assignments", service="r", tier=1, valid_from=at(0))
    assert events.build().table("change_facts") == {}

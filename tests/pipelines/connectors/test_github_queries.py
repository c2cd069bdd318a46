"""Every query against GitHub's own schema, and what it costs by GitHub's own rule."""

import pytest

from pipelines.connectors import github_queries as queries
from tests.support.github_cost import cost_of
from tests.support.github_graphql import checked

LARGEST = {"first": 100, "after": None}
NODES_ALLOWED = 500_000
POINTS_AN_HOUR = 5_000


def test_the_check_finds_what_is_wrong() -> None:
    _, errors = checked("query { repository(owner: 1) { pullRequest(number: 1) { colour } } }")
    assert len(errors) == 3


@pytest.mark.parametrize("name", sorted(queries.ALL))
def test_a_query_is_one_that_github_answers(name: str) -> None:
    document, errors = checked(queries.ALL[name])
    assert errors == ()
    first = queries.CHANGES_PER_PAGE if name == "changes" else 100
    cost = cost_of(document, {**LARGEST, "first": first})
    assert cost.nodes <= NODES_ALLOWED
    assert cost.points <= POINTS_AN_HOUR / 100


def test_the_cost_of_changes_is_what_the_documentation_here_says() -> None:
    document, _ = checked(queries.CHANGES)
    cost = cost_of(document, {"first": queries.CHANGES_PER_PAGE})
    assert (cost.points, round(cost.nodes, -3)) == (19, 27_000)
    assert "costs 19" in (queries.__doc__ or "")
    assert "27,000 of the 500,000" in (queries.__doc__ or "")


def test_the_cost_rule_gives_githubs_own_example() -> None:
    """100 repositories, 50 issues each, 60 labels each: 5,101 requests, 51 points; 305,100 nodes."""
    document, errors = checked(
        "query { viewer { repositories(first: 100) { edges { node { issues(first: 50) { edges { node {"
        " labels(first: 60) { edges { node { id } } } } } } } } } } }"
    )
    assert errors == ()
    cost = cost_of(document, {})
    assert (cost.requests, cost.points, cost.nodes) == (5_101, 51, 305_100)


def test_a_thousand_changes_take_at_most_thirty_requests() -> None:
    """Pages of changes, of what is open of them (all, at worst), and one request for each other stream."""
    pages = 1_000 / queries.CHANGES_PER_PAGE
    others = len(("repository", "issues", "deployments", "workflow_runs"))
    a_tenth_open = 1_000 / 10 / queries.PER_PAGE
    assert pages + a_tenth_open + others <= 30

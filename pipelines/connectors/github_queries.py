"""What is asked of GitHub's GraphQL API, and how much of it at a time.

Changes come with everything that hangs on them, nested; where more hangs on one than a page of it holds, the rest is
asked for by the queries of OVERFLOW. Sizes are chosen by what GitHub charges for a query: the sum over its connections
of the pages that they may need, divided by 100 (https://docs.github.com/graphql/overview/rate-limits-and-query-limits):
CHANGES with 50 changes costs 19 of an hour's 5,000 points and may touch 28,000 of the 500,000 nodes allowed.
"""

CHANGES_PER_PAGE = 50
"""Changes of a page: 20 pages for 1,000 of them."""
FIRST_PAGE_OF_NEWS = 5
"""Changes of the first page where only what is new is asked for: most repositories have little."""
CHANGES_BY_NUMBER = 10
"""Changes that are asked for by their number in one query."""
PER_PAGE = 100
"""The most that GitHub gives of anything else."""

_LIMIT = "rateLimit { cost remaining limit resetAt nodeCount }"
_PAGE = "pageInfo { hasNextPage endCursor }"
_ACCOUNT = "{ __typename login }"
_LABELS = "labels(first: 100) { nodes { name } }"  # an issue cannot bear more
_REVIEW = f"{{ databaseId state submittedAt body author {_ACCOUNT} comments {{ totalCount }} }}"
_COMMIT = "{ commit { oid message authoredDate committedDate author { name email user { login } } } }"
_CHECK_RUN = "{ databaseId name status conclusion startedAt completedAt }"
_TIMELINE_TYPES = (
    "ReadyForReviewEvent",
    "ConvertToDraftEvent",
    "ReviewRequestedEvent",
    "ReopenedEvent",
    "ClosedEvent",
    "MergedEvent",
    "HeadRefForcePushedEvent",
    "LabeledEvent",
)
_TIMELINE_ENUMS = (
    "READY_FOR_REVIEW_EVENT CONVERT_TO_DRAFT_EVENT REVIEW_REQUESTED_EVENT REOPENED_EVENT CLOSED_EVENT MERGED_EVENT"
    " HEAD_REF_FORCE_PUSHED_EVENT LABELED_EVENT"
)
_EVENT = "{{ __typename {} }}".format(
    " ".join(f"... on {kind} {{ id createdAt actor {_ACCOUNT} }}" for kind in _TIMELINE_TYPES)
)


def _reviews(first: int, after: str = "") -> str:
    return f"reviews(first: {first}{after}) {{ nodes {_REVIEW} {_PAGE} }}"


def _commits(first: int, after: str = "") -> str:
    return f"commits(first: {first}{after}) {{ nodes {_COMMIT} {_PAGE} }}"


def _timeline(first: int, after: str = "") -> str:
    types = f"itemTypes: [{_TIMELINE_ENUMS}]"
    return f"timelineItems(first: {first}{after}, {types}) {{ nodes {_EVENT} {_PAGE} }}"


def _closing(first: int, after: str = "") -> str:
    issue = "{ number repository { nameWithOwner } }"
    return f"closingIssuesReferences(first: {first}{after}) {{ nodes {issue} {_PAGE} }}"


def _check_runs(first: int, after: str = "") -> str:
    return f"checkRuns(first: {first}{after}, filterBy: {{checkType: ALL}}) {{ nodes {_CHECK_RUN} {_PAGE} }}"


def _suites(first: int, check_runs: int, after: str = "") -> str:
    return f"checkSuites(first: {first}{after}) {{ nodes {{ id {_check_runs(check_runs)} }} {_PAGE} }}"


_STATUSES_OF_COMMIT = "status { contexts { id context state createdAt } }"
_CHANGE = f"""{{
  id number title body state isDraft createdAt updatedAt mergedAt closedAt
  headRefName headRefOid baseRefName additions deletions changedFiles
  author {_ACCOUNT}
  mergeCommit {{ oid }}
  {_LABELS}
  {_closing(10)}
  {_reviews(20)}
  {_commits(50)}
  {_timeline(50)}
  head: commits(last: 1) {{ nodes {{ commit {{ id oid {_STATUSES_OF_COMMIT} {_suites(10, 30)} }} }} }}
}}"""

_REPOSITORY = "repository(owner: $owner, name: $name)"

CHANGES = f"""query Changes($owner: String!, $name: String!, $first: Int!, $after: String) {{
{_LIMIT}
{_REPOSITORY} {{
  pullRequests(first: $first, after: $after, orderBy: {{field: UPDATED_AT, direction: DESC}}) {{
    {_PAGE}
    nodes {_CHANGE}
  }}
}} }}"""

OPEN_CHANGES = f"""query OpenChanges($owner: String!, $name: String!, $first: Int!, $after: String) {{
{_LIMIT}
{_REPOSITORY} {{
  pullRequests(first: $first, after: $after, states: [OPEN], orderBy: {{field: CREATED_AT, direction: DESC}}) {{
    {_PAGE}
    nodes {{ number updatedAt }}
  }}
}} }}"""

ISSUES = f"""query Issues($owner: String!, $name: String!, $first: Int!, $after: String, $since: DateTime) {{
{_LIMIT}
{_REPOSITORY} {{
  issues(first: $first, after: $after, filterBy: {{since: $since}}, orderBy: {{field: UPDATED_AT, direction: DESC}}) {{
    {_PAGE}
    nodes {{ id number title body state createdAt updatedAt closedAt {_LABELS} }}
  }}
}} }}"""

_ON_COMMIT = "associatedPullRequests(first: 5) { nodes { number mergedAt repository { nameWithOwner } } }"
_STATUS = "{ id state createdAt updatedAt }"
_DEPLOYMENT = f"""{{
  id databaseId commitOid environment originalEnvironment task createdAt updatedAt
  ref {{ name }}
  commit {{ {_ON_COMMIT} }}
  statuses(first: 20) {{ nodes {_STATUS} {_PAGE} }}
}}"""

DEPLOYMENTS = f"""query Deployments($owner: String!, $name: String!, $first: Int!, $after: String) {{
{_LIMIT}
{_REPOSITORY} {{
  deployments(first: $first, after: $after, orderBy: {{field: CREATED_AT, direction: DESC}}) {{
    {_PAGE}
    nodes {_DEPLOYMENT}
  }}
}} }}"""

DEPLOYMENTS_BY_ID = f"""query DeploymentsById($ids: [ID!]!) {{
{_LIMIT}
nodes(ids: $ids) {{ __typename ... on Deployment {_DEPLOYMENT} }}
}}"""

RELEASES = f"""query Releases($owner: String!, $name: String!, $first: Int!, $after: String) {{
{_LIMIT}
{_REPOSITORY} {{
  releases(first: $first, after: $after, orderBy: {{field: CREATED_AT, direction: DESC}}) {{
    {_PAGE}
    nodes {{
      databaseId name tagName isDraft isPrerelease createdAt publishedAt
      tagCommit {{ oid {_ON_COMMIT} }}
    }}
  }}
}} }}"""


def _overflow(name: str, kind: str, connection: str) -> str:
    return f"query {name}($id: ID!, $after: String) {{ {_LIMIT} node(id: $id) {{ ... on {kind} {{ {connection} }} }} }}"


_AFTER = ", after: $after"
OVERFLOW = {
    "reviews": _overflow("MoreReviews", "PullRequest", _reviews(PER_PAGE, _AFTER)),
    "commits": _overflow("MoreCommits", "PullRequest", _commits(PER_PAGE, _AFTER)),
    "timelineItems": _overflow("MoreEvents", "PullRequest", _timeline(PER_PAGE, _AFTER)),
    "closingIssuesReferences": _overflow("MoreIssues", "PullRequest", _closing(PER_PAGE, _AFTER)),
    "checkSuites": _overflow("MoreSuites", "Commit", _suites(20, PER_PAGE, _AFTER)),
    "checkRuns": _overflow("MoreCheckRuns", "CheckSuite", _check_runs(PER_PAGE, _AFTER)),
    "statuses": _overflow(
        "MoreStatuses", "Deployment", f"statuses(first: {PER_PAGE}{_AFTER}) {{ nodes {_STATUS} {_PAGE} }}"
    ),
}
"""By connection, the query for what a nested page of it did not hold."""


def changes_by_number(numbers: list[int]) -> str:
    """The query for changes by their numbers, each under the alias `c<number>`."""
    asked = "\n".join(f"c{number}: pullRequest(number: {number}) {_CHANGE}" for number in numbers)
    return f"query ChangesByNumber($owner: String!, $name: String!) {{ {_LIMIT} {_REPOSITORY} {{\n{asked}\n}} }}"


ALL = {
    "changes": CHANGES,
    "open_changes": OPEN_CHANGES,
    "issues": ISSUES,
    "deployments": DEPLOYMENTS,
    "deployments_by_id": DEPLOYMENTS_BY_ID,
    "releases": RELEASES,
    "changes_by_number": changes_by_number(list(range(1, CHANGES_BY_NUMBER + 1))),
    **{f"overflow_{name}": query for name, query in OVERFLOW.items()},
}
"""Every query, by name, so that each is held against GitHub's schema."""

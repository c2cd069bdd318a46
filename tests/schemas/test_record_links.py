"""Addresses of records from their ids: by the hosts that are known, by patterns of one's own, and never by guessing."""

import pytest
from pydantic import ValidationError

from schemas.record_links import RecordLink, RecordLinks


@pytest.mark.parametrize(
    ("kind", "record", "link"),
    [
        ("change", "github.com:acme/pay#12", "https://github.com/acme/pay/pull/12"),
        ("change", "github.acme.example:acme/pay#12", "https://github.acme.example/acme/pay/pull/12"),
        ("defect", "github.com:acme/pay#12", "https://github.com/acme/pay/issues/12"),
        ("deployment", "github.com:acme/pay/deployments/9", "https://github.com/acme/pay/deployments"),
        ("repository", "github.com:acme/pay", "https://github.com/acme/pay"),
        ("change", "gitlab.com:acme/group/pay#3", "https://gitlab.com/acme/group/pay/-/merge_requests/3"),
        ("defect", "gitlab.com:acme/group/pay/issues/4", "https://gitlab.com/acme/group/pay/-/issues/4"),
        ("deployment", "bitbucket.org:acme/pay/deployments/x-1", "https://bitbucket.org/acme/pay/deployments"),
        ("defect", "jira.acme.example:PAY-3", "https://jira.acme.example/browse/PAY-3"),
        ("incident", "pagerduty:PXYZ", None),
        ("change", "bitbucket.org:acme/pay#3", "https://bitbucket.org/acme/pay/pull-requests/3"),
        ("change", "dev.azure.com:acme/shop/pay#3", "https://dev.azure.com/acme/shop/_git/pay/pullrequest/3"),
        ("defect", "acme.atlassian.net:PAY-3", "https://acme.atlassian.net/browse/PAY-3"),
        ("change", "host:acme/pay#3", None),
        ("change", "javascript:alert(1)//github#1", None),
        ("change", "github.com:acme/pay", None),
        ("deployment", "deployment-17", None),
    ],
)
def test_known_hosts(kind: str, record: str, link: str | None) -> None:
    assert RecordLinks().address(kind, record) == link


def test_patterns_of_a_workspace_go_first() -> None:
    links = RecordLinks(
        [
            RecordLink(
                id="github.com:{path}#{number}", url="https://review.example/{path}?n={number}", kinds=("change",)
            ),
            RecordLink(id="deploy-{number}", url="https://deploy.example/{id}"),
        ]
    )
    assert links.address("change", "github.com:acme/pay#12") == "https://review.example/acme/pay?n=12"
    assert links.address("defect", "github.com:acme/pay#12") == "https://github.com/acme/pay/issues/12"
    assert links.address("deployment", "deploy-7") == "https://deploy.example/deploy-7"
    assert links.address("deployment", "deploy-7/x") is None


def test_what_an_id_brings_along_stays_within_the_path() -> None:
    link = RecordLink(id="tool:{path}#{number}", url="https://tool.example/{path}/{number}")
    assert link.address("change", 'tool:a b"c#1') is None
    assert link.address("change", 'tool:a"><b#1') == "https://tool.example/a%22%3E%3Cb/1"
    assert link.address("change", "tool:a?x=1#1") == "https://tool.example/a%3Fx%3D1/1"


@pytest.mark.parametrize(
    ("template", "url", "complaint"),
    [
        ("a-{number}", "https://x.example/{nummer}", "asks for {nummer}"),
        ("a-{n}-{n}", "https://x.example/{n}", "twice"),
        ("a-{n}", "ftp://x.example/{n}", "pattern"),
        ("a-{n}", "javascript:{n}", "pattern"),
        ("a-{n}", "https://x.example/{n", "brace"),
    ],
)
def test_a_pattern_that_cannot_be_followed_is_refused(template: str, url: str, complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        RecordLink(id=template, url=url)


def test_a_snapshot_keeps_them_as_rows() -> None:
    rows = [{"id": "d-{n}", "url": "https://x.example/{n}", "kinds": "deployment,rollback"}]
    links = RecordLinks.of_rows(rows)
    assert links.address("rollback", "d-4") == "https://x.example/4"
    assert links.address("change", "d-4") is None

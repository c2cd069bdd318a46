"""The command over real loopback HTTP: what it says of a source, of rules that match nothing, and how it ends."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stamina

from pipelines.cli import run
from tests.support.github_look import REPOSITORY, Look
from tests.support.replay import Answer
from tests.support.workspaces import load_files, new_workspace

TOKEN = "made-up-0123456789"


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TOKEN", TOKEN)
    with stamina.set_testing(True, attempts=2):
        yield


def doctor(folder: Path, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, dict[str, Any], str]:
    """Exit status, facts and standard error."""
    capsys.readouterr()
    status = run(["--workspace", str(folder), "doctor", "--json", *more])
    said = capsys.readouterr()
    assert TOKEN not in said.out + said.err
    return status, json.loads(said.out), said.err


def found(facts: dict[str, Any], area: str, state: str) -> list[str]:
    checks = [check for check in facts["checks"] if check["area"].startswith(area) and check["state"] == state]
    return [f"{check['what']} → {check['advice']}" if check["advice"] else check["what"] for check in checks]


def with_source(folder: Path, base_url: str, more: str = "") -> Path:
    new_workspace(
        folder,
        f'[[sources]]\nkind = "github"\nname = "work"\nbase_url = "{base_url}"\ntoken_env = "TOKEN"\n'
        f'repositories = ["{REPOSITORY}"]\n{more}',
    )
    return folder


def test_a_new_workspace_is_in_order_and_says_what_comes_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["init", str(tmp_path / "w")])
    status, facts, errors = doctor(tmp_path / "w", capsys)
    assert (status, facts["problems"], errors) == (0, 0, "")
    assert found(facts, "Workspace", "note") == [
        "nothing has been loaded yet → `plumbline load DIR` or `plumbline ingest`"
    ]
    assert "12 registers with 0 rows are valid" in found(facts, "Workspace", "ok")
    assert any(check.startswith("Plumbline ") for check in found(facts, "Installation", "ok"))
    assert any("Libertinus" in check for check in found(facts, "Installation", "ok"))


def test_without_a_workspace_the_installation_is_still_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, facts, errors = doctor(tmp_path, capsys)
    assert (status, errors) == (2, "plumbline: 1 problem to mend, see above\n")
    assert "there is no plumbline.toml here" in found(facts, "Workspace", "problem")[0]
    assert found(facts, "Installation", "ok")


def test_a_source_in_order(tmp_path: Path, capsys: pytest.CaptureFixture[str], repository_root: Path) -> None:
    look = Look()
    host = look.host(repository_root)
    with host.serving() as base_url:
        status, facts, _ = doctor(with_source(tmp_path, base_url), capsys)
    assert status == 0
    said = found(facts, "Source work", "ok")
    assert f"github at {base_url}, token from environment variable TOKEN" in said
    assert "a classic token with the scopes read:org, repo" in said
    assert any(each.startswith("budget core: 4,900 of 5,000 left until") for each in said)
    assert "defect_labels: 'bug' is a label of 1 repository" in said
    told = found(facts, "Source work", "info")
    assert any(each.startswith("cannot see: ") and "merge conflicts" in each for each in told)
    assert f"{REPOSITORY}: pull requests, issues, deployments, runs of Actions can be read" in said
    assert not (tmp_path / ".plumbline" / "warehouse.duckdb").exists()


def test_labels_that_nothing_bears_are_said_with_those_that_there_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], repository_root: Path
) -> None:
    look = Look(labels=["defect", "sev1", "Hotfix"], borne=())
    with look.host(repository_root).serving() as base_url:
        more = 'severity_labels = { sev1 = 1 }\nhotfix_labels = ["hotfix"]\nservices = { "acme/paymnts" = "pay" }'
        status, facts, _ = doctor(with_source(tmp_path, base_url, more), capsys)
    assert status == 0
    assert found(facts, "Source work", "note") == [
        "services: 'acme/paymnts' is no repository that this source reads → it reads acme/payments",
        "defect_labels: no repository has a label 'bug' → labels there are: Hotfix, defect, sev1",
        "severity_labels: no issue bears the label 'sev1' → other labels there are: Hotfix, defect",
        "hotfix_labels: no repository has a label 'hotfix' → it is written 'Hotfix'",
    ]


def test_environments_of_the_host_are_held_against_the_rule_before_anything_is_pulled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], repository_root: Path
) -> None:
    with Look().host(repository_root).serving() as base_url:
        folder = with_source(tmp_path, base_url)
        path = folder / "plumbline.toml"
        path.write_text(path.read_text() + '\n[production]\nenvironments = ["prdo"]\n')
        status, facts, _ = doctor(folder, capsys)
    assert status == 2
    (problem,) = found(facts, "Rules", "problem")
    assert problem.startswith("production: the rule matches no environment, so no deployment counts; there are ")
    assert "did you mean 'production'?" in problem


@pytest.mark.parametrize(
    ("refused", "words"),
    [
        ({"": Answer.of({"message": "Bad credentials"}, 401)}, "refused the token (401)"),
        ({"/repos/acme": Answer.of({"message": "Not Found"}, 404)}, "acme/payments: not there"),
        (
            {"/deployments": Answer.of({"message": "Resource not accessible"}, 403)},
            "acme/payments: deployments cannot be read (answered 403 (Resource not accessible))",
        ),
        ({"": Answer(200, b"<html>log in</html>", {"content-type": "text/html"})}, "instead of JSON"),
    ],
)
def test_what_cannot_be_read_is_a_problem(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    repository_root: Path,
    refused: dict[str, Answer],
    words: str,
) -> None:
    with Look(refused=refused).host(repository_root).serving() as base_url:
        status, facts, errors = doctor(with_source(tmp_path, base_url), capsys)
    assert status == 2
    assert any(words in problem for problem in found(facts, "Source work", "problem"))
    assert len(errors.splitlines()) == 1


@pytest.mark.parametrize(
    ("scopes", "state", "words"),
    [
        ("gist, read:user", "problem", "which show no repository's pull requests"),
        ("", "note", "a classic token without scopes"),
        (None, "ok", "a token with rights by repository"),
    ],
)
def test_the_scopes_of_a_token(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    repository_root: Path,
    scopes: str | None,
    state: str,
    words: str,
) -> None:
    with Look(scopes=scopes, remaining=3).host(repository_root).serving() as base_url:
        _, facts, _ = doctor(with_source(tmp_path, base_url), capsys)
    assert any(words in each for each in found(facts, "Source work", state))
    assert any("3 of 5,000 left" in each for each in found(facts, "Source work", "note"))


def test_a_missing_token_and_an_unknown_kind_stop_no_other_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TOKEN")
    folder = with_source(tmp_path, "https://git.plumbline.invalid")
    path = folder / "plumbline.toml"
    path.write_text(path.read_text() + '\n[[sources]]\nkind = "githup"\nname = "other"\n')
    status, facts, _ = doctor(folder, capsys)
    assert status == 2
    assert "environment variable TOKEN is not set" in found(facts, "Source work", "problem")[0]
    assert "kind 'githup' is not known" in found(facts, "Source other", "problem")[0]
    assert found(facts, "Rules", "note")


def test_offline_asks_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str], repository_root: Path) -> None:
    host = Look().host(repository_root)
    with host.serving() as base_url:
        status, facts, _ = doctor(with_source(tmp_path, base_url), capsys, "--offline")
    assert (status, host.requests) == (0, [])
    assert found(facts, "Source work", "ok")


def test_a_source_that_is_not_configured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new_workspace(tmp_path)
    assert run(["--workspace", str(tmp_path), "doctor", "nowhere"]) == 2
    assert "there is no source 'nowhere'; add a [[sources]] table" in capsys.readouterr().err


DEPLOYMENTS = """\
deployment_id,repo_id,service,environment,status
1,r,pay,prod-eu,cancelled
2,r,pay,prod-eu,cancelled
3,r,pay,qa,cancelled
"""


@pytest.mark.parametrize(
    ("rule", "state", "words"),
    [
        (
            'environments = ["production"]',
            "problem",
            "there are prod-eu (2), qa (1) → did you mean 'prod-eu'? then write environments = [\"prod-eu\"]",
        ),
        (
            'environments = ["live"]\npatterns = ["^prod-"]',
            "note",
            "production.environments: 'live' matches nothing; other environments are qa (1)",
        ),
        ('patterns = ["(?=prod)"]', "problem", "'(?=prod)' cannot be used"),
        ('patterns = ["^prod-"]', "ok", "production: prod-eu (2)"),
        ('patterns = ["^prod-"]', "info", "not production: qa (1)"),
    ],
)
def test_the_rule_on_production(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rule: str, state: str, words: str
) -> None:
    load_files(new_workspace(tmp_path, f"[production]\n{rule}"), {"deployments.csv": DEPLOYMENTS})
    status, facts, _ = doctor(tmp_path, capsys)
    assert any(words in each for each in found(facts, "Rules", state))
    assert status == (2 if state == "problem" else 0)


def test_registers_that_are_wrong_and_names_that_nobody_bears(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = new_workspace(tmp_path)
    load_files(
        workspace,
        {
            "repositories.csv": "repo_id,service\nr,payments\n",
            "incidents.csv": "incident_id,service,opened_at\n1,paymens,2026-01-01T00:00:00Z\n",
        },
    )
    registers = tmp_path / "registers"
    registers.mkdir()
    (registers / "tier_assignments.csv").write_text(
        "repo_id,service,tier,valid_from,valid_to\nr,,5,2026-01-01,\nr,,3,2026-01-01,\nr,,4,2026-02-01,\n"
    )
    status, facts, _ = doctor(tmp_path, capsys)
    assert status == 2
    first, second = found(facts, "Workspace", "problem")
    assert first.startswith("registers/tier_assignments.csv: tier of ")
    assert "(it says '5')" in first
    assert "r has two tiers at once from 2026-02-01" in second
    assert found(facts, "Rules", "note")[0] == (
        "incidents.service: 1 name no known service: paymens → did you mean 'payments'?"
    )


def test_channels_and_hooks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOD", f"json://localhost/{TOKEN}")
    monkeypatch.setenv("BAD", f"nonsense {TOKEN}")
    channels = "".join(
        f'[[alerts.channels]]\nname = "{name}"\nurl_env = "{name}"\n' for name in ("GOOD", "BAD", "NONE")
    )
    hooks = "".join(
        f'[[hooks]]\nkind = "deployments"\nname = "{name.lower()}"\nsecret_env = "{name}"\n'
        for name in ("GOOD", "NONE")
    )
    new_workspace(tmp_path, channels + hooks)
    status, facts, _ = doctor(tmp_path, capsys)
    assert status == 2
    assert found(facts, "Alerts", "ok") == ["channel 'GOOD' has an address; `plumbline alerts --test` tries it"]
    bad, none = found(facts, "Alerts", "problem")
    assert "what stands in environment variable BAD is no address" in bad
    assert "environment variable NONE holds no address" in none
    assert found(facts, "Hooks", "ok") == ["deployments deliveries are taken at /hooks/good"]
    assert "environment variable NONE holds no secret" in found(facts, "Hooks", "problem")[0]


def test_as_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load_files(new_workspace(tmp_path), {"deployments.csv": DEPLOYMENTS})
    assert run(["--workspace", str(tmp_path), "doctor"]) == 2
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Installation"
    assert "Rules" in lines
    place = next(number for number, line in enumerate(lines) if line.startswith("  ✗ production: the rule matches no"))
    assert lines[place + 1].startswith("    → did you mean 'prod-eu'?")
    assert lines[-1] == "1 problem, 1 note"

"""A new workspace: a ``plumbline.toml`` that teaches, and registers with nothing but their headers."""

from __future__ import annotations

import json
from pathlib import Path

from schemas.errors import InputError
from schemas.events import all_tables
from schemas.workspace import FILE_NAME

TEMPLATE = """\
# A Plumbline workspace. Every key has the default shown unless it is given; lines that begin with # are examples.
# What the tool writes lies in .plumbline/ next to this file; all but .plumbline/raw and
# .plumbline/alerts.sqlite (who was told of what) can be made again.

name = {name}

# Weeks, months and quarters begin at midnight in this time zone, and so does a bare date in a register.
timezone = "UTC"
week_start = "monday"
# How briefs write numbers and dates: "en" as 1,234.5 and 2026-10-31, "en_GB" as 31 Oct 2026, "de_DE" as 1.234,5 and
# 31.10.2026.
locale = "en"

# Changes by bots (dependency updates) are kept in the facts; true counts them in the metrics as well.
include_bots = false

# A workspace that shows a fixed moment is cut there; leave it out for one that lives.
# as_of = 2026-10-31T00:00:00Z

# Registers that people keep by hand, one CSV file a table; every build reads them again.
registers = "registers"

# Which deployments reach users. An environment is production if it is named here, or if a pattern is found in it.
[production]
environments = ["production", "prod"]
# patterns = ["^prod-"]

# How far apart two records may lie and still be linked.
[links]
deploy_link_days = 30            # a merged change belongs to the next deployment of its service within this time
incident_attribution_hours = 24  # an incident is put down to the last deployment of its service within this time
hotfix_blame_hours = 72          # a hotfix blames the last release of its service within this time

# An approval without a comment is shallow if it came faster than a person reads.
[reviews]
shallow_lines_per_minute = 100

# The period that a tier is compared with; `end` is the first day after it. Without one, the three months before the
# tier's first onboarding are taken and marked as not frozen.
# [baselines.4]
# start = 2026-01-01
# end = 2026-04-01
# set_by = "Jo Example"
# reason = "the last quarter before the pilot"

# A margin of your own for a constraint that ships: how much worse than the baseline is too much, as a share of it, for
# all tiers or by tier. Who set it and why stands in the definition log.
# [constraints.speed_vs_escape]
# margins = {{ escaped_defects = {{ 4 = 0.05 }}, rollback_rate = 0.2 }}
# since = 2026-11-01
# set_by = "Jo Example"
# reason = "payments tolerate no more escapes than they have"

# A constraint of your own: guardrails that may not get worse (by a quarter for rates, 10 % for durations, 20 % for
# counts per week, or the margin given) while a gain improves; without a gain it is always judged. `plumbline metrics`
# lists what there is; of a metric that is context only, say which way is better.
# [constraints.review_speed_vs_failures]
# question = "Do we review faster and break more?"
# gain = [{{ metric = "review_time", statistic = "p50" }}]
# guardrails = [
#   {{ metric = "change_failure_rate", statistic = "rate", margin = 0.2 }},
#   {{ metric = "acceptance_rate", statistic = "rate", better = "higher" }},
# ]
# tiers = [3, 4]
# since = 2026-11-01
# set_by = "Jo Example"
# reason = "agreed with the owners of tiers 3 and 4"

# What the ROI report (`plumbline roi`) may put a price on. Without these it gives no money and says which are missing.
# Each that is used is printed in the report. Time that passes while a change waits is never priced. The cost of
# engineers comes from the register team_capacity (loaded_cost, for the team and month, in this currency), that of tools
# from the register spend. An assumption is one number, or low, likely and high; the report shows how far the result
# depends on each.
# [value]
# currency = "USD"
# incident_hour_cost = {{ low = 1500, likely = 3000, high = 6000 }}  # an hour of a production incident; or by tier:
# # incident_hour_cost = {{ 1 = 200, 2 = 1000, 3 = 3000, 4 = 8000 }}
# review_hours = {{ low = 0.3, likely = 0.5, high = 0.8 }}  # an engineer's work on one review
# hours_per_week = 40                        # of an engineer
# engineer_month_cost = 13500                # only where team_capacity gives no loaded_cost
# spend_categories = ["AI assistant licences", "training"]  # what of spend is set against the value; all by default
# rates = {{ EUR = 1.08 }}                     # one unit of another currency of spend, in this one
# vary = 0.2                                 # how far an assumption given as one number is moved to see what it does
# set_by = "Jo Example, finance"
# reason = "planning figures 2026"
# What people say that they save is told beside what was measured; it enters no sum.
# [value.self_reported]
# hours_per_week = 3.5
# people = 120
# source = "developer survey, September 2026"

# Where to pull from, as many as you like; `plumbline ingest` reads them, `plumbline doctor` tries them.
# The token is read from the environment or from a file, never from here.
# [[sources]]
# kind = "github"
# name = "github"
# base_url = "https://api.github.com"     # or https://HOST/api/v3 for GitHub Enterprise
# token_env = "GITHUB_TOKEN"
# repositories = ["owner/name"]
# defect_labels = ["bug"]                 # issues that bear one of these are defects
# issue_keys = {{ PAY = "HOST.atlassian.net" }}  # a change that names PAY-12 fixes that issue of your Jira
# incident_labels = ["incident"]          # and one of these: incidents
# gates = [{{ check = "unit*", gate = "unit-tests" }}]  # checks by name → your gates; by default every check is
#                                         # a gate of its own name
# tests = ["*test*"]                      # checks and workflows that run tests
# deployment_workflows = {{ "Deploy" = "production" }}  # workflows whose runs are deployments → environment
# concurrency = 4                         # repositories read at the same time, under one rate limit

# [[sources]]
# kind = "gitlab"
# name = "gitlab"
# base_url = "https://gitlab.com/api/v4"  # or https://HOST/api/v4 for a GitLab of your own
# token_env = "GITLAB_TOKEN"              # scope read_api
# projects = ["group/project"]            # or ["group/*"], subgroups included
# gates = [{{ check = "lint*", gate = "lint" }}, {{ check = "*scan", gate = "security" }}]  # jobs by name → your gates;
#                                         # by default every job is a gate of its own name
# tests = ["*test*"]                      # jobs that run tests
#
# [[sources]]
# kind = "pagerduty"
# name = "pagerduty"
# token_env = "PAGERDUTY_TOKEN"           # a read-only API key
# services = {{ "Checkout API" = "payments" }}  # PagerDuty's service → yours: it links incidents to deployments
# ignored_services = ["Staging"]
#
# [[sources]]
# kind = "jira"
# name = "jira"
# base_url = "https://HOST.atlassian.net" # or a Jira Data Center
# user = "someone@example.com"            # Cloud: whose API token it is; leave it out for a personal access token
# token_env = "JIRA_TOKEN"
# defects = "project = PAY AND issuetype = Bug"       # which issues are defects, in your own JQL
# incidents = "project = INC"                         # and which are incidents
# repo_ids = {{ PAY = "github.com:owner/name" }}        # component, label or project → where the defect lies
# services = {{ "Checkout" = "payments" }}              # component → service of the incident
#
# More kinds, each with its page in docs/how-to: bitbucket, azure_devops, opsgenie, statuspage.

# Deliveries that hosts push (webhooks), as many as you like; `plumbline serve-hooks` receives them at /hooks/NAME, and
# the next ingest or build takes them in. The secret is read from the environment or from a file, never from here.
# [[hooks]]
# kind = "deployments"                    # a deployment of your own pipeline; or the kind of a source
# name = "deployments"
# secret_env = "PLUMBLINE_HOOK_SECRET"    # or secret_file = "secrets/hook", with several while one replaces another
# source = "github"                       # of a host: the source whose labels, services and bots apply

# Where a record can be looked at, made from its id; pull and merge requests of github, gitlab and bitbucket hosts are
# known already. What stands in braces is taken from the id; {{host}} and {{id}} are always known. The first that fits
# counts.
# [[record_links]]
# id = "git.example.com:{{path}}#{{number}}"
# url = "https://git.example.com/{{path}}/pulls/{{number}}"
# kinds = ["change"]                      # change, deployment, incident, defect, rollback, repository; all by default

# Who is told of findings, as many as you like; `plumbline alerts --test` tries them. The address (slack://…, msteams://…,
# mailtos://…, pagerduty://…, jsons://…: see the documentation of Apprise) is read from the environment or from a file.
# [[alerts.channels]]
# name = "on call"
# url_env = "PLUMBLINE_ON_CALL"           # or url_file = "secrets/on-call"
# kinds = ["verdict", "build"]            # all by default
# tiers = [3, 4]                          # all by default; what concerns no single tier concerns everybody
# minimum_severity = "high"               # low, medium, high, critical
# briefs = true                           # monthly briefs and ROI reports; by default where all findings go, too

# People are shown by pseudonym everywhere in the dashboard; true shows the names that registers hold.
[dashboard]
show_names = false

# Who may see the dashboard beyond this machine: `plumbline serve --host 0.0.0.0` refuses to start without this. People
# log in at your OIDC provider; a claim of their token names their role, another the teams that a viewer may see.
# [access]
# address = "https://plumbline.example.com"   # where people reach the dashboard; the provider returns there
# provider = "https://login.example.com/.well-known/openid-configuration"
# client_id = "plumbline"
# client_secret_env = "PLUMBLINE_OIDC_SECRET" # or client_secret_file = "secrets/oidc"
# roles_claim = "groups"
# viewers = ["engineering"]                   # see the tiers and the teams in their teams claim; ["*"] is everybody
# leaders = ["engineering-leads"]             # see every team
# owners = ["plumbline-owners"]               # see rejected values, too
# teams_claim = "teams"
# session_hours = 12                          # after which a person logs in again
"""


def make_workspace(root: Path, name: str | None = None) -> list[Path]:
    """Write a new workspace.

    Args:
        root: Its folder, made where it does not exist.
        name: What it is called; the folder's name by default.

    Returns:
        The registers that were made. Those that are there already are left alone.

    Raises:
        InputError: The folder is a workspace already.
    """
    path = root / FILE_NAME
    if path.exists():
        raise InputError("is there already", str(path), "edit it, or name another folder")
    registers = root / "registers"
    registers.mkdir(parents=True, exist_ok=True)
    shown = json.dumps(name or root.resolve().name or "workspace", ensure_ascii=False)
    path.write_text(TEMPLATE.format(name=shown), encoding="utf-8")
    made = []
    for table_name, table in all_tables().items():
        register = registers / f"{table_name}.csv"
        if table.table_about().is_register and not register.exists():
            header = [column.name for column in table.table_columns() if column.name not in ("observed_at", "deleted")]
            register.write_text(",".join(header) + "\n", encoding="utf-8")
            made.append(register)
    return made

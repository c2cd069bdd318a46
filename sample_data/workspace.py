"""The text of plumbline.toml for a workspace that shows the sample organisation."""

from sample_data.company import CUT, HOST, TIERS
from sample_data.truths import BASELINE_END, BASELINE_START

SET_BY = {
    1: "lead of developer-platform",
    2: "head of engineering",
    3: "head of engineering",
    4: "head of engineering; risk committee",
}
REASONS = {
    1: "eleven months before the first onboarding; a whole round of seasons but one month",
    2: "eleven months before the first onboarding; quarters alone hold too few slow changes",
    3: "eleven months before the first onboarding; quarters alone hold too few rollbacks",
    4: "eleven months before the first onboarding; incidents are rare, so a quarter could not be judged",
}

HEADER = """\
# The workspace of the sample organisation: Halyard, a bank that does not exist.
# Everything here can be changed; the next build follows.

name = "Halyard (sample organisation)"
timezone = "UTC"
# The sample ends here. In a workspace of your own leave this out: a build then cuts at the present moment.
as_of = {cut}

[production]
# Deployments to these environments count as production.
environments = ["production", "live"]

# The registers name offices, not people, so the dashboard may show them.
[dashboard]
show_names = true

# What the ROI report may put a price on. What engineers and tools cost stands in registers/team_capacity.csv and
# registers/spend.csv.
[value]
currency = "USD"
review_hours = {{ low = 0.25, likely = 0.4, high = 0.6 }}
hours_per_week = 40
spend_categories = ["AI assistant licences", "AI model usage", "training"]
set_by = "head of finance"
reason = "planning figures for 2026"

# An hour of a production incident: operations, compensation and lost business, by tier.
[value.incident_hour_cost]
1 = 150
2 = {{ low = 400, likely = 800, high = 1600 }}
3 = {{ low = 1000, likely = 2000, high = 4000 }}
4 = {{ low = 2500, likely = 5000, high = 10000 }}

[value.self_reported]
hours_per_week = 3.2
people = 71
source = "developer survey, September 2026"
# Where records can be looked at, by what their ids look like. (None of these hosts exists.)
[[record_links]]
id = "{host}:{{path}}#{{number}}"
url = "https://{host}/{{path}}/pull/{{number}}"
kinds = ["change"]

[[record_links]]
id = "deployment-{{number}}"
url = "https://deploy.halyard.example/deployments/{{number}}"

[[record_links]]
id = "INC-{{number}}"
url = "https://incidents.halyard.example/INC-{{number}}"

[[record_links]]
id = "BUG-{{number}}"
url = "https://defects.halyard.example/BUG-{{number}}"

# What each tier is compared with. The end is the first day after the baseline.
"""


def workspace_toml() -> str:
    """The configuration of the demo workspace, with the baseline of every tier named."""
    parts = [HEADER.format(cut=f"{CUT:%Y-%m-%dT%H:%M:%SZ}", host=HOST)]
    for tier in TIERS:
        parts.append(
            f"[baselines.{tier}]\n"
            f"start = {BASELINE_START.isoformat()}\n"
            f"end = {BASELINE_END.isoformat()}\n"
            f'set_by = "{SET_BY[tier]}"\n'
            f'reason = "{REASONS[tier]}"\n'
        )
    return "\n".join(parts)

"""Settings under which the facts would be silently empty are refused."""

from typing import Any

import pytest

from metrics.facts import FactSettings


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"production_rules": ()}, "production_rules: a blank rule matches nothing"),
        ({"production_rules": ("production", " ")}, "production_rules: a blank rule matches nothing"),
        ({"production_rules": ("prod(",)}, r"production_rules: 'prod\(' is no regular expression"),
        ({"deploy_link_days": 0}, "deploy_link_days: must be positive, not 0"),
        ({"incident_attribution_hours": -1}, "incident_attribution_hours: must be positive, not -1"),
        ({"hotfix_blame_hours": 0}, "hotfix_blame_hours: must be positive, not 0"),
        ({"timezone": "Mars/Base"}, "timezone: 'Mars/Base' is not an IANA zone"),
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        FactSettings(**wrong)


def test_the_defaults_are_those_of_the_specification() -> None:
    settings = FactSettings()
    assert (settings.deploy_link_days, settings.incident_attribution_hours, settings.hotfix_blame_hours) == (30, 24, 72)
    assert settings.include_bots is False

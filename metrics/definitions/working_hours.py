"""What definitions on the clock of working hours share: a stage of a change, timed only while people work."""

from metrics.model import Distribution, Example

REQUIRES = "the section [working_hours] in plumbline.toml, which says when work is done"
SOURCE = "reviews, changes, change_events, working_hours in plumbline.toml; change_facts"
CAVEATS = (
    "Only where plumbline.toml has a section [working_hours]; without one there are no rows.",
    "One clock for all: a colleague in another time zone seems to answer at once, or not at all.",
)


def formula_of(metric: str) -> str:
    """The formula of the metric that is the same as another but for the clock."""
    return (
        f"As {metric}, on a clock that stands still outside the workspace's working hours (its weekdays, hours,"
        " holidays and time zone). A metric of its own: it is never mixed with the wall clock's."
    )


def estimator_of(column: str) -> Distribution:
    """Hours of a column of seconds, by the merge."""
    return Distribution(fact="measured_changes", time="merged_at", value=f"{column} / 3600")


def example_of(says: str, column: str) -> Example:
    """Three changes that took 1, 3 and 8 working hours, and one that has none."""
    merged = ("2026-01-05 17:00", "2026-01-05 17:00", "2026-01-06 17:00")
    rows: list[dict[str, object]] = [
        {"merged_at": at, column: hours * 3600} for at, hours in zip(merged, (1, 3, 8), strict=True)
    ]
    rows.append({"merged_at": "2026-01-06 17:00"})
    return Example(says=says, facts={"change_facts": rows}, expect={"n": 3, "mean": 4.0, "p50": 3.0})

"""Whose work is looked at, and against what: the filters beside the window. Tiers are never pooled by them."""

from dataclasses import dataclass
from typing import Literal

SegmentKind = Literal["all", "team", "repo"]
Against = Literal["baseline", "control", "previous", "year"]


@dataclass(frozen=True)
class Segment:
    """A whole tier's work, or that of one team or repository in it."""

    kind: SegmentKind = "all"
    name: str = "all"

    @property
    def is_whole(self) -> bool:
        """Whether nothing is singled out."""
        return self.kind == "all"

    @property
    def words(self) -> str:
        """Within a sentence: `the whole tier`, `team payments`, `github.com:acme/pay`."""
        return {"all": "the whole tier", "team": f"team {self.name}", "repo": self.name}[self.kind]

    @property
    def grains(self) -> tuple[str, ...]:
        """The windows for which a snapshot holds its figures."""
        return {
            "all": ("month", "quarter", "trailing_year"),
            "team": ("month", "quarter"),
            "repo": ("quarter",),
        }[self.kind]

    @property
    def trend_grain(self) -> str:
        """The windows that its trends are drawn from."""
        return "quarter" if self.kind == "repo" else "month"


WHOLE = Segment()

AGAINST_WORDS: dict[Against, str] = {
    "baseline": "the baseline",
    "control": "repositories not yet onboarded",
    "previous": "the window before",
    "year": "a year before",
}
AGAINST_NOTES: dict[Against, str] = {
    "baseline": "uncontrolled",
    "control": "controlled: difference in differences against repositories not yet onboarded",
    "previous": "two windows side by side, not tested",
    "year": "two windows side by side, not tested",
}
"""What has to be known of a comparison, in a few words."""
NOT_TESTED = "untested"
"""The direction of a comparison that was not tested."""

"""The briefs that were issued in a workspace, as files: kind, period, edition and forms by their names."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from dashboard.periods import window_of_key

NAME = re.compile(
    r"(?P<kind>stability-brief|roi-report)-(?P<period>\d{4}-\d{2}|\d{4}Q[1-4]|[a-z_]+?)(?:-r(?P<edition>\d+))?"
    r"\.(?P<form>html|pdf|md|json|csv)"
)
QUARTER = re.compile(r"(?<=\d{4})(?=Q\d)")
"""Where the address puts a dash: files are named 2026Q3, windows 2026-Q3."""
KINDS = {"stability-brief": "stability brief of", "roi-report": "ROI report of"}


@dataclass(frozen=True)
class IssuedBrief:
    """One edition of one brief, with its files by form."""

    kind: str
    period: str
    edition: int
    files: dict[str, Path] = field(default_factory=dict, compare=False)

    @property
    def key(self) -> str:
        """Its name in the address: 2026-10, roi-2026Q3, 2026-10-r2."""
        prefix = "roi-" if self.kind == "roi-report" else ""
        return f"{prefix}{self.period}{f'-r{self.edition}' if self.edition > 1 else ''}"

    @property
    def title(self) -> str:
        """`The stability brief of October 2026`."""
        return f"The {KINDS[self.kind]} {self._when}"

    @property
    def label(self) -> str:
        """`Stability brief of October 2026 (edition 2)`."""
        kind = KINDS[self.kind]
        return f"{kind[0].upper()}{kind[1:]} {self._when}"

    @property
    def _when(self) -> str:
        window = window_of_key(QUARTER.sub("-", self.period))
        period = window.name if window else f"the phase {self.period.replace('_', ' ')}"
        return f"{period} (edition {self.edition})" if self.edition > 1 else period


def issued_briefs(folder: Path) -> dict[str, IssuedBrief]:
    """What lies in a folder by key: monthly briefs before ROI reports, each newest first, the newest edition first."""
    found: dict[IssuedBrief, IssuedBrief] = {}
    for brief, form, path in _files(folder):
        found.setdefault(brief, brief).files[form] = path
    newest_first = sorted(found, key=lambda brief: (brief.period, brief.edition), reverse=True)
    return {brief.key: brief for kind in KINDS for brief in newest_first if brief.kind == kind}


def _files(folder: Path) -> Iterator[tuple[IssuedBrief, str, Path]]:
    for path in sorted(folder.glob("*-*")):
        named = NAME.fullmatch(path.name)
        if named:
            yield IssuedBrief(named["kind"], named["period"], int(named["edition"] or 1)), named["form"], path

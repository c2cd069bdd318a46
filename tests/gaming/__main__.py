"""What every manipulation does to the sample organisation, as docs/gaming.md: `python -m tests.gaming`."""

from pathlib import Path

from sample_data.organisation import generate
from tests.gaming import releases
from tests.gaming.judgement import judged, outcome
from tests.gaming.test_gaming import MANIPULATIONS, WITHHELD, Manipulation

DOCUMENT = Path(__file__).parents[2] / "docs" / "gaming.md"
COLUMNS = ("violated", "at_risk", "inconclusive", "holds", "not_triggered", "claimable", "with_reservation")
INTRODUCTION = """# Gaming must not pay

Made by `python -m tests.gaming`. Each manipulation distorts the records of the sample organisation from the end of
the baseline on and leaves reality as it was. Given are the verdicts by status over all constraints, tiers, months,
quarters and the trailing year, the tiers' windows that bear a claim, and how many verdicts came out better and
worse than for the honest records. A verdict whose gain is gone has come out better only where its tier and window
look better as a whole.
"""
MEANS = """
## How it is held

- **Drafts, reopening, reviews** (METRICS §1): clocks start at the first opening or the first draft's end, and only
  eligible reviews stop them. Approvals for show raise the share of shallow ones.
- **Splitting**: where changes became more and smaller, each by more than 20 %, what splitting moves is also read at
  the size of the baseline's changes (`metrics/splitting.py`). A team that makes smaller changes in earnest looks
  the same in the records: its gain is no claim until it shows at equal size as well.
- **Empty deployments**: rates over more units than before are judged per week too, and a rate that fell must have
  fallen per week. A figure and the same figure per week are one hypothesis, so that more units do not spread the
  level thinner.
- **Moving between tiers, back-dating**: a service whose tier changed after the baseline, or in a row that the
  register first showed after it, is also read in the tier that it was known to have (`metrics/facts/origins.py`).
  The less favourable view counts.
- **Dropping a gate**: where a required gate before the merge is required no more since the baseline, passing more
  is no gain to claim.
- **Withholding records** (second table): where none came though ten or more were to be expected, or where more than
  a tenth of a tier's records lie with services that the register no longer names, nothing holds and nothing is
  claimable. Records that were never kept convict nobody: what was violated for them alone becomes inconclusive, and
  says so.
"""


def rows(manipulations: tuple[Manipulation, ...]) -> list[str]:
    """A Markdown table: the honest organisation, then each manipulation."""
    tables = generate()
    honest = judged(tables)
    lines = [f"| manipulation | {' | '.join(COLUMNS)} | better | worse |", f"| --- |{' --- |' * (len(COLUMNS) + 2)}"]
    counts = outcome(honest, honest).before
    lines.append(f"| *the honest records* | {' | '.join(str(counts[name]) for name in COLUMNS)} | | |")
    for manipulation in manipulations:
        found = outcome(honest, judged(manipulation(tables)))
        cells = " | ".join(str(found.after[name]) for name in COLUMNS)
        name = manipulation.__name__.replace("_", " ")
        lines.append(f"| {name} | {cells} | {found.improved.height} | {found.worsened} |")
        print(lines[-1], flush=True)
    return lines


def main() -> None:
    """Writes the document."""
    tampering, withholding = rows(MANIPULATIONS), rows((*WITHHELD, releases.drop_the_register))
    parts = [INTRODUCTION, *tampering, "", "Records withheld:", "", *withholding, MEANS]
    DOCUMENT.write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()

"""Which change a pipeline ran for, by what hosts show of both: branch and commit."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from pipelines.connectors.checks import ControlPoint

NEVER = "9999"
"""Later than every instant, as text."""


@dataclass(frozen=True)
class CheckedChange:
    """A change as a list of changes shows it; instants as the host writes them, so that text sorts as time does.

    Attributes:
        number: The host's number.
        source_branch: Where it comes from.
        target_branch: Where it is to go.
        opened_at: When it was opened.
        ended_at: When it was merged or given up; None while it is open.
        landed_as: The commits that it became on its target, if it was merged.
    """

    number: str
    source_branch: str
    target_branch: str
    opened_at: str
    ended_at: str | None
    landed_as: tuple[str, ...] = ()


class ChangeIndex:
    """The changes of a repository by branch, and by the commits that they became."""

    def __init__(self, changes: Iterable[CheckedChange]) -> None:
        self._by_branch: dict[str, list[CheckedChange]] = defaultdict(list)
        self._by_landed: dict[tuple[str, str], str] = {}
        for change in changes:
            self._by_branch[change.source_branch].append(change)
            for sha in change.landed_as:
                self._by_landed.setdefault((change.target_branch, sha), change.number)

    def link(self, branch: str, sha: str, started_at: str) -> tuple[ControlPoint, str] | None:
        """(where it ran, number of the change) of a pipeline; None where it ran for none.

        A pipeline of a change's own branch ran before the change was opened, or before it was merged; one of what the
        change became ran after. Of changes from the same branch it is the first that had not ended.
        """
        if landed := self._by_landed.get((branch, sha)):
            return "post_merge", landed
        waiting = [each for each in self._by_branch.get(branch, ()) if (each.ended_at or NEVER) >= started_at]
        if not waiting:
            return None
        first = min(waiting, key=lambda each: (each.ended_at or NEVER, each.opened_at))
        return ("pre_pr" if started_at < first.opened_at else "pre_merge"), first.number

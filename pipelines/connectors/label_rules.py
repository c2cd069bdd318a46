"""Labels that a source's settings name and nothing bears, for the looks that `plumbline doctor` takes."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from pipelines.connectors.base import Probed

NAMES_SHOWN = 12
CHANGES_ONLY = "hotfix_labels"
"""The rule that is about changes, which are not looked through for labels."""


def label_rules(
    rules: Mapping[str, Sequence[str]],
    labels: Mapping[str, set[str]],
    is_borne: Callable[[str, str], bool],
    one_of: Collection[str] = (),
) -> Iterator[Probed]:
    """What is to be said of each label that a rule names, with the names that there are.

    Args:
        rules: The settings' keys that name labels, and the labels.
        labels: The names of labels by repository or project.
        is_borne: Whether an issue of a repository bears a label.
        one_of: Rules of which one label in use is enough.
    """
    there = sorted(set().union(*labels.values()))
    for rule, names in rules.items():
        found = [_label(rule, name, labels, there, is_borne) for name in names]
        in_use = [each for each in found if each.state == "ok"]
        yield from in_use if in_use and rule in one_of else found


def _label(
    rule: str,
    name: str,
    labels: Mapping[str, set[str]],
    there: Sequence[str],
    is_borne: Callable[[str, str], bool],
) -> Probed:
    # Hosts hold labels to be the same whatever their case; the settings are compared as they are written.
    bearing = [scope for scope, names in labels.items() if name in names]
    if not bearing:
        other = next((each for each in there if each.lower() == name.lower()), None)
        advice = f"it is written {other!r}" if other else f"labels there are: {_shown(there)}"
        return Probed("note", f"{rule}: no repository has a label {name!r}", advice)
    if rule != CHANGES_ONLY and not any(is_borne(scope, name) for scope in bearing):
        others = [each for each in there if each != name]
        return Probed("note", f"{rule}: no issue bears the label {name!r}", f"other labels there are: {_shown(others)}")
    count = "1 repository" if len(bearing) == 1 else f"{len(bearing):,} repositories"
    return Probed("ok", f"{rule}: {name!r} is a label of {count}")


def _shown(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMES_SHOWN:,} more" if len(names) > NAMES_SHOWN else ""
    return f"{', '.join(names[:NAMES_SHOWN])}{more}" if names else "none"

"""Fingerprints of definitions: what a version measures may not change under that version's name.

`fingerprints.json` keeps, per metric and version, the fingerprint of the definition and those of its worked examples;
per constraint and version, that of what it asks for and of what it holds against it.
A test compares them with the definitions: whoever changes a formula, a condition or an estimator, or what an example
comes to, gives the metric a new version that says why, and then runs `make fingerprints`. Recorded versions are never
rewritten.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, TypedDict

from metrics.constraints import all_constraints
from metrics.definitions import all_metrics
from metrics.model import Constraint, Example, Metric

FILE = Path(__file__).with_name("fingerprints.json")


class Fingerprint(TypedDict):
    """Of one version: what it measures, and each of its worked examples."""

    definition: str
    examples: list[str]


Record = dict[str, dict[str, Fingerprint]]
"""Fingerprints by metric or constraint, and version."""


def fingerprint(definition: Metric | Constraint) -> Fingerprint:
    """The fingerprint of a present version: of all that decides its figures, not of what is told about it."""
    if isinstance(definition, Constraint):
        asked = {name: canonical(getattr(definition, name)) for name in JUDGED_BY}
        return Fingerprint(definition=_hash(asked), examples=[])
    return _of_metric(definition)


JUDGED_BY = ("gains", "guardrails", "same_metric_only", "across_tiers", "tiers")
"""Fields of a constraint that decide its verdicts."""


def _of_metric(metric: Metric) -> Fingerprint:
    content = {
        "unit": metric.unit,
        "direction": metric.direction,
        "formula": metric.formula,
        "estimators": canonical(metric.estimators),
        "follow_up": canonical(metric.follow_up),
        "inputs": canonical(metric.inputs),
        "core": metric.core,
    } | ({"pending": canonical(metric.pending)} if metric.pending else {})
    return Fingerprint(definition=_hash(content), examples=[_hash(_of_example(each)) for each in metric.examples])


def canonical(value: object) -> Any:  # noqa: ANN401 -- JSON of any shape
    """A value as JSON. Fields at their defaults are left out, so that a new setting changes no old definition."""
    if is_dataclass(value):
        stated = {field.name: getattr(value, field.name) for field in fields(value)}
        kept = {field.name: stated[field.name] for field in fields(value) if not _is_default(field, stated[field.name])}
        return {"type": type(value).__name__} | {name: canonical(each) for name, each in kept.items()}
    if isinstance(value, Mapping):
        return {str(key): canonical(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [canonical(each) for each in value]
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value.isoformat() if isinstance(value, date) else value


def recorded() -> Record:
    """What `fingerprints.json` holds."""
    record: Record = json.loads(FILE.read_text()) if FILE.exists() else {}
    return record


def changed(definitions: Iterable[Metric | Constraint], record: Record) -> list[str]:
    """What has changed under a recorded version, in words; examples may be added to a version, not taken away."""
    found = []
    for each in definitions:
        known = record.get(each.id, {}).get(each.version)
        if known is None:
            continue
        now = fingerprint(each)
        if now["definition"] != known["definition"]:
            does = "judges" if isinstance(each, Constraint) else "measures"
            found.append(f"{each.id} {each.version} {does} something else than before")
        if not set(known["examples"]) <= set(now["examples"]):
            found.append(f"{each.id} {each.version} lost or changed a worked example")
    return found


def extended(definitions: Iterable[Metric | Constraint], record: Record) -> Record:
    """The record with the versions and examples that it lacks.

    Raises:
        ValueError: A recorded version has changed.
    """
    definitions = list(definitions)
    if offences := changed(definitions, record):
        raise ValueError(f"{'; '.join(offences)}: give it a new version (a Revision that says why)")
    complete = {name: dict(versions) for name, versions in record.items()}
    for each in definitions:
        complete.setdefault(each.id, {})[each.version] = fingerprint(each)
    return {name: complete[name] for name in sorted(complete)}


def _of_example(example: Example) -> dict[str, object]:
    content: dict[str, object] = canonical(example)
    return {name: each for name, each in content.items() if name != "says"}


def _is_default(field: Field[Any], value: object) -> bool:
    default = field.default_factory() if field.default_factory is not MISSING else field.default
    return default is not MISSING and bool(default == value)


def _hash(content: object) -> str:
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def main() -> int:
    """Record the versions that are not yet recorded; refuse where a recorded one has changed."""
    try:
        record = extended([*all_metrics().values(), *all_constraints().values()], recorded())
    except ValueError as error:
        print(f"fingerprints: {error}", file=sys.stderr)
        return 2
    FILE.write_text(json.dumps(record, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

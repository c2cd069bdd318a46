"""Facts: one row per change, deployment, incident and defect, derived from the event tables (METRICS.md §1 and §2).

Belongs here: the rules that turn events into milestones, links and outcomes, as SQL on a DuckDB connection that is
handed in; one file a topic, one step after another:

    cut → dimensions, tiers, watching → milestones → links → incidents → outcomes
        → gates, rework, validation → assemble

Does not belong here: anything that aggregates over units (metrics), reads or writes the warehouse, or asks what time
it is.

Every step joins on integer keys. Relations of the steps are temporary and named like their content; columns that begin
with `_` are for definitions and are not published.
"""

from __future__ import annotations

from metrics.facts.build import FACTS, build_facts, write_facts
from metrics.facts.controls import CONTROL_FACTS, build_control_facts
from metrics.facts.inputs import prepare_inputs
from metrics.facts.settings import FactSettings

__all__ = [
    "CONTROL_FACTS",
    "FACTS",
    "FactSettings",
    "build_control_facts",
    "build_facts",
    "prepare_inputs",
    "write_facts",
]

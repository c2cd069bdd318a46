"""Definitions: the metric tree and the constraints, each with its sheet, rendered from the definitions themselves."""

from collections.abc import Mapping

import streamlit as st

from dashboard.choices import choose, chosen, take, widget_key
from dashboard.components import Cell, heading, opening, paragraph, section, table
from dashboard.naming import TIER_NAMES, figure, figure_name
from dashboard.people import people_of
from dashboard.queries import definition_versions
from dashboard.views import Scene, View
from metrics.constraints import all_constraints
from metrics.definition_sheet import BETTER, sheet
from metrics.definitions import all_metrics
from metrics.model import Constraint, Example, Figure, Metric


def render(scene: Scene) -> None:
    """Draws the page."""
    metrics, constraints = all_metrics(), scene.constraints
    ids = [*metrics, *constraints]
    opening(
        scene.snapshot.manifest.workspace,
        "What is measured, and what may not get worse.",
        f"{len(metrics)} metrics and {len(constraints)} constraints. "
        "Everything here is read from the definitions that the build itself runs.",
    )
    tree, page = st.columns([1, 2.1], gap="large")
    with tree:
        id = chosen("definition", ids, ids[0])
        st.selectbox(
            "Definition",
            ids,
            format_func=lambda each: _label(each, metrics, constraints),
            key=widget_key("definition"),
            on_change=take,
            args=("definition",),
        )
        with st.container(key="tree", gap=None):
            _tree(metrics, constraints, id)
    with page:
        if id in metrics:
            _metric_sheet(metrics[id], metrics, constraints)
        else:
            _constraint_sheet(constraints[id])
        _versions(scene, id, metrics, constraints)


def _label(id: str, metrics: Mapping[str, Metric], constraints: Mapping[str, Constraint]) -> str:
    if id in constraints:
        return f"Constraint: {constraints[id].name}"
    metric = metrics[id]
    return f"{metrics[metric.parent].name}: {metric.name.lower()}" if metric.parent else metric.name


def _tree(metrics: Mapping[str, Metric], constraints: Mapping[str, Constraint], shown: str) -> None:
    for side in ("lagging", "leading"):
        st.html(f"<p class='branch'>{side.capitalize()}</p>")
        for metric in metrics.values():
            if metric.side == side:
                _leaf(
                    metric.id,
                    metric.name,
                    is_part=metric.parent is not None,
                    is_chosen=metric.id == shown,
                    headline=metric.headline,
                )
    st.html("<p class='branch'>Integrity constraints</p>")
    for constraint in constraints.values():
        _leaf(constraint.id, constraint.name, is_part=False, is_chosen=constraint.id == shown, headline=False)


def _leaf(id: str, name: str, *, is_part: bool, is_chosen: bool, headline: bool) -> None:
    with st.container(key=f"leaf-{'part' if is_part else 'whole'}-{id}", gap=None):
        st.button(
            name,
            key=f"definition-{id}",
            type="tertiary",
            icon=":material/chevron_right:" if is_chosen else None,
            help="headline metric" if headline else None,
            on_click=choose,
            args=("definition", id),
        )


def _metric_sheet(metric: Metric, metrics: Mapping[str, Metric], constraints: Mapping[str, Constraint]) -> None:
    heading(metric.name)
    st.markdown(metric.formula)
    targets = "; ".join(
        f"tier {tier}: {figure(value, metric.unit)}" for tier, value in sorted(metric.targets.items(), reverse=True)
    )
    paired = ", ".join(constraints[each].name for each in metric.paired_constraints if each in constraints)
    rows = {
        "Id and version": f"{metric.id} {metric.version}",
        "Kind": _kind(metric, metrics),
        "Unit": f"{metric.unit}; {BETTER[metric.direction]}",
        "Estimator": "; ".join(sheet(metric)["estimators"]),
        "Follow-up": f"{metric.follow_up.days} days; provisional until they have passed"
        if metric.follow_up
        else "none",
        "Needs": ", ".join(metric.inputs) + (f"; watched: {' or '.join(metric.watched)}" if metric.watched else ""),
        "Source": metric.source,
        "Targets": targets or "none",
        "Held against": paired or "no constraint",
        "By team and repository": "yes" if metric.core else "no, by tier only",
        "Reported": metric.reporting,
        "For": metric.audience,
        "Owner": metric.owner,
    }
    _sheet(rows, metric.name)
    if metric.caveats:
        st.markdown("**Read with care**\n" + "".join(f"\n- {caveat}" for caveat in metric.caveats))
    for number, example in enumerate(metric.examples, 1):
        _example(example, number, metric)


def _kind(metric: Metric, metrics: Mapping[str, Metric]) -> str:
    part = f", part of {metrics[metric.parent].name.lower()}" if metric.parent else ""
    return f"{metric.side}{', headline' if metric.headline else ''}{part}"


def _sheet(rows: Mapping[str, str], name: str) -> None:
    table(["What", "Says"], [[Cell(key), Cell(value)] for key, value in rows.items()], f"Definition of {name}")


def _example(example: Example, number: int, metric: Metric) -> None:
    with st.expander(f"Worked example {number}: {example.says}", key=f"example-{metric.id}-{number}"):
        paragraph(
            f"A {example.grain} from {example.start}, {TIER_NAMES.get(example.tier, example.tier).lower()}. "
            "The same rows run as this definition's test."
        )
        for fact, records in example.facts.items():
            columns = list(dict.fromkeys(column for record in records for column in record))
            rows = [
                [Cell("" if record.get(column) is None else str(record[column])) for column in columns]
                for record in records
            ]
            st.markdown(f"`{fact}`")
            table([column.lstrip("_") for column in columns], rows, f"Rows of {fact}")
        st.markdown("Gives")
        rows = [
            [Cell(name), Cell("cannot be given" if value is None else f"{value:g}", is_number=True)]
            for name, value in example.expect.items()
        ]
        table(["Statistic", f"Value ({metric.unit})"], rows, "Results")


def _constraint_sheet(constraint: Constraint) -> None:
    heading(constraint.name)
    st.markdown(f"{constraint.explanation} {constraint.question}")
    rows = [[Cell("gain"), Cell(_figure(each)), Cell("improves")] for each in constraint.gains]
    rows += [
        [
            Cell("guardrail"),
            Cell(_figure(each)),
            Cell(f"may not get {each.worse}, beyond the margin for a {each.margin}"),
        ]
        for each in constraint.guardrails
    ]
    if constraint.always:
        rows.insert(0, [Cell("gain"), Cell("none needed"), Cell("judged always")])
    table(["Role", "Figure", "Reading"], rows, f"Figures of {constraint.name}")


def _figure(each: Figure) -> str:
    return figure_name(each.metric, each.statistic)


def _versions(scene: Scene, id: str, metrics: Mapping[str, Metric], constraints: Mapping[str, Constraint]) -> None:
    """What this version of the product knows, and which version made the snapshot."""
    definition = metrics.get(id) or constraints[id]
    section("Versions")
    used = scene.snapshot.manifest.definitions.get(id)
    if used and used != definition.version:
        paragraph(
            f"This snapshot was built with version {used}; the sheet above is version {definition.version}. "
            "Run `plumbline build` to bring them together."
        )
    logged = definition_versions(scene.snapshot, id)
    if len(logged):
        rows = [
            [
                Cell(row["version"]),
                Cell(f"{row['effective_at']:%-d %b %Y}"),
                Cell(_owner(scene, row["owner"])),
                Cell(row["change"]),
            ]
            for row in logged.iter_rows(named=True)
        ]
    else:
        rows = [
            [Cell(r.version), Cell(f"{r.effective_at:%-d %b %Y}"), Cell(r.owner), Cell(r.change)]
            for r in reversed(definition.revisions)
        ]
    table(["Version", "In force from", "Owner", "What changed and why"], rows, "Versions")


def _owner(scene: Scene, owner: str) -> str:
    """Definitions that ship belong to an office; who declared one in the workspace is a person."""
    offices = {metric.owner for metric in all_metrics().values()}
    offices |= {constraint.owner for constraint in all_constraints().values()}
    return owner if owner in offices else people_of(scene.snapshot).shown(owner)


VIEW = View(
    title="Definitions",
    path="definitions",
    icon=":material/menu_book:",
    place=9,
    about="Every metric and constraint: formula, unit, source, caveats, worked examples and versions.",
    render=render,
    needs_window=False,
)

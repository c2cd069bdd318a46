"""The brief of the last complete month as a table of the snapshot that it is about, a row a form.

The dashboard shows it without rendering, and an old snapshot keeps the brief that was made from it.
"""

import polars as pl

from metrics.briefs.document import MonthlyBrief
from metrics.briefs.months import last_complete
from metrics.briefs.tables import Origin
from metrics.calendar import Calendar
from pipelines.brief_tables import read_brief, read_months
from pipelines.build_store import BuildStore
from pipelines.companion import Companion
from pipelines.exports import rendered
from pipelines.metric_workers import told_of_an_end

TABLE = "brief_documents"
FORMS = ("html", "json", "md")
WITH_TEMPLATES = ("html", "md")
"""A template takes as long to be read as a brief to be written: where there is a companion, that does both."""
SCHEMA = {"month": pl.Date(), "form": pl.String(), "text": pl.String()}


def write_brief_documents(build: BuildStore, snapshot_id: str) -> None:
    """Make the brief that names the snapshot about to be published; no rows without a month to tell of."""
    calendar = Calendar(build.workspace.timezone, build.workspace.week_start)
    origin = Origin(
        organisation=build.workspace.name,
        snapshot_id=snapshot_id,
        as_of=build.cut.as_of,
        known_at=build.cut.known_at,
        calendar=calendar,
        locale=build.workspace.locale,
    )
    month = last_complete(origin.as_of, calendar)
    rows = []
    if month in read_months(build.connection, origin):
        brief = read_brief(build.connection, origin, month)
        rows = [(month, form, text) for form, text in _in_each_form(brief, build.companion).items()]
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    build.write(TABLE, frame, order_by=["month", "form"], internal=True)


def _in_each_form(brief: MonthlyBrief, companion: Companion | None) -> dict[str, str]:
    """The brief by form."""
    with told_of_an_end():
        begun = {form: companion.begin(rendered, brief, form) for form in WITH_TEMPLATES} if companion else {}
        here = {form: rendered(brief, form) for form in FORMS if form not in begun}
        made = here | {form: each.result() for form, each in begun.items()}
    return {form: made[form].decode() for form in FORMS}

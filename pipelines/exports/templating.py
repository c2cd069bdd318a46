"""The environment of all templates of briefs: nothing undefined passes, days are written as the locale does."""

from datetime import date

import jinja2

from metrics.words import count, day


def environment(*, autoescape: bool) -> jinja2.Environment:
    """Templates of `pipelines/exports/templates`.

    Args:
        autoescape: whether texts are escaped for HTML; other forms escape people's words with a filter of their own.
    """
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("pipelines.exports", "templates"),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=autoescape,
        finalize=_written,
    )
    made.filters |= {"day": day_or_dash, "count": count}
    return made


def day_or_dash(value: date | None) -> str:
    """A day, or a dash."""
    return day(value) if value else "–"


def _written(value: object) -> object:
    return day(value) if isinstance(value, date) else value

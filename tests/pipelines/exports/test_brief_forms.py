"""All forms of the brief show the same numbers, and nothing that people wrote becomes markup."""

import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pypdf
import pytest

from metrics import words
from metrics.briefs.document import MonthlyBrief, Trend, TrendPoint
from metrics.briefs.monthly import monthly_brief
from metrics.briefs.tables import BriefTables
from pipelines.exports import form_names, rendered
from pipelines.exports.brief_pdf import source
from pipelines.exports.sparkline import sparkline
from tests.support.brief_frames import MONTH, origin, paid_for

Key = tuple[str, str, str]
"""Metric, statistic, tier."""


@pytest.fixture(scope="module")
def brief() -> MonthlyBrief:
    return monthly_brief(paid_for(), origin(), MONTH)


class Cells(HTMLParser):
    """The texts of the grid's cells, by the figure that each says it holds."""

    def __init__(self) -> None:
        super().__init__()
        self.key: Key | None = None
        self.texts: dict[Key, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: text or "" for name, text in attrs}
        if tag == "td":
            named = "data-metric" in given
            self.key = (given["data-metric"], given["data-statistic"], given["data-tier"]) if named else None

    def handle_endtag(self, tag: str) -> None:
        if tag == "td":
            self.key = None

    def handle_data(self, data: str) -> None:
        if self.key:
            self.texts[self.key] = f"{self.texts.get(self.key, '')} {' '.join(data.split())}"


def from_html(text: str) -> dict[Key, list[str]]:
    parser = Cells()
    parser.feed(text)
    # `18.0 h −25 % , better −30 to −20 %`, where every part stands in an element of its own.
    return {key: " ".join(found.replace(",", " ").split()).split() for key, found in parser.texts.items()}


def from_markdown(text: str, brief: MonthlyBrief) -> dict[Key, list[str]]:
    table = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    header = next(row for row in table if row[0] == brief.tiers[0].name)
    rows = [row for row in table if len(row) == len(header) + 1 and "**" in row[1]]
    found = {}
    for row, (metric, statistic) in zip(rows, grid_order(brief), strict=True):
        for section, cell in zip(brief.tiers, row[1:], strict=True):
            bold, change, interval, direction = re.fullmatch(r"\*\*(.+)\*\* \((.+?); (.+)\), (.+)", cell).groups()  # type: ignore[union-attr]
            found[metric, statistic, section.tier] = f"{bold} {change} {direction} {interval}".split()
    return found


PLACES = [
    ("pr_cycle_time", "p50", "3"),
    ("pr_cycle_time", "p95", "3"),
    ("rollback_rate", "rate", "3"),
    ("escaped_defects", "rate", "3"),
]
"""The grid of the month that tests tell of, from top to bottom."""


def from_pdf(content: bytes, expected: Mapping[Key, list[str]]) -> dict[Key, list[str]]:
    """The expected cells that are found on the pages, each after the one before, read from left to right."""
    read = " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)
    words, found, place = read.replace(",", " ").split(), {}, 0
    for key in [key for key in PLACES if key in expected]:
        cell = expected[key]
        starts = [at for at in range(place, len(words)) if words[at : at + len(cell)] == cell]
        if starts:
            found[key] = cell
            place = starts[0] + len(cell)
    return found


def grid_order(brief: MonthlyBrief) -> list[tuple[str, str]]:
    return list(dict.fromkeys((figure.metric, figure.statistic) for figure in brief.headline_figures))


def printed(row: dict[str, Any]) -> list[str]:
    """A row of numbers as a reader of the printed forms sees it."""
    unit, relative = row["unit"], row["is_relative"]
    unsettled = row["is_provisional"] and row["change"] <= 0 and row["direction"] != "inconclusive"
    direction = words.DIRECTION_NAMES["unsettled" if unsettled else row["direction"]]
    parts = [
        words.short(row["value"], unit),
        words.difference(row["change"], unit, relative),
        direction,
        words.interval(row["change_low"], row["change_high"], unit, relative),
    ]
    return " ".join(parts).split()


def from_csv(text: str) -> Iterator[dict[str, Any]]:
    numbers = ("value", "baseline_value", "change", "change_low", "change_high")
    for row in csv.DictReader(io.StringIO(text)):
        flags = {name: row[name] == "true" for name in ("is_relative", "is_provisional")}
        yield row | flags | {name: float(row[name]) if row[name] else None for name in numbers}


def test_the_same_numbers_are_read_back_out_of_every_form(brief: MonthlyBrief) -> None:
    made = {name: text_of(brief, name) for name in form_names() if name != "pdf"}
    headline = {(figure.metric, figure.statistic, figure.tier) for figure in brief.headline_figures}
    tables = [json.loads(made["json"])["figures"], list(from_csv(made["csv"]))]
    for rows in tables:
        keys = [(row["metric"], row["statistic"], row["tier"]) for row in rows]
        assert keys == [(figure.metric, figure.statistic, figure.tier) for figure in brief.figures]
    numbers = {(row["metric"], row["statistic"], row["tier"]): printed(row) for row in tables[0]}
    assert {key: printed(row) for key, row in zip(numbers, tables[1], strict=True)} == numbers
    expected = {key: numbers[key] for key in headline}
    assert len(expected) == 4
    assert from_html(made["html"]) == expected
    assert from_markdown(made["md"], brief) == expected
    assert from_pdf(rendered(brief, "pdf"), expected) == expected


def test_every_sentence_stands_in_both_printed_forms(brief: MonthlyBrief) -> None:
    page, text = plain(text_of(brief, "html")), unescaped(text_of(brief, "md"))
    printed = squeezed(
        " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(rendered(brief, "pdf"))).pages)
    )
    sentences = [*brief.summary, *brief.quality.freshness, *brief.quality.rejected, *brief.quality.links]
    sentences += [moved.sentence for section in brief.tiers for moved in (*section.moved, *section.not_moved)]
    sentences += [brief.chance_note, brief.actions_note, brief.exceptions_note, brief.baselines_note]
    sentences += [step.text for step in brief.next_steps] + [each.text for each in brief.undecided]
    sentences += [action.text for action in brief.actions] + [each.action for each in brief.commitments]
    for sentence in sentences:
        assert sentence in page
        assert sentence in text
        assert squeezed(sentence) in printed


def squeezed(text: str) -> str:
    """Without blanks, as lines end elsewhere on a page; ligatures as their letters."""
    return unicodedata.normalize("NFKC", "".join(text.split()))


def text_of(brief: MonthlyBrief, form: str) -> str:
    return rendered(brief, form).decode()


class Text(HTMLParser):
    """All text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found.append(data)


def plain(html: str) -> str:
    """The text of a page."""
    parser = Text()
    parser.feed(html)
    return "".join(parser.found)


def unescaped(markdown: str) -> str:
    return re.sub(r"\\([\\`*_{}\[\]<>|#~])", r"\1", markdown)


def test_what_people_wrote_is_never_markup(brief: MonthlyBrief) -> None:
    page, text = text_of(brief, "html"), text_of(brief, "md")
    assert "<reviews>" not in page
    assert "Two &lt;reviews&gt; | for *payments*" in page
    assert "Acme &amp; Sons" in page
    assert r"Two \<reviews\> \| for \*payments\*" in text


def test_no_word_can_end_a_string_of_typst(brief: MonthlyBrief) -> None:
    words = 'He said "no" \\ #panic("x") $ *bold* ]'
    named = replace(brief, actions=(replace(brief.actions[0], text=words),))
    assert r"He said \"no\" \\ #panic(\"x\") $ *bold* ]" in source(named)
    pages = pypdf.PdfReader(io.BytesIO(rendered(named, "pdf"))).pages
    assert squeezed(words).replace('"', "") in squeezed("".join(p.extract_text() for p in pages)).replace('"', "")


def test_equal_briefs_are_equal_files(brief: MonthlyBrief) -> None:
    for form in form_names():
        assert rendered(brief, form) == rendered(brief, form)


def test_a_line_break_in_a_register_does_not_break_a_list(brief: MonthlyBrief) -> None:
    broken = replace(brief.actions[0], text="First line\n\n# second line")
    text = text_of(replace(brief, actions=(broken,)), "md")
    assert r"First line \# second line" in text


def test_the_page_stands_alone(brief: MonthlyBrief) -> None:
    page = text_of(brief, "html")
    for reaching_out in ("<script", "<link", "src=", "@import", "url(", "http:", "https:"):
        assert reaching_out not in page
    assert page.count("<svg") == 1, "one trend has more than one month"
    assert "prefers-color-scheme: dark" in page
    assert "@page { size: A4" in page


def test_every_form_names_its_cut_and_its_snapshot(brief: MonthlyBrief) -> None:
    for form in ("csv", "html", "json", "md"):
        made = text_of(brief, form)
        assert "20261110T060000Z-0a1b2c3d" in made
        assert made.endswith("\n")
        assert form == "csv" or "2026-11-10T06:00:00Z" in made
    first = pypdf.PdfReader(io.BytesIO(rendered(brief, "pdf"))).pages[0].extract_text()
    assert "20261110T060000Z-0a1b2c3d" in first
    assert "2026-11-10T06:00:00Z" in first


def test_an_empty_month_makes_every_form() -> None:
    empty = monthly_brief(BriefTables.of({}), origin(), MONTH)
    for form in ("html", "md"):
        made = text_of(empty, form)
        assert "We do not know how any tier stands" in made
        assert "No figure could be compared" in made
    assert json.loads(text_of(empty, "json"))["figures"] == []
    assert text_of(empty, "csv").count("\n") == 1
    assert len(pypdf.PdfReader(io.BytesIO(rendered(empty, "pdf"))).pages) >= 1


def trend(*values: float, baseline: float | None = 10.0) -> Trend:
    points = tuple(TrendPoint(MONTH, value, value - 1, value + 1) for value in values)
    return Trend("pr_cycle_time", "p50", "3", baseline, points)


def test_a_trend_is_drawn_within_its_frame_and_higher_values_stand_higher() -> None:
    drawn = str(sparkline(trend(5.0, 20.0, 10.0), "a label & more"))
    [points] = re.findall(r'points="([^"]+)"', drawn)
    places = [tuple(map(float, point.split(","))) for point in points.split()]
    assert [x for x, _ in places] == sorted(x for x, _ in places)
    assert places[1][1] < places[2][1] < places[0][1]
    assert all(0 <= x <= 92 and 0 <= y <= 26 for x, y in places)
    assert 'aria-label="a label &amp; more"' in drawn
    assert re.findall(r'class="base".*?y1="([^"]+)"', drawn) == [f"{places[2][1]:.1f}"]


def test_a_single_month_or_one_value_throughout_draws_no_nonsense() -> None:
    assert str(sparkline(trend(5.0), "")) == ""
    assert str(sparkline(None, "")) == ""
    assert "nan" not in str(sparkline(trend(0.0, 0.0, baseline=None), ""))

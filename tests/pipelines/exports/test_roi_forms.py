"""All forms of the ROI report show the same numbers, and nothing that people wrote becomes markup."""

import csv
import io
import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser

import pypdf
import pytest

from metrics.briefs.roi.document import RoiReport, ValueLine
from pipelines.exports import form_names, rendered
from pipelines.exports.roi_layout import RoiLayout, roi_layout
from pipelines.exports.roi_pdf import source
from tests.support.roi_frames import report as small_report


@pytest.fixture(scope="module")
def report() -> RoiReport:
    return small_report()


class Rows(HTMLParser):
    """Texts of the elements that say of what they are: figures, lines, sums, levers, assumptions and claims."""

    NAMES = ("data-line", "data-sum", "data-lever", "data-assumption", "data-claim-tier", "data-curve", "data-metric")

    def __init__(self) -> None:
        super().__init__()
        self.key: tuple[str, ...] | None = None
        self.tag = ""
        self.texts: dict[tuple[str, ...], str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: text or "" for name, text in attrs}
        found = next((name for name in self.NAMES if name in given), None)
        if found == "data-metric":
            self.key, self.tag = (given[found], given["data-statistic"], given["data-tier"]), tag
        elif found:
            self.key, self.tag = (found.removeprefix("data-"), given[found]), tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self.tag:
            self.key = None

    def handle_data(self, data: str) -> None:
        if self.key:
            self.texts[self.key] = f"{self.texts.get(self.key, '')} {' '.join(data.split())}"


def plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).replace("**", "").split())


def html_of(report: RoiReport) -> dict[tuple[str, ...], str]:
    parser = Rows()
    parser.feed(rendered(report, "html").decode())
    return {key: plain(text) for key, text in parser.texts.items()}


def markdown_of(report: RoiReport) -> str:
    return plain(re.sub(r"\\(.)", r"\1", rendered(report, "md").decode()))


def pdf_of(report: RoiReport) -> str:
    pages = pypdf.PdfReader(io.BytesIO(rendered(report, "pdf"))).pages
    return plain(" ".join(page.extract_text() for page in pages))


def figures(report: RoiReport, layout: RoiLayout) -> Iterator[tuple[tuple[str, str, str], tuple[str, str, str, str]]]:
    for tier in report.tiers:
        for each in tier.distributions:
            for f in each.figures:
                key = (f.metric, f.statistic, f.tier)
                yield key, (f.baseline_text, f.value_text, f.change_text, layout.bounds(f))
    for f in report.risks:
        yield (f.metric, f.statistic, f.tier), (f.baseline_text, f.value_text, f.change_text, layout.bounds(f))


def test_there_are_five_forms() -> None:
    assert form_names(RoiReport) == ["csv", "html", "json", "md", "pdf"]


def test_every_figure_is_the_same_in_every_form(report: RoiReport) -> None:
    layout = roi_layout(report)
    html, markdown, pdf = html_of(report), markdown_of(report), pdf_of(report)
    told = json.loads(rendered(report, "json"))
    listed = [f for tier in told["tiers"] for each in tier["distributions"] for f in each["figures"]] + told["risks"]
    rows = list(csv.DictReader(io.StringIO(rendered(report, "csv").decode())))
    count = 0
    for key, (before, now, change, bounds) in figures(report, layout):
        count += 1
        assert all(plain(text) in html[key] for text in (before, now, change, bounds))
        assert plain(f"{before} → {now} ({change}; {bounds})") in markdown
        assert plain(f"{before} → {now}") in pdf
        assert plain(bounds) in pdf
        [found] = [f for f in listed if (f["metric"], f["statistic"], f["tier"]) == key]
        [row] = [r for r in rows if (r["section"], r["id"], r["statistic"], r["tier"]) == ("figure", *key)]
        assert float(row["value"]) == found["value"]
        assert float(row["baseline_value"]) == found["baseline_value"]
    assert count == 3


def test_the_ledger_is_the_same_in_every_form(report: RoiReport) -> None:
    layout = roi_layout(report)
    html, markdown, pdf = html_of(report), markdown_of(report), pdf_of(report)
    told = {line["id"]: line for line in json.loads(rendered(report, "json"))["value"]["lines"]}
    rows = list(csv.DictReader(io.StringIO(rendered(report, "csv").decode())))
    shown: tuple[Callable[[ValueLine], str], ...] = (
        layout.measured,
        layout.price,
        lambda line: layout.span(line.counted),
    )
    for line in report.value.lines:
        texts = [plain(text(line)) for text in shown]
        assert all(text in html["line", line.id] for text in texts)
        assert f"{layout.whose(line)} | {line.name} | {' | '.join(texts)}" in markdown
        assert plain(f"{layout.whose(line)} {line.name} {' '.join(texts)}") in pdf
        assert line.counted is not None
        assert told[line.id]["counted"]["low"] == line.counted.low
        [row] = [r for r in rows if (r["section"], r["id"], r["tier"]) == ("line", line.kind, line.tier)]
        assert (float(row["counted"]), float(row["counted_low"])) == (line.counted.estimate, line.counted.low)


def test_sums_levers_assumptions_and_claims_are_the_same_in_every_form(report: RoiReport) -> None:
    layout = roi_layout(report)
    html, markdown, pdf = html_of(report), markdown_of(report), pdf_of(report)
    value = report.value
    assert value.total is not None
    for text in (layout.likely(value.total), layout.span(value.total)):
        assert plain(text) in html["sum", "total"]
        assert plain(text) in markdown
        assert plain(text) in pdf
    for lever in value.levers:
        words = [lever.name, f"{lever.low_text} to {lever.high_text}", layout.ends(lever)]
        assert all(plain(text) in html["lever", lever.id] for text in words)
        assert plain(" | ".join(words)) in markdown
        assert plain(" ".join(words)) in pdf
    for each in value.assumptions:
        assert plain(layout.assumed(each)) in html["assumption", each.id]
        assert plain(f"{each.name} | {layout.assumed(each)}") in markdown
        assert plain(f"{each.name} {layout.assumed(each)}") in pdf
    for tier in report.tiers:
        said = html["claim-tier", tier.tier]
        for text in (tier.claim_text, tier.claim_sentence):
            assert plain(text) in said
            assert plain(text) in pdf
        assert f"| {tier.tier} | {tier.claim_text} |" in markdown


def test_distributions_are_the_same_in_every_form(report: RoiReport) -> None:
    layout = roi_layout(report)
    html, markdown, pdf = html_of(report), markdown_of(report), pdf_of(report)
    assert [(curve.metric, curve.tier) for curve in report.curves][:2] == [("lead_time", "4"), ("lead_time", "3")]
    four, three = report.curves[:2]
    assert four.baseline == pytest.approx((0.1, 0.3, 0.7, 1.0))
    assert three.window == pytest.approx((30 / 90, 70 / 90, 1.0))
    assert layout.shares(four) == ("10 % → 30 %", "70 % → 90 %")
    assert layout.shares(three) == ("14 % → 33 %", "100 % → 100 %")
    for curve in report.curves:
        shares = [plain(text) for text in layout.shares(curve)]
        assert plain(" ".join(shares)) in html["curve", f"{curve.metric}.{curve.tier}"]
        assert f"{layout.curve_name(curve)} | {' | '.join(shares)}" in markdown
        assert plain(f"{layout.curve_name(curve)} {' '.join(shares)}") in pdf
    rows = list(csv.DictReader(io.StringIO(rendered(report, "csv").decode())))
    found = [row for row in rows if (row["section"], row["id"], row["tier"]) == ("curve", "lead_time", "4")]
    assert [float(row["value"]) for row in found] == pytest.approx(list(four.window))
    assert "<polyline" in rendered(report, "html").decode()


def test_peoples_words_are_never_markup(report: RoiReport) -> None:
    bad = 'x <script>alert(1)</script> | [a](http://b) #raw("c") *d* \\ $e$'
    assumption = replace(report.value.assumptions[0], name=bad, source=bad)
    value = replace(report.value, assumptions=(assumption,), self_reported=bad)
    made = replace(report, title=bad, value=value)
    html = rendered(made, "html").decode()
    assert "<script>" not in html
    assert html.count("&lt;script&gt;") >= 3
    assert "\\[a\\](http" in rendered(made, "md").decode()
    assert '\\"c\\"' in source(made)
    assert 'raw("c")' in pdf_of(made)


def test_a_revision_is_shown_in_every_form(report: RoiReport) -> None:
    from metrics.briefs.document import Revision

    made = replace(report, revision=Revision(2, "It replaces edition 1.", ("Tier 3, claim: claimable before.",)))
    for said in (html_text(made), markdown_of(made), pdf_of(made)):
        assert "2" in said
        assert "It replaces edition 1." in said
        assert "Tier 3, claim: claimable before." in said
    assert json.loads(rendered(made, "json"))["revision"]["number"] == 2


def html_text(report: RoiReport) -> str:
    return plain(re.sub(r"<[^>]+>", " ", rendered(report, "html").decode()))

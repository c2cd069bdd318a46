"""A version stands for its results: neither its definition nor the code that it runs through may change them."""

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from metrics.definitions import all_metrics
from metrics.model import Count, Metric, Revision
from metrics.stats.distribution import Ordered
from tests.golden.results import ORGANISATION, VALUES, Record, _sums, changed, differences, extended, recorded, results

THROUGHPUT = all_metrics()["throughput"]
CYCLE_TIME = all_metrics()["pr_cycle_time"]


def test_every_version_in_force_gives_what_it_gave() -> None:
    metrics, record = all_metrics(), recorded()
    missing = [metric.id for metric in metrics.values() if metric.version not in record.get(metric.id, {})]
    assert not missing, "run `make fingerprints`"
    assert changed(metrics.values(), record) == []


@pytest.mark.parametrize("metric", all_metrics())
def test_every_metric_has_results_to_be_held_to(metric: str) -> None:
    sums = recorded()[metric][all_metrics()[metric].version]
    assert any(columns["value"][0] > 0 for columns in sums.values())


def test_other_code_under_the_same_version_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    linear = Ordered.quantile
    monkeypatch.setattr(Ordered, "quantile", lambda self, p: linear(self, np.minimum(p + 0.001, 1.0)))
    (told,) = changed([CYCLE_TIME], recorded())
    assert told.startswith(f"pr_cycle_time {CYCLE_TIME.version} gives other results than before: ")
    assert "p50: value differs (by " in told
    assert "and " in told, "what is left out is counted"


def test_another_filter_is_refused_until_a_version_says_why() -> None:
    record: Record = {"throughput": {THROUGHPUT.version: recorded()["throughput"][THROUGHPUT.version]}}
    count = THROUGHPUT.estimators[0]
    assert isinstance(count, Count)
    other = replace(THROUGHPUT, estimators=(replace(count, where=f"({count.where}) and tier > 1"),))
    with pytest.raises(
        ValueError, match=r"throughput .* other results .*\n.* a new version \(a Revision that says why"
    ):
        extended([other], record)
    why = Revision(version="9.0.0", effective_at=date(2027, 1, 1), change="Tier 1 is left out.")
    renewed: Metric = replace(other, revisions=(*other.revisions, why))
    complete = extended([renewed], record)
    assert complete["throughput"] == {**record["throughput"], "9.0.0": results(renewed)}
    assert extended([THROUGHPUT], record) == record


def test_platforms_may_differ_by_a_hair_and_no_two_rows_may_change_places() -> None:
    frame = pl.DataFrame({"statistic": ["p50"] * 3, "tier": ["1", "2", "3"], "value": [1.0, 2.0, 3.0]})
    was, hair = sums(frame), sums(frame.with_columns(pl.col("value") * (1 + 1e-12)))
    swapped = sums(frame.with_columns(value=pl.Series([2.0, 1.0, 3.0])))
    unknown = sums(frame.with_columns(value=pl.Series([1.0, None, 3.0])))
    assert list(differences(was, hair)) == []
    assert [told.split(" (")[0] for told in differences(was, swapped)] == ["p50: value differs"]
    assert list(differences(was, unknown)) == ["p50: 2 rows with value instead of 3"]
    assert list(differences(was, {})) == ["p50 is gone"]
    assert list(differences({}, was)) == [], "a statistic may be added"


def sums(frame: pl.DataFrame) -> dict[str, dict[str, list[float]]]:
    return dict(_sums(frame, ["tier"], ("value",)))


def test_the_organisation_bears_out_every_column() -> None:
    seen = {
        name
        for versions in recorded().values()
        for sums in versions.values()
        for each in sums.values()
        for name in each
    }
    assert set(VALUES) <= seen
    assert (ORGANISATION / "changes.parquet").exists()

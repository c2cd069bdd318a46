"""Tampering with deployments and with what watches them."""

from datetime import timedelta

import polars as pl

from tests.gaming.tables import SINCE, Tables, appended

EMPTY_PER_DEPLOYMENT = 2
SOON = timedelta(minutes=10)


def deploy_nothing(tables: Tables) -> Tables:
    """Each successful production release is followed by two that succeed and carry nothing."""
    releases = tables["deployments"].filter(
        (pl.col("finished_at") >= SINCE)
        & (pl.col("environment") != "staging")
        & (pl.col("status") == "success")
        & (pl.col("kind") == "release")
    )
    empty = [
        releases.with_columns(
            pl.format("{}-empty-{}", "deployment_id", pl.lit(number)).alias("deployment_id"),
            pl.lit(None, dtype=pl.String).alias("sha"),
            pl.col("started_at") + number * SOON,
            pl.col("finished_at") + number * SOON,
        )
        for number in range(1, EMPTY_PER_DEPLOYMENT + 1)
    ]
    return tables | {"deployments": appended(tables["deployments"], pl.concat(empty))}


def deploy_the_same_again(tables: Tables) -> Tables:
    """Each successful production release is followed by two of the same commit."""
    tampered = deploy_nothing(tables)["deployments"]
    whole = pl.col("deployment_id").str.replace("-empty-.*", "")
    commits = tables["deployments"].select("deployment_id", same_sha="sha")
    again = tampered.with_columns(whole=whole).join(commits, left_on="whole", right_on="deployment_id", how="left")
    return tables | {"deployments": again.with_columns(sha="same_sha").select(tampered.columns)}


def stop_watching(kind: str) -> "StopWatching":
    """The manipulation that takes a kind of outcome out of the register and reports it no more."""
    return StopWatching(kind)


class StopWatching:
    """A kind of outcome is reported no more after the baseline, and its rows in the register are struck out."""

    def __init__(self, kind: str) -> None:
        """Args: kind: a kind of the register `coverage` that is a table too."""
        self.kind = kind
        self.__name__ = f"stop_watching_{kind}"
        self.__doc__ = f"{kind.capitalize()} are reported no more, and their rows in the register coverage struck out."

    def __call__(self, tables: Tables) -> Tables:
        """Tampers with the tables."""
        instant = {"rollbacks": "occurred_at"}.get(self.kind, "opened_at")
        return tables | {
            self.kind: tables[self.kind].filter(pl.col(instant) < SINCE),
            "coverage": tables["coverage"].filter(pl.col("kind") != self.kind),
        }


def drop_the_register(tables: Tables) -> Tables:
    """The register coverage is emptied; everything is still reported."""
    return tables | {"coverage": tables["coverage"].clear()}


def stop_reporting(tables: Tables) -> Tables:
    """Rollbacks are recorded no more, while the register still says that they are watched."""
    deployments = tables["deployments"].filter(~((pl.col("kind") == "rollback") & (pl.col("started_at") >= SINCE)))
    return tables | {
        "rollbacks": tables["rollbacks"].filter(pl.col("occurred_at") < SINCE),
        "deployments": deployments,
    }

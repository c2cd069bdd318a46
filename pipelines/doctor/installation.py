"""The installation: versions, what the parts can do on this machine, and room on the disk."""

import shutil
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from pipelines.doctor.model import Check
from schemas.workspace import Workspace

AREA = "Installation"
SHOWN = ("duckdb", "polars", "dagster", "streamlit")
SCARCE = 2 * 1024**3
"""Bytes below which free room is noted; below a tenth of it is a problem."""


def installation() -> Iterator[Check]:
    """Versions and abilities; needs no workspace."""
    yield _python()
    yield from _packages()
    yield _database()
    yield _typesetting()


def _python() -> Check:
    found = ".".join(str(part) for part in sys.version_info[:3])
    what = f"Plumbline {metadata.version('plumbline')} on Python {found}"
    wanted = str(metadata.metadata("plumbline")["Requires-Python"])
    is_right = Requirement(f"python{wanted}").specifier.contains(found)
    return Check(AREA, "ok" if is_right else "problem", what, "" if is_right else f"use a Python {wanted}")


def _packages() -> Iterator[Check]:
    """Every dependency in a version that this one was made for."""
    versions = []
    for text in metadata.requires("plumbline") or ():
        requirement = Requirement(text)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            yield Check(AREA, "problem", f"{requirement.name} is not installed", "run `make setup` again")
            continue
        if not requirement.specifier.contains(version, prereleases=True):
            what = f"{requirement.name} {version} is installed, made for {requirement.specifier}"
            yield Check(AREA, "problem", what, "run `make setup` again")
        elif requirement.name in SHOWN:
            versions.append(f"{requirement.name} {version}")
    yield Check(AREA, "ok", ", ".join(versions))


def _database() -> Check:
    """Whether DuckDB has what is asked of it without a network: Parquet, JSON, time zones."""
    import duckdb

    wanted = {
        "Parquet": "FROM parquet_schema('/')",
        "JSON": "SELECT to_json([1])",
        "time zones": "SELECT now() AT TIME ZONE 'Asia/Tokyo'",
    }
    missing = []
    with duckdb.connect() as connection:
        connection.execute("SET autoinstall_known_extensions = false")
        for name, query in wanted.items():
            try:
                connection.execute(query)
            except duckdb.IOException:
                continue  # there is no such file: the function is there
            except duckdb.Error:
                missing.append(name)
    if missing:
        return Check(AREA, "problem", f"DuckDB lacks {', '.join(missing)}", "install the duckdb wheel of PyPI")
    return Check(AREA, "ok", f"DuckDB reads {', '.join(wanted)} without a network")


def _typesetting() -> Check:
    """Whether briefs become PDF here: Typst with its own fonts."""
    from pipelines.exports.typesetting import FONT, compiled

    try:
        size = len(compiled(f'#set text(font: "{FONT}")\nPlumbline'))
    except Exception as error:  # noqa: BLE001 - whatever a native library raises is the finding
        return Check(AREA, "problem", f"PDF cannot be set: {error}", "run `make setup` again")
    return Check(AREA, "ok" if size else "problem", f"PDF is set in {FONT}, which comes along")


def disk(workspace: Workspace) -> Iterator[Check]:
    """Room where the workspace lies, and whether it can be written."""
    folder = workspace.state if workspace.state.exists() else workspace.root
    free = shutil.disk_usage(folder).free
    used = _size(workspace.warehouse_path) + sum(_size(path) for path in workspace.parts.glob("*.parquet"))
    what = f"{_size_in_words(free)} free at {folder}; warehouse and snapshots hold {_size_in_words(used)}"
    if free < SCARCE / 10:
        yield Check(AREA, "problem", what, "make room: a full disk ends every load and build")
    elif free < max(SCARCE, used):
        yield Check(AREA, "note", what, "a build may need as much again as there is")
    else:
        yield Check(AREA, "ok", what)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _size_in_words(count: int) -> str:
    return f"{count / 1024**3:,.1f} GiB" if count >= 1024**3 else f"{count / 1024**2:,.0f} MiB"
